"""A call that has to wait: the process sleeps until the host has something, and then finishes its call as ever."""

from __future__ import annotations

import os

import pytest

from ring3.fs.host import HostFile
from tests.support import guest, solaris
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain


@pytest.mark.parametrize("path", ["short", "full"])
def test_read_from_a_pipe_waits(
    toolchain: Toolchain, path: PathThrough, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whenever nothing can run, somebody writes a word into the pipe, and at last closes it."""
    reading, writing = os.pipe()
    words = [b"one", b"two"]
    with guest.boot_solaris(path) as machine:
        host = machine.kernel.host
        task = machine.load(str(solaris.program(toolchain, "echo.c")))
        task.files.close(0)
        task.files.install(HostFile(reading, host), 0)
        sleep = host.sleep

        def write_and_sleep(seconds: float | None) -> bool:
            if words:
                os.write(writing, words.pop(0))
            else:
                os.close(writing)
            return sleep(seconds)

        vars(host)["sleep"] = write_and_sleep
        assert machine.run(task) == 2
    os.close(reading)
    assert not words
    assert capfd.readouterr().out == "[one] rdx kept, carry 0\n[two] rdx kept, carry 0\n"
