"""What Solaris's source makes of the rows."""

from __future__ import annotations

import pytest

from ring3.abi.solaris import sysent, sysnum
from ring3.abi.solaris.headers import macro, syscall_h, sysent_c

ILLUMOS = sysent.load("illumos")


def test_numbers_for_programs() -> None:
    lines = syscall_h(ILLUMOS, sysnum.load("illumos")).splitlines()
    assert {"#define\tSYS_exit\t1", "#define\tSYS_modctl\t152", "#define\tSYS_lwp_private\t166"} <= set(lines)
    assert "#define\tSYS_openat64\t69" in lines  # a call of 32-bit programs: only name_to_sysnum has it
    assert not any("loadable" in line or "nosys" in line or "rexit" in line for line in lines)
    numbers = [int(line.rsplit("\t", 1)[1]) for line in lines]
    assert numbers == sorted(set(numbers))


def test_rows_of_the_table_are_as_the_seed_shows_them() -> None:
    lines = sysent_c(ILLUMOS).splitlines()
    assert len(lines) == 256
    assert lines[1] == '/*   1 */ SYSENT_CI("exit", rexit, 1),'
    assert lines[152] == '/* 152 */ SYSENT_CI("modctl", modctl, 6),'
    assert lines[255] == '/* 255 */ SYSENT_CI("umount2", umount2, 2),'


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "SYSENT_NOSYS()"),
        (8, "SYSENT_LOADABLE()"),
        (4, 'SYSENT_CL("write", write, 3)'),
        (20, 'SYSENT_2CI("getpid", getpid, 0)'),
        (21, 'SYSENT_AP("mount", mount, 8)'),
    ],
)
def test_macros(number: int, text: str) -> None:
    assert macro(ILLUMOS[number]) == text
