"""The third seed on this machine: its programs, and its walk through one modctl, register by register."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import capstone
import pytest

from ring3.abi import elf
from ring3.abi.solaris.layout import offset_of
from ring3.abi.solaris.modctl import MODINFO_LAYOUT, MODINFO_SIZE, ModctlCmd
from ring3.computer import Solaris
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import Task
from ring3.kernel.watched_cpu import CpuObserver
from ring3.machine.cpu import Event, Stop
from ring3.machine.registers import Gpr
from tests.support import guest, solaris
from tests.support.guest import PathThrough
from tests.support.toolchain import PROGRAMS, Toolchain

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])
MODCTL = 152


@pytest.fixture
def foo(toolchain: Toolchain) -> Path:
    return toolchain.program("seeds/foo.S", kind="nolibc")


@pytest.fixture
def modinfo(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "modinfo.c")


@BOTH_PATHS
def test_foo_greets(foo: Path, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, foo)
    assert (outcome.stdout, outcome.stderr, outcome.status) == (b"Hello world!\n", b"", 0)


@BOTH_PATHS
def test_foo_from_the_seeds_own_source(path: PathThrough, tmp_path: Path) -> None:
    """As the seed makes it: yasm -f elf64 foo.asm; ld -o foo foo.o."""
    if shutil.which("yasm") is None or shutil.which("ld") is None:
        pytest.skip("the host has no yasm")
    source = PROGRAMS / "seeds" / "foo.asm"
    subprocess.run(["yasm", "-f", "elf64", "-o", tmp_path / "foo.o", source], check=True)
    subprocess.run(["ld", "-o", tmp_path / "foo", tmp_path / "foo.o"], check=True)
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, tmp_path / "foo")
    assert (outcome.stdout, outcome.status) == (b"Hello world!\n", 0)


@BOTH_PATHS
def test_the_personality_decides(foo: Path, path: PathThrough) -> None:
    """On Linux 4 is stat and 1 is write: nothing is printed, and the program runs past its end."""
    with guest.boot(path) as linux:
        outcome = guest.run(linux, foo)
    assert (outcome.stdout, outcome.status) == (b"", 139)


@BOTH_PATHS
def test_modinfo_prints_the_seeds_line(modinfo: Path, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, modinfo, ["-i", "16"])
    assert outcome.status == 0
    assert outcome.stdout.decode().splitlines() == [
        "ID  LOADADDR         SIZE   INFO REV NAMEDESC",
        "16  fffffffffbdbc2d8 5d198  --   1   pcie (PCI Express Framework Module)",
    ]
    seed = "ID LOADADDR SIZE INFO REV NAMEDESC 16 fffffffffbdbc2d8 5d198 -- 1 pcie (PCI Express Framework Module)"
    assert outcome.stdout.decode().split() == seed.split()


@BOTH_PATHS
def test_modinfo_of_everything(modinfo: Path, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        shown = guest.run(machine, modinfo).stdout.decode().splitlines()
        rows = machine.kernel.modules
        counted = guest.run(machine, modinfo, ["-c"]).stdout.decode().splitlines()
    assert [line.split()[0] for line in shown[1:]] == [str(row.id) for row in rows]
    assert "0   fffffffffb800000 25f1c8 --   0   unix" in shown
    assert [line.split()[2] for line in counted[1:]] == [row.name for row in rows]
    assert " 16          1 pcie                             LOADED/INSTALLED" in counted


@BOTH_PATHS
def test_modinfo_of_what_is_not_there(modinfo: Path, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, modinfo, ["-i", "99"])
    assert (outcome.stdout, outcome.status) == (b"", 1)
    assert outcome.stderr == b"modinfo: can't get module information\n"


def symbol(program: Path, name: str) -> int:
    return next(found.value for found in elf.symbols(program.read_bytes()) if found.name == name)


def test_libcs_modctl_is_the_seeds(modinfo: Path) -> None:
    start, cerror = symbol(modinfo, "modctl"), symbol(modinfo, "__cerror")
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    decoder.syntax = capstone.CS_OPT_SYNTAX_ATT
    with guest.boot_solaris() as machine:
        task = machine.load(str(modinfo))
        code = task.memory.peek(start, 20)
    listing = [
        f"modctl+{at - start:#x}: {mnemonic} {operands}".rstrip()
        for at, _, mnemonic, operands in decoder.disasm_lite(code, start)
    ]
    assert listing == [
        "modctl+0x0: movq %rcx, %r10",
        "modctl+0x3: movl $0x98, %eax",
        "modctl+0x8: syscall",
        f"modctl+0xa: jb {cerror:#x}",
        "modctl+0x10: xorq %rax, %rax",
        "modctl+0x13: retq",
    ]


class Transcript(CpuObserver):
    """What the seed's two terminals show: mdb before the syscall instruction, and kmdb at the first one of modctl."""

    def __init__(self, machine: Solaris, task: Task, modctl: int) -> None:
        self.machine = machine
        self.task = task
        self.modctl = modctl
        self.user: dict[str, int] = {}
        self.kernel: dict[str, int] = {}
        self.frame: dict[str, int] = {}
        self.before_call = self.after_call = b""
        self.answer = (-1, -1)

    def registers(self) -> dict[str, int]:
        cpu = self.machine.machine.cpu
        return {Gpr(number).name.lower(): cpu.gpr(number) for number in range(16)} | {"rip": cpu.rip}

    def before(self, task: Task) -> None:
        cpu = self.machine.machine.cpu
        if self.user and cpu.rip == self.modctl:
            self.kernel = self.registers()
            frame = self.task.frame
            self.frame = {name: getattr(frame, name) for name in ("di", "si", "dx", "cx", "ip", "ax", "sp")}

    def after(self, task: Task, stop: Stop) -> None:
        cpu = self.machine.machine.cpu
        if stop is Event.SYSCALL and cpu.gpr(Gpr.RAX) == MODCTL:
            self.user = self.registers()
            self.before_call = self.task.memory.peek(self.user["rdx"], MODINFO_SIZE)
        elif self.user and self.answer == (-1, -1) and cpu.cpl == 3:
            self.answer = (cpu.gpr(Gpr.RAX), cpu.rflags & 1)
            self.after_call = self.task.memory.peek(self.user["rdx"], MODINFO_SIZE)


