"""``ring3 run`` chooses the system: by what the file says, or by ``--os``."""

from __future__ import annotations

import pytest

from tests.cli.command import is_one_line, ring3
from tests.support import solaris
from tests.support.toolchain import Toolchain

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])


@BOTH_PATHS
def test_file_that_says_so_runs_on_solaris(toolchain: Toolchain, path: str) -> None:
    finished = ring3("run", "--path", path, str(solaris.program(toolchain, "modinfo.c")), "-i", "16")
    assert finished.stdout.splitlines()[1].split()[:2] == ["16", "fffffffffbdbc2d8"]
    assert (finished.stderr, finished.returncode) == ("", 0)


@BOTH_PATHS
def test_file_that_says_nothing_needs_to_be_told(toolchain: Toolchain, path: str) -> None:
    foo = str(toolchain.program("seeds/foo.S", kind="nolibc"))
    told = ring3("run", "--os", "solaris", "--path", path, foo)
    assert (told.stdout, told.stderr, told.returncode) == ("Hello world!\n", "", 0)
    untold = ring3("run", "--path", path, foo)
    assert (untold.stdout, untold.returncode) == ("", 139)


def test_option_is_stronger_than_the_file(toolchain: Toolchain) -> None:
    foo = str(solaris.mark(toolchain.program("seeds/foo.S", kind="nolibc")))
    assert ring3("run", foo).stdout == "Hello world!\n"
    finished = ring3("run", "--os", "linux", foo)
    assert (finished.stdout, finished.returncode) == ("", 139)
    hello = str(toolchain.program("basic/hello.c"))
    finished = ring3("run", "--os", "solaris", hello)
    assert finished.stdout == ""
    assert finished.returncode in (
        139,
        140,
    )  # it takes what it finds for its auxiliary vector, and acts on that


def test_what_it_cannot_do_is_said_in_a_line(toolchain: Toolchain) -> None:
    deeds = str(solaris.program(toolchain, "deeds.c"))
    finished = ring3("run", deeds, "absent_55")
    assert finished.stderr == "ring3: uadmin is not implemented: SIGSYS (reported once)\n"
    assert finished.returncode == 140
    missing = ring3("run", "--os", "solaris", "/nonexistent")
    assert is_one_line(missing.stderr)
    assert missing.returncode == 127
    unknown = ring3("run", "--os", "beos", deeds)
    assert unknown.returncode == 2
