"""struct modinfo and the module list against the third seed."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ring3.abi.solaris import modules
from ring3.abi.solaris.layout import offset_of
from ring3.abi.solaris.modctl import (
    MODINFO_LAYOUT,
    MODINFO_SIZE,
    MODMAXLINK,
    MODSPECIFIC_INFO_LAYOUT,
    MODSPECIFIC_INFO_SIZE,
    UNPRIVILEGED,
    ModctlCmd,
    ModInfoFlag,
    ModState,
)
from ring3.abi.solaris.modules import ModuleRow

HEADER = "id\tbase\tsize\trev\tname\tlinkinfo\tp0\tloadcnt\n"


def test_modinfo_is_0x1b0_bytes() -> None:
    assert MODINFO_LAYOUT[-1].end == MODINFO_SIZE == 0x1B0
    assert sum(field.size for field in MODINFO_LAYOUT) == MODINFO_SIZE, "no padding"
    assert MODSPECIFIC_INFO_LAYOUT[-1].end == MODSPECIFIC_INFO_SIZE
    assert MODINFO_LAYOUT[-1].size == MODMAXLINK * MODSPECIFIC_INFO_SIZE


def test_modinfo_offsets() -> None:
    names = ("mi_id", "mi_base", "mi_rev", "mi_name", "mi_msinfo")
    assert [offset_of(MODINFO_LAYOUT, name) for name in names] == [8, 0x10, 0x20, 0x28, 0x48]


def test_the_seeds_flags() -> None:
    assert ModInfoFlag(5) == ModInfoFlag.MI_INFO_ONE | ModInfoFlag.MI_INFO_CNT
    assert ModState(3) == ModState.MI_LOADED | ModState.MI_INSTALLED


def test_commands() -> None:
    assert ModctlCmd(2) is ModctlCmd.MODINFO
    assert set(range(46)) - set(ModctlCmd) == {25, 30}
    assert ModctlCmd.MODINFO in UNPRIVILEGED
    assert not UNPRIVILEGED & {ModctlCmd.MODLOAD, ModctlCmd.MODUNLOAD, ModctlCmd.MODSETDEVPOLICY}


def test_pcie_is_the_seeds() -> None:
    (pcie,) = (row for row in modules.load() if row.id == 16)
    text = "PCI Express Framework Module"
    assert pcie == ModuleRow(16, 0xFFFFFFFFFBDBC2D8, 0x5D198, 1, "pcie", text, -1, 1)


def test_addresses_of_the_seed_lie_in_their_modules() -> None:
    rows = {row.name: row for row in modules.load()}
    for name, address in (("unix", 0xFFFFFFFFFB8014BB), ("genunix", 0xFFFFFFFFFBCAD4E0)):
        assert rows[name].base <= address < rows[name].base + rows[name].size


def test_modules_do_not_overlap() -> None:
    rows = sorted(modules.load(), key=lambda row: row.base)
    for low, high in pairwise(rows):
        assert low.base + low.size <= high.base, (low.name, high.name)


def test_primary_modules_have_no_linkage() -> None:
    for row in modules.load():
        assert (row.rev, row.linkinfo == "") == ((0, True) if row.id < 2 else (1, False))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tbase\n", "m:1: expected the columns id base size"),
        (HEADER + "1\tff\t1\t1\tx\t\t-1\n", "m:2: expected 8 columns, found 7"),
        (HEADER + "1\tzz\t1\t1\tx\t\t-1\t1\n", "m:2: invalid literal for int"),
        (HEADER + "# c\n1\tff\t1\t1\t" + "x" * 32 + "\t\t-1\t1\n", "m:3: name 'xxx"),
        (HEADER + "1\tff\t1\t1\tx\t" + "y" * 32 + "\t-1\t1\n", "m:2: linkinfo 'yyy"),
        (HEADER + "1\tff\t1\t1\tx\t\t-1\t1\n1\tff\t1\t1\ty\t\t-1\t1\n", "m:3: id 1 repeats"),
    ],
)
def test_damaged_module_list(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        modules.parse(text, "m")
