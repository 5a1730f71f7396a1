"""Programs about sockets do what they do natively, for both widths and on both paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

PROGRAMS = [
    "diag", "files", "filters", "groups", "icmp", "interfaces", "names", "numbers", "packets", "pairs", "rights", "tcp",
    "together", "udp",
]  # fmt: skip


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("name", PROGRAMS)
def test_does_what_it_does_natively(
    linux: Linux,
    toolchain: Toolchain,
    native: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    bits: Bits,
) -> None:
    program = toolchain.program(f"sockets/{name}.c", bits=bits)
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    expected = native(program, directory=tmp_path / "theirs")
    monkeypatch.chdir(tmp_path / "ours")
    outcome = guest.run(linux, program)
    assert outcome.stdout.splitlines() == expected.stdout.splitlines()
    assert outcome.finished == expected
    assert os.listdir() == []


def test_proc_tells_of_sockets(linux: Linux, toolchain: Toolchain) -> None:
    """What `ss` reads: a program that has a listening socket of each family sees them."""
    outcome = guest.run(linux, toolchain.program("sockets/listed.c"))
    assert outcome.stdout.decode().splitlines() == [
        "tcp: 0100007F:1F90 00000000:0000 0A",
        "tcp6: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A",
        "udp: 0100007F:1F90 00000000:0000 07",
        "unix: 00010000 0001 01 @listed",
        "unix: 00000000 0002 01",
        "link: 1",
    ]


def test_a_peer_is_a_descriptor(linux: Linux, toolchain: Toolchain) -> None:
    """What Linux 6.12 says; older ones do not know the option, and newer ones what has become of the waited for."""
    outcome = guest.run(linux, toolchain.program("sockets/peer_process.c"))
    assert outcome.stdout.decode().splitlines() == [
        "pair: 0 errno 0 descriptor 1 size 4 ended 0",
        "internet: -1 errno 61 descriptor 0 size 4",
        "alone: -1 errno 61 descriptor 0 size 4",
        "listener: 0 errno 0 descriptor 1 size 4 ended 0",
        "ended: 0 errno 0 descriptor 1 size 4 ended 1",
    ]
