"""Runs the command ``ring3`` as a user does: a process of its own, whose streams may be anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
HELLO = str(ROOT / "examples" / "hello" / "hello")
COMMAND = [sys.executable, "-m", "ring3"]

Stream = int | IO[bytes]


def ring3(
    *words: str, stdout: Stream = subprocess.PIPE, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """What ``ring3 WORD...`` did; standard error is always a pipe."""
    return subprocess.run(
        [*COMMAND, *words],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        check=False,
    )


def is_one_line(text: str) -> bool:
    """Whether a complaint is what a user should see: one line, and no traceback."""
    return text.endswith("\n") and text.count("\n") == 1 and text.startswith("ring3")
