"""Runs the tests of one class of Python's own suites and says what comes of each (``scripts/compare-python-suites``).

    python3 python_class.py list SUITE...          the classes of suites, a line each
    python3 python_class.py run CLASS              the tests of one: a line each, when it ends

It runs by the Python whose suites they are, from a folder of its own, and imports nothing of Ring3.
"""

from __future__ import annotations

import importlib
import os
import sys
import unittest
from collections.abc import Iterator
from typing import IO

RESOURCES = ("audio", "curses", "subprocess", "cpu", "decimal", "tzdata")
"""What tests may use: no network, no files of GiBs."""


def loaded(names: list[str]) -> unittest.TestSuite:
    """The tests of modules of Python's package ``test``, by names in it."""
    return unittest.defaultTestLoader.loadTestsFromNames([f"test.{name}" for name in names])


def tests_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """The tests of a suite, those of suites in it included."""
    for found in suite:
        if isinstance(found, unittest.TestSuite):
            yield from tests_of(found)
        elif isinstance(found, unittest.TestCase):
            yield found


def class_of(test: unittest.TestCase) -> str:
    """The name of a test's class and its module, in the package ``test``."""
    return f"{type(test).__module__}.{type(test).__qualname__}".removeprefix("test.")


class Outcomes(unittest.TestResult):
    """Says of each test what came of it when it has ended.

    Attributes:
        said: Where it is said.
    """

    def __init__(self, said: IO[str]) -> None:
        super().__init__()
        self.said = said

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Its name."""
        super().startTest(test)
        self.said.write(f"{test.id().split('.')[-1]} ")
        self.said.flush()

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """What came of it; the whole story goes to standard error."""
        super().stopTest(test)
        bad = [
            text
            for of, text in (*self.failures, *self.errors)
            if of is test or getattr(of, "test_case", None) is test
        ]
        skipped = any(of is test for of, _ in self.skipped)
        if bad:
            sys.stderr.write("\n".join((test.id(), *bad, "")))
        last = bad[0].strip().splitlines()[-1] if bad else ""
        self.said.write(f"fails {last}\n" if bad else "skipped\n" if skipped else "passes\n")
        self.said.flush()


def main() -> None:
    """Lists or runs."""
    with os.fdopen(os.dup(1), "w") as said:
        os.dup2(2, 1)
        support = importlib.import_module("test.support")  # of the Python that runs this
        vars(support)["use_resources"] = dict.fromkeys(RESOURCES)
        what, *names = sys.argv[1:]
        if what == "list":
            for name in dict.fromkeys(map(class_of, tests_of(loaded(names)))):
                said.write(f"{name}\n")
        else:
            found = tests_of(loaded([names[0].rpartition(".")[0]]))
            unittest.TestSuite(test for test in found if class_of(test) == names[0]).run(Outcomes(said))


if __name__ == "__main__":
    main()
