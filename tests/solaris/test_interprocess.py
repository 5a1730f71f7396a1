"""What processes do with each other, on both widths and both paths: job control, descriptors that are passed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import guest, solaris_linked
from tests.support.guest import PathThrough
from tests.support.toolchain import Bits, Toolchain

FAMILIES = {
    "jobs": (
        "stopped 177f code 5\nagain 0\ncontinued ffff code 6\nended 700\nwaitid 18 5 23\nread through 0\n"
        "terminal stop 187f handler 300\nterminated 0 killed 9\norphaned 500\n"
    ),
    "messages": (
        "made 1 again -1 17 found 1 none -1 2\nkey 77 mode 100600 bytes 9 count 2 room 65536 mine 1\n"
        "lowest 5 3 three big -1 7 cut 2 fi none -1 35\nids 0 1 removed 600 gone -1 22\ntype -1 22 size -1 22\n"
    ),
    "semaphores": (
        "both -1 11 kept 1 timed -1 11\nwaits 1 value 2 child 200 undone 5 pid 1\n"
        "values 7 0 5 range -1 34 number -1 27 gone -1 22\n"
    ),
    "sharing": (
        "turns 10 left -1 11 written 16 16 free 0 child 0\nowner died 58 consistent 0 unlock 0\n"
        "size 1 mode 100640 attached 1 maker 1 last 1\nremoved 0 found -1 2 detach 0 again -1 22\n"
    ),
    "sets": (
        "bind 0 -1 other -1 22 info 0 2 i386 -1 22 online 2 last -1 1\nset 0 1 1 0 bound 0 -1 made -1\n"
        "classes 2 1 60 none -1 22 nice 3 19 19\nproject 3 task 1 own 1\nmincore 0 010 hole -1 12\n"
        "sent 0 killed 10 nobody -1 3 mine 0 type -1 22\n"
    ),
    "passing": (
        "sent 1 got 1 m size 16 flags 0: 16 ffff 1010\npassed\nrights 1 1 size 4 fd 1\n"
        "no room: size 0 flags 10\nother -1 22 closed -1 9\n"
    ),
}


@pytest.fixture(scope="module")
def programs(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[Bits, Path]:
    folder = tmp_path_factory.mktemp("interprocess")
    both: tuple[Bits, ...] = (64, 32)
    return {
        bits: solaris_linked.program(toolchain, "interprocess.c", folder / f"interprocess{bits}", bits=bits)
        for bits in both
    }


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("family", FAMILIES)
def test_family(programs: dict[Bits, Path], family: str, bits: Bits, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        machine.kernel.make_time_virtual()
        outcome = guest.run(machine, programs[bits], [family])
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (FAMILIES[family], b"", 0)
