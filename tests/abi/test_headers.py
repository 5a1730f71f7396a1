"""Generated headers against the seed document, and our constants against the compiler's own headers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from enum import IntEnum
from itertools import chain
from pathlib import Path

import pytest

from ring3.abi import signals
from ring3.abi.errno import E
from ring3.abi.headers import Form, syscalls_32, syscalls_64, unistd_32, unistd_64, unistd_x32
from ring3.abi.tbl import Abi, TblRow, load_i386, load_x86_64, parse, sys_call_table

X86_64 = "x86_64-linux-musl"
I386 = "x86-linux-musl"

SEED_64 = """\
#ifdef CONFIG_X86
__SYSCALL_64(0, __x64_sys_read, )
#else /* CONFIG_UML */
__SYSCALL_64(0, sys_read, )
#endif
#ifdef CONFIG_X86
__SYSCALL_64(1, __x64_sys_write, )
#else /* CONFIG_UML */
__SYSCALL_64(1, sys_write, )
#endif
"""

ROWS_64 = parse(
    """\
0 common read sys_read
2 64 uselib
4 x32 ioctl compat_sys_ioctl
5 x32 vm sys_vm
""",
    "rows64",
)
ROWS_32 = parse(
    """\
0 i386 exit sys_exit - noreturn
2 i386 open sys_open compat_sys_open
3 i386 ftime
""",
    "rows32",
)


def zig_cc(tmp_path: Path, target: str, source: str, *arguments: str) -> str:
    """Compiles `source` for `target`; returns what the compiler prints or fails with its complaint."""
    file = tmp_path / "probe.c"
    file.write_text(source)
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *arguments, str(file)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def macros(tmp_path: Path, target: str, header: str) -> set[str]:
    """Returns the ``__NR_`` names that `header` of the compiler defines."""
    text = zig_cc(tmp_path, target, f"#include <{header}>\n", "-E", "-dM")
    return set(re.findall(r"^#define __NR_(\w+) ", text, re.MULTILINE))


def test_syscalls_64_begins_as_in_the_seed() -> None:
    assert syscalls_64(load_x86_64()).startswith(SEED_64)


def test_syscalls_64_rows_of_every_kind() -> None:
    assert syscalls_64(ROWS_64).splitlines() == [
        "#ifdef CONFIG_X86",
        "__SYSCALL_64(0, __x64_sys_read, )",
        "#else /* CONFIG_UML */",
        "__SYSCALL_64(0, sys_read, )",
        "#endif",
        "#ifdef CONFIG_X86_X32_ABI",
        "__SYSCALL_64(4, __x64_compat_sys_ioctl, )",
        "#endif",
        "#ifdef CONFIG_X86_X32_ABI",
        "#ifdef CONFIG_X86",
        "__SYSCALL_64(5, __x64_sys_vm, )",
        "#else /* CONFIG_UML */",
        "__SYSCALL_64(5, sys_vm, )",
        "#endif",
        "#endif",
    ]


def test_syscalls_32_rows_of_every_kind() -> None:
    assert syscalls_32(ROWS_32).splitlines() == [
        "#ifdef CONFIG_X86_32",
        "__SYSCALL_I386(0, sys_exit, )",
        "#else",
        "__SYSCALL_I386(0, __ia32_sys_exit, )",
        "#endif",
        "#ifdef CONFIG_X86_32",
        "__SYSCALL_I386(2, sys_open, )",
        "#else",
        "__SYSCALL_I386(2, __ia32_compat_sys_open, )",
        "#endif",
    ]


def test_the_plain_form_fills_holes_and_marks_rows() -> None:
    assert syscalls_64(ROWS_64, Form.PLAIN).splitlines() == [
        "__SYSCALL(0, sys_read)",
        "__SYSCALL(1, sys_ni_syscall)",
        "__SYSCALL(2, sys_ni_syscall)",
    ]
    assert syscalls_32(ROWS_32, Form.PLAIN).splitlines() == [
        "__SYSCALL_NORETURN(0, sys_exit)",
        "__SYSCALL(1, sys_ni_syscall)",
        "__SYSCALL_WITH_COMPAT(2, sys_open, compat_sys_open)",
        "__SYSCALL(3, sys_ni_syscall)",
    ]


def test_a_program_header_word_for_word() -> None:
    assert unistd_x32(ROWS_64).splitlines() == [
        "#ifndef _UAPI_ASM_UNISTD_X32_H",
        "#define _UAPI_ASM_UNISTD_X32_H",
        "",
        "#define __NR_read (__X32_SYSCALL_BIT + 0)",
        "#define __NR_ioctl (__X32_SYSCALL_BIT + 4)",
        "#define __NR_vm (__X32_SYSCALL_BIT + 5)",
        "",
        "#ifdef __KERNEL__",
        "#define __NR_syscalls 6",
        "#endif",
        "",
        "#endif /* _UAPI_ASM_UNISTD_X32_H */",
    ]
    assert "#define __NR_read 0\n#define __NR_uselib 2\n" in unistd_64(ROWS_64)
    assert "#define __NR_exit 0\n#define __NR_open 2\n#define __NR_ftime 3\n" in unistd_32(ROWS_32)


@pytest.mark.parametrize(
    ("abi", "header", "options"),
    [
        (Abi.X86_64, syscalls_64(load_x86_64()), ("-DCONFIG_X86",)),
        (Abi.I386, syscalls_32(load_i386()), ()),
    ],
)
def test_the_kernels_header_makes_the_resolved_table(
    tmp_path: Path, abi: Abi, header: str, options: tuple[str, ...]
) -> None:
    source = "#define __SYSCALL_64(nr, sym, qual) nr sym\n#define __SYSCALL_I386 __SYSCALL_64\n" + header
    lines = zig_cc(tmp_path, X86_64, source, "-E", "-P", *options).split("\n")
    made = dict(line.split() for line in lines if line)
    resolved = {str(slot.number): slot.symbol for slot in sys_call_table(abi)}
    assert made.items() <= resolved.items()
    assert {resolved[number].partition("_sys_")[2] for number in resolved.keys() - made.keys()} == {
        "ni_syscall"
    }


@pytest.mark.parametrize(
    ("target", "theirs", "ours", "rows"),
    [
        (X86_64, "asm/unistd_64.h", unistd_64(load_x86_64()), load_x86_64()),
        (X86_64, "asm/unistd_x32.h", unistd_x32(load_x86_64()), load_x86_64()),
        (X86_64, "sys/syscall.h", unistd_64(load_x86_64()), load_x86_64()),
        (I386, "asm/unistd_32.h", unistd_32(load_i386()), load_i386()),
        (I386, "sys/syscall.h", unistd_32(load_i386()), load_i386()),
    ],
)
def test_numbers_are_those_of_the_compilers_headers(
    tmp_path: Path, target: str, theirs: str, ours: str, rows: tuple[TblRow, ...]
) -> None:
    known = macros(tmp_path, target, theirs)
    if theirs.startswith("asm/"):
        assert known <= {row.name for row in rows}, "Linux has calls that the tables lack"
    both = sorted(known & {row.name for row in rows})
    assert len(both) > 300
    source = [
        f"#include <{theirs}>",
        "#define __X32_SYSCALL_BIT 0x40000000",
        *(f"enum {{ theirs_{name} = __NR_{name} }};" for name in both),
        *(f"#undef __NR_{name}" for name in known),
        ours,
        *(f'_Static_assert(__NR_{name} == theirs_{name}, "{name}");' for name in both),
    ]
    zig_cc(tmp_path, target, "\n".join(source), "-c", "-o", "probe.o")


def members(*sets: type[IntEnum]) -> dict[str, int]:
    """Returns the names of enums, aliases included, with their numbers."""
    return {name: int(member) for name, member in chain(*(s.__members__.items() for s in sets))}


CODES = (
    signals.SiCode,
    signals.IllCode,
    signals.FpeCode,
    signals.SegvCode,
    signals.BusCode,
    signals.TrapCode,
    signals.CldCode,
    signals.PollCode,
    signals.SysCode,
)
SIGNALS = {name: n for name, n in members(signals.Sig).items() if not name.startswith(("SIGRT", "SIGUNUSED"))}
FLAGS = {name: int(flag) for name, flag in signals.SaFlags.__members__.items()}
CONSTANTS = {
    "linux/errno.h": {name: number for name, number in members(E).items() if number < E.ERESTARTSYS},
    "linux/signal.h": SIGNALS | FLAGS | members(signals.SigHow, *CODES) | {"SIGRTMIN": signals.Sig.SIGRTMIN},
}


@pytest.mark.parametrize("target", [X86_64, I386])
@pytest.mark.parametrize("header", CONSTANTS)
def test_constants_are_those_of_the_compilers_headers(tmp_path: Path, header: str, target: str) -> None:
    source = [f"#include <{header}>", *static_asserts(CONSTANTS[header])]
    zig_cc(tmp_path, target, "\n".join(source), "-c", "-o", "probe.o")


def static_asserts(constants: Mapping[str, int]) -> Iterable[str]:
    """Yields a C assertion for each constant; one that the header lacks does not compile either."""
    return (f'_Static_assert({name} == {value}, "{name}");' for name, value in constants.items())


def test_every_signal_has_one_default_action() -> None:
    actions = [signals.TERM, signals.CORE, signals.IGN, signals.STOP, signals.CONT]
    assert sorted(chain(*actions)) == list(range(1, signals.NSIG + 1))
    assert {signals.Sig.SIGKILL, signals.Sig.SIGPWR, signals.Sig.SIGIO, signals.Sig.SIGRTMAX} <= signals.TERM
    assert (len(signals.CORE), len(signals.STOP)) == (10, 4)
    assert sorted(signals.UNBLOCKABLE) == [9, 19]


def test_real_time_signals_are_named_by_their_distance() -> None:
    real_time = [signals.Sig(n).name for n in range(33, signals.NSIG + 1)]
    assert real_time == [f"SIGRT_{distance}" for distance in range(1, 33)]
    assert max(signals.Sig) is signals.Sig.SIGRTMAX