def test_the_seeds_transcript(modinfo: Path) -> None:
    with guest.boot_solaris("full") as machine:
        symbols = machine.symbols
        sysent = symbols["sysent"]
        modctl = machine.machine.read_q(sysent + 0x20 * MODCTL + 0x18)
        assert modctl == symbols["genunix`modctl"]
        task = machine.load(str(modinfo), ["-i", "16"], {})
        seen = Transcript(machine, task, modctl)
        machine.kernel.probes.attach(points.CpuRun(), seen)
        machine.kernel.probes.attach(points.Instruction(frozenset((0,))), seen)
        assert machine.run(task) == 0
        at_syscall = symbol(modinfo, "modctl") + 8

        # terminal A: $r before the instruction (the CPU has stopped behind it)
        user = seen.user
        assert user["rip"] == at_syscall + 2
        assert (user["rax"], user["rdi"], user["rsi"]) == (0x98, ModctlCmd.MODINFO, 0x10)
        assert user["rcx"] == user["r10"]
        assert (user["r8"], user["r9"]) == (0, 0)
        assert integer(seen.before_call, "mi_id", 4) == 0x10
        assert not any(text(seen.before_call, "mi_name", 32))

        # terminal B: stop at modctl: pushq %rbp
        kernel = seen.kernel
        assert kernel["rip"] == modctl == 0xFFFF_FFFF_FBCA_D4E0
        assert kernel["rax"] == 0x1300
        assert kernel["rbx"] == sysent + 0x1300 == 0xFFFF_FFFF_FC24_3480
        assert symbols.describe(kernel["rbx"]) == "genunix`sysent+0x1300"
        assert [kernel[name] for name in ("rdi", "rsi", "rdx", "rcx", "r8", "r9")] == [
            user[name] for name in ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
        ]
        assert (kernel["r12"], kernel["r10"], kernel["r11"]) == (0, user["r15"], user["rsp"])
        assert kernel["r15"] == task.thread_pointer
        returns_to = machine.machine.read_q(kernel["rsp"])
        assert symbols.describe(returns_to) == "unix`sys_syscall+0x24d"

        # struct regs, between the two
        assert seen.frame == {
            "di": 2, "si": 0x10, "dx": user["rdx"], "cx": user["r10"], "ip": at_syscall + 2, "ax": 0x98,
            "sp": user["rsp"],
        }  # fmt: skip
        assert kernel["rbp"] == machine.machine.direct_map + task.stack + 4096 - 0xF0

    # terminal A again: ::print struct modinfo
    assert seen.answer == (0, 0)
    filled = {
        name: integer(seen.after_call, name, 4)
        for name in ("mi_info", "mi_state", "mi_id", "mi_nextid", "mi_rev", "mi_loadcnt")
    }
    assert filled == {
        "mi_info": 5,
        "mi_state": 3,
        "mi_id": 0x10,
        "mi_nextid": 0x10,
        "mi_rev": 1,
        "mi_loadcnt": 1,
    }
    assert integer(seen.after_call, "mi_base", 8) == 0xFFFF_FFFF_FBDB_C2D8
    assert integer(seen.after_call, "mi_size", 8) == 0x5D198
    assert text(seen.after_call, "mi_name", 32) == b"pcie"
    assert text(seen.after_call, "mi_msinfo", 32) == b"PCI Express Framework Module"
    at = offset_of(MODINFO_LAYOUT, "mi_msinfo") + 32
    assert seen.after_call[at : at + 4] == b"\xff\xff\xff\xff"


