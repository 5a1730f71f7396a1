"""Runs a guest program on the host's own kernel and processor, for tests that compare Ring3 with the real thing.

Where the host cannot (another system or machine, no 32-bit programs, no dynamic loader of that width) the test is
skipped with the reason.
"""

from __future__ import annotations

import contextlib
import platform
import resource
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pytest

AGAIN: Final = 5
"""How often the host may try again where its load decides."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program printed, and its status as a shell gives it: 128 + the signal's number if one ended it."""

    stdout: bytes
    stderr: bytes
    status: int


def repeated(wanted: Finished, native: Callable[[], Finished]) -> Finished:
    """What a program does natively whose outcome depends on the host's load: run again while it is not as wanted."""
    found = native()
    for _ in range(AGAIN):
        if found != wanted:
            found = native()
    return found


class Run(Protocol):
    """The type of ``run``, which the fixture ``native`` gives."""

    def __call__(
        self,
        program: Path,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 60,
    ) -> Finished:
        """Returns what the program did when the host ran it."""
        ...


def run(
    program: Path,
    arguments: Sequence[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    directory: Path | None = None,
    timeout: float = 60,
) -> Finished:
    """Returns what the program did when the host ran it.

    Args:
        program: An executable; its path is also ``argv[0]``.
        arguments: The rest of ``argv``.
        environment: The whole environment; empty unless given, so that the host's does not leak into comparisons.
        stdin: All that it can read from descriptor 0, a pipe. Descriptors 1 and 2 are pipes too.
        directory: The working directory; the test's own unless given.
        timeout: Seconds until the program is killed and ``subprocess.TimeoutExpired`` raised.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        pytest.skip(f"the host is {platform.system()} {platform.machine()}, not Linux x86_64")
    try:
        finished = subprocess.run(
            [str(program), *arguments],
            env=dict(environment or {}),
            input=stdin,
            cwd=directory,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        if not program.exists():
            raise
        pytest.skip(f"the host has not the dynamic loader of {program.name}")
    except OSError as error:
        pytest.skip(f"the host cannot run {program.name}: {error.strerror}")
    status = finished.returncode if finished.returncode >= 0 else 128 - finished.returncode
    return Finished(finished.stdout, finished.stderr, status)


@contextlib.contextmanager
def without_core_files() -> Iterator[None]:
    """Keeps the programs this process starts from leaving core files when a signal ends them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
