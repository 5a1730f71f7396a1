"""How the tests of Go's packages are counted, and what is said of those that are left out."""

from __future__ import annotations

from tests.solaris import with_go_packages as packages


def test_what_is_printed_is_counted() -> None:
    text = (
        "=== RUN   TestA\n--- PASS: TestA (0.00s)\n    --- FAIL: TestA/part\n"
        "--- SKIP: TestB (0.1s)\n--- FAIL: TestC (0s)\n"
    )
    assert packages.counts(text) == (1, 1, ["TestC"])


def test_only_tests_of_packages_that_run_are_left_out() -> None:
    assert {name for reason in packages.LEFT_OUT.values() for name in reason} <= set(packages.PACKAGES)
    assert packages.left_out("os") == {"TestErrProcessDone", "TestExecutableDeleted"}
    assert packages.left_out("fmt") == frozenset()
