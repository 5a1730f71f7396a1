"""A call that has to wait: the process sleeps until the host has something, and then finishes its call as ever."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support import solaris
from tests.support.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", ["short", "full"])
def test_read_from_a_pipe_waits(toolchain: Toolchain, path: str) -> None:
    program = solaris.program(toolchain, "echo.c")
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "ring3", "run", "--path", path, str(program)]
    with subprocess.Popen(command, stdin=reading, stdout=subprocess.PIPE, cwd=ROOT) as process:
        os.close(reading)

        def feed() -> None:
            for word in (b"one", b"two"):
                time.sleep(0.15)
                os.write(writing, word)
            os.close(writing)

        feeder = threading.Thread(target=feed)
        feeder.start()
        output, _ = process.communicate(timeout=30)
        feeder.join()
    assert output == b"[one] rdx kept, carry 0\n[two] rdx kept, carry 0\n"
    assert process.returncode == 2
