"""Programs that mean harm: they get what Linux gives them, and the computer goes on as if they had never run."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.elf_file import program, put
from tests.support.guest import PathThrough
from tests.support.host_cpu import only_emulated
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
AS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0, reason="the programs become users that nobody else is, for which they must be root"
)
BOMBS = [
    "processes", "threads", "generations", "privileged", "signals", "handlers", "descriptors", "pipes", "many_pipes",
    "arguments", "timers",
]  # fmt: skip
SMALL_RAM = 16 << 20
ROUNDS = 12
HOST_MEMORY = 256 << 10
"""Kilobytes by which this process may grow while a bomb goes off in a machine of `SMALL_RAM`."""


def still_works(linux: Linux, toolchain: Toolchain) -> bool:
    return guest.run(linux, toolchain.program("basic/hello.c")).stdout == b"Hello, world\n"


@AS_ROOT
@BITS
@pytest.mark.parametrize("kind", BOMBS)
def test_limits_hold_as_natively(
    linux: Linux, toolchain: Toolchain, native: Run, kind: str, bits: Bits
) -> None:
    if kind == "timers":
        only_emulated("there this machine's time passes by stops, and signals come faster than handlers end")
    bombs = toolchain.program("hostile/bombs.c", bits=bits)
    before = guest.census(linux)
    assert guest.run(linux, bombs, [kind]).finished == native(bombs, [kind])
    assert still_works(linux, toolchain)
    assert guest.census(linux) == before


@pytest.mark.parametrize(("path", "bits"), [("short", 64), ("short", 32), ("full", 64)])
def test_the_kernel_has_limits_of_its_own(toolchain: Toolchain, path: PathThrough, bits: Bits) -> None:
    bombs = toolchain.program("hostile/bombs.c", bits=bits)
    with guest.boot(path, ram_bytes=SMALL_RAM) as linux:
        before, peak = guest.census(linux), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        memory = guest.run(linux, bombs, ["memory"])
        assert memory.stdout.decode().splitlines() == [
            "mappings: killed by 9",
            "heap: killed by 9",
            "shared: killed by 9",
            "file: exited 8",
            "locked: killed by 9",
            "some are killed: 1, not all: 1",
            "copies: exited 1",
        ]
        processes = guest.run(linux, bombs, ["unlimited"])
        assert processes.stdout == b"fork: 11 after some: 1\nleft: 0\n"
        assert still_works(linux, toolchain)
        assert guest.census(linux) == before
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < HOST_MEMORY


@BITS
@pytest.mark.parametrize("kind", ["calls", "bytes", "frames", "pokes", "segments"])
def test_attacks_by_chance_harm_nobody_else(
    linux: Linux, toolchain: Toolchain, kind: str, bits: Bits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls by chance may also kill the program that counts the rounds, or write over its output."""
    monkeypatch.chdir(tmp_path)
    outcome = guest.run(linux, toolchain.program("hostile/attack.c", bits=bits), [kind, "7", str(ROUNDS)])
    if kind != "calls":
        assert outcome.stdout == b"alive\n"
    assert still_works(linux, toolchain)


IRET_TO_VM86 = bytes.fromhex("6a00 6a00 6a00 6a00 6a00 6800100000 6802020200 6800c10000 6a08 cf")
"""Pushes GS, FS, DS, ES, SS, ESP, EFLAGS with VM, CS and EIP of virtual-8086 mode; iret."""


def test_iret_does_not_lead_to_virtual_8086_mode(linux: Linux, tmp_path: Path) -> None:
    """Only ring 0 can set VM (SDM 2A, IRET): the selector 0xc100 is then beyond the table, #GP."""
    assert guest.run(linux, put(tmp_path / "program", program(IRET_TO_VM86, 32))).status == 139