def integer(raw: bytes, field: str, size: int) -> int:
    at = offset_of(MODINFO_LAYOUT, field)
    return int.from_bytes(raw[at : at + size], "little")


def text(raw: bytes, field: str, size: int) -> bytes:
    at = offset_of(MODINFO_LAYOUT, field)
    return raw[at : at + size].split(b"\0", 1)[0]


@BOTH_PATHS
def test_kernel_functions_call_each_other_as_dtrace_shows(modinfo: Path, path: PathThrough) -> None:
    """fook.d: copyin and copyout of 0x1b0 bytes around modctl_modinfo, all within modctl."""
    flow: list[tuple[str, ...]] = []
    with guest.boot_solaris(path) as machine:

        class Flow(CallObserver):
            def entry(self, call: Call) -> None:
                flow.append(("->", call.what.key, *map(hex, call.arguments[1:])))

            def returned(self, call: Call) -> None:
                flow.append(("<-", call.what.key))
                assert isinstance(call.value, int)

        names = (
            "genunix`modctl", "genunix`modctl_modinfo", "unix`copyin", "genunix`modinfo", "genunix`mod_getinfo",
            "pcie`_info", "genunix`mod_info", "genunix`mod_infonull", "unix`copyout",
        )  # fmt: skip
        for name in names:
            machine.kernel.probes.attach(points.Function(name), Flow())
        assert guest.run(machine, modinfo, ["-i", "16"]).status == 0
    entered = [step for step in flow if step[0] == "->"]
    assert tuple(step[1] for step in entered) == names
    assert flow[-1] == ("<-", "genunix`modctl")
    umodi, kernel_copy = entered[2][2], entered[2][3]
    assert entered[0][2:5] == ("0x2", "0x10", umodi)
    assert entered[1][2:] == ("0x10", umodi)
    assert entered[2][2:] == (umodi, kernel_copy, "0x1b0")
    assert entered[8][2:] == (kernel_copy, umodi, "0x1b0")
