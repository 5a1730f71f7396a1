"""Dynamic programs: the run-time linker's rules, and a deed of each family through libc."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.loader.host import make_visible
from tests.support import guest, solaris_linked
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])

VALUES = (
    0.0, -0.0, 1.0, 0.1, 2.5, 3.5, 123456789.0, 1e22, 1e100, 1.7976931348623157e308, 5e-324, 0.000099995, 999999.5
)  # fmt: skip
FORMAT = "%f|%.0f|%e|%.3E|%g|%#.4g|%G|%+012.2f|%-9.1e|%.17g\n"

FAMILIES = {
    "numbers": "".join(FORMAT % ((value,) * 10) for value in VALUES),
    "threads": "sum 800 own 7 joined 84\n",
    "signals": (
        "handler 16 code -1 on stack 1\nblocked 16099\nhandler 16 code 0 on stack 1\nsuspended -1 errno 4\n"
        "mask 1 seen 16100\n"
    ),
    "fault": "came back with 11\n",
    "processes": "from exec\n1 0\nkilled 9\nsession 300, then -1 10\n",
    "ports": (
        "associate 0\nnone 0 count 0\nlate -1 62\nget 0 events 1 source 4 fd 1 user 1\nonce -1 62\nalert 5 16\n"
    ),
    "sockets": "bind 0 listen 0 connect 0\n3 tcp\npair 0 4 unix\nrefused -1 146\n",
    "files": (
        "lseek 2 read 3 234 truncate 0 size 4 mode 100640\nagain -1 17\nlink b entries 4 full -1 93\n"
        "sendfile 3 3 123 offset 4\nrmdir 0 gone -1 2\n"
    ),
    "posix_timers": (
        "create 0 0 set 0 left 1 signal 1603 value 1\nwaited 1603 overrun 3 delete 0 gone -1 22\n"
        "port 0 source 2 user 77\nbad -1 22 -1 22\n"
    ),
    "system": (
        "statvfs 0 zfs 255 0 1 gone -1 2\npathconf 255 1024 bad -1 22 fsync 0 pipe -1 22\n"
        "zone 0 0 7 global other -1 22\n"
        "door -1 9 schedctl 4 same 1\n"
    ),
    "timer_threads": "create 0 set 0 rang 1 delete 0 again -1\n",
    "timers": "suspended -1 4 seen 14\nslept 1\npoll 0\n",
}


BITS = pytest.mark.parametrize("bits", [64, 32])


@pytest.fixture(scope="module")
def families(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("families")
    return {
        bits: solaris_linked.program(toolchain, "families.c", folder / f"families{bits}", bits=bits)
        for bits in (64, 32)
    }


@BOTH_PATHS
@BITS
@pytest.mark.parametrize("family", FAMILIES)
def test_family(families: dict[int, Path], family: str, bits: int, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        machine.kernel.make_time_virtual()
        outcome = guest.run(machine, families[bits], [family])
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (FAMILIES[family], b"", 0)


class Built:
    """A program, the object that it finds by $ORIGIN, and one to put before it."""

    def __init__(self, toolchain: Toolchain, folder: Path, bits: int) -> None:
        self.bits = bits
        self.part = solaris_linked.shared(toolchain, "part.c", folder / "part.so.1", bits=bits)
        self.preload = solaris_linked.shared(toolchain, "preload.c", folder / "preload.so.1", bits=bits)
        self.program = solaris_linked.program(
            toolchain, "linked.c", folder / "linked", self.part, options=["-rpath", "$ORIGIN"], bits=bits
        )
        self.lost = solaris_linked.program(toolchain, "linked.c", folder / "lost", self.part, bits=bits)

    def run(self, program: Path, *arguments: str, **environment: str) -> tuple[str, str, int]:
        with guest.boot_solaris() as machine:
            assert machine.kernel.cwd is not None  # the tree of files is built
            for file in (self.part, self.preload):
                make_visible(machine.kernel.vfs, str(file))
            outcome = guest.run(machine, program, list(arguments), environment=environment)
        return outcome.stdout.decode(), outcome.stderr.decode(), outcome.status


@pytest.fixture(scope="module", params=[64, 32])
def built(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Built:
    return Built(toolchain, tmp_path_factory.mktemp("linked"), request.param)


@pytest.mark.parametrize("now", ["", "1"])
def test_needed_object_is_found_by_origin(built: Built, now: str) -> None:
    shown = "part begins\nmain part\ncount 41 42\npart ends\n"
    assert built.run(built.program, LD_BIND_NOW=now) == (shown, "", 0)


def test_search_path_of_the_environment(built: Built) -> None:
    out, _, status = built.run(built.lost, LD_LIBRARY_PATH=str(built.part.parent))
    assert (out, status) == ("part begins\nmain part\ncount 41 42\npart ends\n", 0)


def test_missing_object_is_fatal(built: Built) -> None:
    out, err, status = built.run(built.lost)
    assert (out, status) == ("", 128 + 9)
    assert err == f"ld.so.1: {built.lost}: fatal: part.so.1: open failed: No such file or directory\n"


def test_preloaded_object_comes_first(built: Built) -> None:
    out, _, status = built.run(built.program, LD_PRELOAD=str(built.preload))
    assert (out.splitlines()[1], status) == ("main preloaded", 0)


def test_dlopen(built: Built) -> None:
    assert built.run(built.program, str(built.part))[0].splitlines()[2:4] == [
        "dlsym 41 42 missing 1",
        "dlclose 0",
    ]
    out, _, status = built.run(built.program, "/nothing.so")
    assert (out.splitlines()[2], status) == (
        f"ld.so.1: {built.program}: fatal: /nothing.so: open failed: No such file or directory",
        1,
    )
