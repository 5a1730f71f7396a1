"""Errors, signals, the auxiliary vector and the other numbers: those that differ from Linux's above all."""

from __future__ import annotations

import signal
import sys

import pytest

from ring3.abi.solaris.auxv import AUXV_LAYOUT, AUXV_SIZE, DYNAMIC_ORDER, Aux
from ring3.abi.solaris.errno import UNKNOWN_ERROR, SolarisE, describe
from ring3.abi.solaris.layout import offset_of
from ring3.abi.solaris.regs import REGS_LAYOUT, REGS_SIZE
from ring3.abi.solaris.signals import CANTMASK, NSIG, SIGRTMAX, SIGRTMIN, Default, MaskHow, SolarisSig
from ring3.abi.solaris.sysconfig import MACHINE_NAMES, SysConfig
from ring3.abi.solaris.systeminfo import SET_COMMANDS, STRINGS, SysInfo
from ring3.abi.solaris.traps import FASTTABLE, FASTTRAP_ERROR, T_FASTTRAP, T_LASTFAST, FastTrap


@pytest.mark.parametrize(
    ("number", "name", "text"),
    [
        (1, "EPERM", "Not owner"),
        (11, "EAGAIN", "Resource temporarily unavailable"),
        (34, "ERANGE", "Result too large"),
        (48, "ENOTSUP", "Operation not supported"),
        (72, "ELOCKUNMAPPED", "Locked lock was unmapped "),
        (89, "ENOSYS", "Operation not applicable"),
        (122, "EOPNOTSUPP", "Operation not supported on transport endpoint"),
        (151, "ESTALE", "Stale NFS file handle"),
    ],
)
def test_errors(number: int, name: str, text: str) -> None:
    assert SolarisE(number).name == name
    assert describe(number) == text


def test_errors_are_all_there() -> None:
    gaps = {0, 75, 76, *range(100, 120), *range(135, 143)}
    assert set(range(152)) - set(SolarisE) == gaps
    assert SolarisE["EWOULDBLOCK"] is SolarisE.EAGAIN
    assert all(error.text for error in SolarisE)


@pytest.mark.parametrize("number", [-1, 0, 75, 152])
def test_unknown_error(number: int) -> None:
    assert describe(number) == UNKNOWN_ERROR


@pytest.mark.parametrize(
    ("sig", "number", "default"),
    [
        (SolarisSig.SIGBUS, 10, Default.CORE),
        (SolarisSig.SIGSEGV, 11, Default.CORE),
        (SolarisSig.SIGSYS, 12, Default.CORE),
        (SolarisSig.SIGTERM, 15, Default.TERMINATE),
        (SolarisSig.SIGCHLD, 18, Default.IGNORE),
        (SolarisSig.SIGSTOP, 23, Default.STOP),
        (SolarisSig.SIGINFO, 41, Default.IGNORE),
    ],
)
def test_signals(sig: SolarisSig, number: int, default: Default) -> None:
    assert (sig.value, sig.default) == (number, default)


def test_signals_are_all_there() -> None:
    assert [sig.value for sig in SolarisSig] == list(range(1, SIGRTMIN))
    assert SIGRTMAX + 1 == NSIG
    assert {SolarisSig(9), SolarisSig(23)} == CANTMASK
    assert MaskHow(1) is MaskHow.SIG_BLOCK


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="compares with Linux's numbers")
def test_signals_are_not_linuxs() -> None:
    """The first signals are any Unix's; the table is not a copy of the host's."""
    assert [SolarisSig(n).name for n in (1, 2, 9, 11, 15)] == [
        signal.Signals(n).name for n in (1, 2, 9, 11, 15)
    ]
    assert SolarisSig(signal.SIGSYS) is not SolarisSig.SIGSYS


def test_auxv() -> None:
    assert (Aux.AT_SUN_PLATFORM, Aux.AT_SUN_HWCAP, Aux.AT_SUN_EXECNAME) == (2008, 2009, 2014)
    assert (Aux.AT_SUN_LDDATA, Aux.AT_SUN_AUXFLAGS, Aux.AT_SUN_FPTYPE) == (2016, 2017, 2027)
    assert (offset_of(AUXV_LAYOUT, "a_un"), AUXV_LAYOUT[-1].end) == (8, AUXV_SIZE)
    assert DYNAMIC_ORDER[-1] is Aux.AT_NULL
    assert len(set(DYNAMIC_ORDER)) == len(DYNAMIC_ORDER)


def test_regs_have_the_seeds_argument_offsets() -> None:
    names = ("r_rdi", "r_rsi", "r_rdx", "r_rcx", "r_r8", "r_r9")
    offsets = [offset_of(REGS_LAYOUT, name) for name in names]
    assert offsets == [0x10, 0x18, 0x20, 0x28, 0x30, 0x38]


def test_regs_end_with_what_the_cpu_pushes() -> None:
    tail = [(field.name, field.offset) for field in REGS_LAYOUT[-7:]]
    assert tail == [
        ("r_trapno", 0xB8),
        ("r_err", 0xC0),
        ("r_rip", 0xC8),
        ("r_cs", 0xD0),
        ("r_rfl", 0xD8),
        ("r_rsp", 0xE0),
        ("r_ss", 0xE8),
    ]
    assert REGS_LAYOUT[-1].end == REGS_SIZE


def test_systeminfo() -> None:
    assert (SysInfo.SI_SYSNAME, SysInfo.SI_PLATFORM, SysInfo.SI_ARCHITECTURE_NATIVE) == (1, 513, 519)
    assert {command - 256 for command in SET_COMMANDS} == {SysInfo.SI_HOSTNAME, SysInfo.SI_SRPC_DOMAIN}
    assert STRINGS[SysInfo.SI_ARCHITECTURE_NATIVE] == "amd64"
    assert not SET_COMMANDS & STRINGS.keys()


def test_sysconfig() -> None:
    assert (SysConfig.CONFIG_PAGESIZE, SysConfig.CONFIG_CLK_TCK, SysConfig.CONFIG_NPROC_ONLN) == (6, 7, 12)
    assert set(range(1, 48)) - set(SysConfig) == {9, 39, 40, 41}
    assert set(range(28, 39)) == MACHINE_NAMES


def test_fast_traps() -> None:
    assert (T_FASTTRAP, FastTrap.T_GETHRTIME, T_LASTFAST) == (0xD2, 3, 6)
    assert [row.trap for row in FASTTABLE] == list(FastTrap)
    assert {row.trap for row in FASTTABLE if row.carry} == {0, 1, 2}
    assert FASTTRAP_ERROR == 0xD22
