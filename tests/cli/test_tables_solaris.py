"""``ring3 tables --os solaris``."""

from __future__ import annotations

import json

from tests.cli.command import is_one_line, ring3


def test_rows() -> None:
    listing = json.loads(ring3("tables", "--os", "solaris", "--json").stdout)
    assert listing["table"] == {"symbol": "sysent", "address": "0xfffffffffc242180"}
    rows = listing["rows"]
    assert [row["number"] for row in rows] == list(range(256))
    assert rows[152] == {
        "number": 152,
        "name": "modctl",
        "entry_point": "genunix`modctl",
        "address": "0xfffffffffbcad4e0",
        "support": "partial",
        "note": 'SYSENT_CI("modctl", modctl, 6); MODINFO; every other command is EINVAL',
    }
    assert (rows[55]["entry_point"], rows[55]["support"]) == ("genunix`uadmin", "none")


def test_flavours_differ() -> None:
    lines = {
        flavour: ring3("tables", "--os", "solaris", "--abi", flavour).stdout.splitlines()
        for flavour in ("illumos", "solaris11")
    }
    assert lines["illumos"][2 + 5].split()[:3] == ["5", "open", "genunix`open"]
    assert lines["solaris11"][2 + 5].split()[:3] == ["5", "s10_open", "genunix`s10_open"]


def test_headers() -> None:
    assert "#define\tSYS_modctl\t152\n" in ring3("tables", "--os", "solaris", "--header", "unistd").stdout
    rows = ring3("tables", "--os", "solaris", "--header", "syscalls").stdout
    assert '/* 152 */ SYSENT_CI("modctl", modctl, 6),\n' in rows


def test_abi_of_the_other_system() -> None:
    finished = ring3("tables", "--os", "solaris", "--abi", "i386")
    assert is_one_line(finished.stderr)
    assert finished.returncode == 2
