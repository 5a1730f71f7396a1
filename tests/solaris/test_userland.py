"""The machine's own commands: they run through ld.so.1, libc.so.1 and libuutil.so.1, and show what the system is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import capstone
import pytest

from ring3.abi import elf
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.solaris.view import USERLAND
from tests.support import guest
from tests.support.guest import PathThrough

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])
ROOT = Path(__file__).resolve().parent.parent.parent


def shown(path: PathThrough, *command: str) -> str:
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, Path(command[0]), list(command[1:]))
    assert (outcome.stderr, outcome.status) == (b"", 0)
    return outcome.stdout.decode()


@BOTH_PATHS
def test_modinfo_prints_the_seeds_line(path: PathThrough) -> None:
    assert shown(path, "modinfo", "-i", "16").splitlines() == [
        "ID  LOADADDR         SIZE   INFO REV NAMEDESC",
        "16  fffffffffbdbc2d8 5d198  --   1   pcie (PCI Express Framework Module)",
    ]


def test_the_seeds_egrep() -> None:
    assert shown("short", "egrep", "modctl", "/etc/name_to_sysnum").split() == ["modctl", "152"]


def test_names_and_files() -> None:
    assert shown("short", "uname", "-a") == "SunOS ring3 5.11 ring3-11 i86pc i386 i86pc\n"
    assert shown("short", "echo", "one", "two\\tthree") == "one two\tthree\n"
    assert {"bin", "lib", "sbin"} <= set(shown("short", "ls", "/usr").split())
    assert "domain\t53/udp" in shown("short", "cat", "/etc/services")
    assert "root:x:0:0:Super-User:/root:" in shown("short", "cat", "/etc/passwd")


def test_ps_reads_psinfo() -> None:
    title, line = shown("short", "ps", "-ef").splitlines()
    assert title.split() == ["UID", "PID", "PPID", "C", "TTY", "TIME", "CMD"]
    assert line.endswith("ps -ef")


def test_what_ships_is_what_the_sources_give() -> None:
    pytest.importorskip("ziglang")
    built = subprocess.run([sys.executable, ROOT / "scripts" / "build-userland", "--check"], check=False)
    assert built.returncode == 0


def test_libc_holds_modctl_as_the_seed_disassembles_it() -> None:
    raw = Path(USERLAND, "lib", "64", "libc.so.1").read_bytes()
    symbols = {symbol.name: symbol.value for symbol in elf.symbols(raw)}
    at = symbols["modctl"]
    header = elf.parse_header(raw)
    size = header.phnum * header.phentsize
    loads = elf.parse_program_headers(header, raw[header.phoff : header.phoff + size])
    segment = next(load for load in loads if load.vaddr <= at < load.vaddr + load.filesz)
    code = raw[segment.offset + at - segment.vaddr :][:20]
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    decoder.syntax = capstone.CS_OPT_SYNTAX_ATT
    assert [f"{name} {operands}".rstrip() for _, _, name, operands in decoder.disasm_lite(code, at)] == [
        "movq %rcx, %r10",
        "movl $0x98, %eax",
        "syscall",
        f"jb {symbols['__cerror']:#x}",
        "xorq %rax, %rax",
        "retq",
    ]
    assert at + 0x10 - symbols["__cerror"] == 0x12_6D30


def test_main_calls_modctl_where_the_seeds_stack_says() -> None:
    """ustack(): libc.so.1`modctl, modinfo`main+0x3b6, and a caller without a name."""
    symbols = {
        symbol.name: symbol.value
        for symbol in elf.symbols(Path(USERLAND, "usr", "sbin", "modinfo").read_bytes())
    }
    assert "_start" not in symbols
    returns: list[int] = []
    with guest.boot_solaris() as machine:

        class AtModctl(CallObserver):
            def entry(self, call: Call) -> None:
                assert call.task is not None
                returns.append(machine.kernel.tasks[2].memory.read_u64(call.task.regs.sp))

        machine.kernel.probes.attach(points.Function("genunix`modctl"), AtModctl())
        assert guest.run(machine, Path("modinfo"), ["-i", "16"]).status == 0
    assert returns[0] & 0xFFF == (symbols["main"] + 0x3B6) & 0xFFF
