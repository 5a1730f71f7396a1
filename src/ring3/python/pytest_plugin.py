"""The fixture ``ring3`` for pytest, with nothing to import: a machine for the test, whose last calls a failure shows.

``@pytest.mark.ring3(full_path=True, seed=7, ...)`` says how the machine is made; ``@pytest.mark.ring3_both_paths`` runs
the test on the short path and on the full one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ring3 import Crash, Linux, Process, Trace

_LAST = 20
_BOTH = "ring3_both_paths"


class Ring3:
    """What a test has.

    Attributes:
        machine: A machine with Linux.
        trace: Its system calls from the beginning.
    """

    def __init__(self, machine: Linux) -> None:
        self.machine = machine
        self.trace: Trace = machine.trace()

    def spawn(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Process:
        """A program, ready to run, whose output is captured; the rest as `Machine.spawn` has it."""
        from ring3 import PIPE  # noqa: PLC0415 -- for tests that ask for it

        return self.machine.spawn(argv, stdin=stdin, stdout=PIPE, stderr=PIPE, env=env, cwd=cwd)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Process:
        """Runs a program to its end: its ``status``, ``stdout``, ``stderr`` and ``crash`` are in what comes back."""
        process = self.spawn(argv, stdin=stdin, env=env, cwd=cwd)
        process.run()
        return process

    def fail(self, call: str, error: str, number: int = 1) -> None:
        """Makes a system call fail.

        Args:
            call: Its name.
            error: Which errno, such as ``ENOSPC``.
            number: Which of the calls, from 1 on.
        """
        seen = 0

        @self.machine.on_syscall(call)
        def failing(made: Any) -> None:  # noqa: ANN401 -- a SystemCall
            nonlocal seen
            seen += 1
            if seen == number:
                made.fail(error)

    @property
    def crashes(self) -> list[Crash]:
        """How signals have ended programs."""
        return [process.crash for process in self.machine.processes if process.crash is not None]


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marks."""
    config.addinivalue_line("markers", "ring3(**options): how the machine of the fixture ring3 is made")
    config.addinivalue_line("markers", f"{_BOTH}: run on the short path and on the full one")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test twice that wants both paths."""
    if "ring3_full_path" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker(_BOTH) is not None
        if both:
            metafunc.parametrize("ring3_full_path", [False, True], ids=["short", "full"])


@pytest.fixture
def ring3_full_path() -> bool:
    """Whether ring 0's code is run for every call."""
    return False


@pytest.fixture
def ring3(request: pytest.FixtureRequest, ring3_full_path: bool) -> Iterator[Ring3]:
    """A machine with Linux, and what tests do with it."""
    from ring3 import Linux  # noqa: PLC0415 -- for tests that ask for it

    mark = request.node.get_closest_marker("ring3")
    options = {"full_path": ring3_full_path} | ({} if mark is None else mark.kwargs)
    with Linux(**options) as machine:
        made = Ring3(machine)
        request.node.stash[_MADE] = made
        yield made


_MADE: pytest.StashKey[Ring3] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the last calls of a test that failed."""
    report = yield
    made = item.stash.get(_MADE, None)
    if made is not None and report.when == "call" and report.failed:
        lines = [call.text for call in made.trace.calls[-_LAST:]] + [str(crash) for crash in made.crashes]
        report.sections.append(("ring3: the last calls", "\n".join(lines)))
    return report
