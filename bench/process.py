"""One run of one command: how long it took, or why it failed."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

Clock = Literal["wall", "cpu"]

LONGEST = 300.0  # seconds; a guest that hangs must not hang the benchmark


class RunFailed(Exception):
    """The command did not do what was expected of it; the message is one line for the table."""


def seconds(command: Sequence[str], expect: bytes, clock: Clock, cwd: Path | None = None) -> float:
    """Run a command to its end and return its seconds, by the wall or as CPU time of it and its children.

    Raises:
        RunFailed: it cannot be started, ends with another status than 0, prints something other than
            ``expect``, or takes longer than LONGEST.
    """
    cpu_before = _children_cpu()
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=LONGEST,
            env=_environment(),
            cwd=cwd,
        )
    except subprocess.TimeoutExpired:
        raise RunFailed(f"still running after {LONGEST:.0f} s") from None
    except OSError as error:
        raise RunFailed(f"{command[0]}: {error.strerror}") from error
    wall = time.perf_counter() - started
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RunFailed(f"status {done.returncode}: {last or 'nothing on stderr'}")
    if done.stdout != expect:
        raise RunFailed(f"printed {done.stdout[:40]!r} instead of {expect!r}")
    return wall if clock == "wall" else _children_cpu() - cpu_before


def _children_cpu() -> float:
    """Seconds of user and system time of all children waited for so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _environment() -> dict[str, str]:
    """This process's environment, but Python may keep its compiled modules, as it does after an installation."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
