"""Linux and Solaris in one process, at the same time, turn by turn: neither sees the other."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from ring3.computer import Computer, Linux, Solaris
from ring3.kernel.task import Task, TaskState
from ring3.machine.cpu import Event, Stop
from ring3.machine.msr import Msr
from ring3.machine.registers import Gpr
from tests.support import guest, solaris
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])


class Turns:
    """Runs a program from one entry into the kernel to the next, then lets somebody else have a turn."""

    def __init__(self, computer: Computer, task: Task) -> None:
        self.computer = computer
        self.task = task
        self.turns = 0
        self._fresh = True
        computer.kernel.run_cpu = self._run_cpu

    def _run_cpu(self) -> Stop:
        """Stands in for the CPU's run: runs it once a turn."""
        cpu = self.computer.machine.cpu
        if not self._fresh:
            self._fresh = True
            return Event.INTERRUPTED
        self._fresh = False
        return cpu.run()

    def take(self) -> bool:
        """One turn; False if the program has ended."""
        self.turns += 1
        kernel = self.computer.kernel
        self._fresh = True
        inner = kernel.preempt

        def stop_here(task: Task) -> None:
            inner(task)
            raise _TurnOver

        vars(kernel)["preempt"] = stop_here
        try:
            kernel.run(self.task)
        except _TurnOver:
            return True
        finally:
            del vars(kernel)["preempt"]
        return self.task.state is not TaskState.DEAD


class _TurnOver(BaseException):
    pass


def test_nothing_is_shared(toolchain: Toolchain) -> None:
    with (
        Linux(ram_bytes=guest.RAM) as linux,
        Solaris(ram_bytes=guest.RAM) as one,
        Solaris(ram_bytes=guest.RAM) as two,
    ):
        assert linux.machine.rdmsr(Msr.MSR_LSTAR) == linux.symbols["entry_SYSCALL_64"]
        assert one.machine.rdmsr(Msr.MSR_LSTAR) == one.symbols["sys_syscall"]
        program = solaris.program(toolchain, "call.c")

        def swapped(task: object) -> int:
            return 4711

        one.replace("getpid", swapped)
        one.machine.write_q(one.symbols["sysent"] + 0x20 * 47 + 0x18, one.symbols["getpid"])
        assert guest.run(one, program, ["20"]).stdout == b"4711 0 0\n"
        assert guest.run(one, program, ["47"]).stdout == b"4711 0 0\n"
        assert guest.run(two, program, ["20"]).stdout == b"2 1 0\n"
        assert guest.run(two, program, ["47"]).stdout != b"4711 0 0\n"
        hello = toolchain.program("basic/hello.c")
        assert guest.run(linux, hello).stdout == b"Hello, world\n"


@BOTH_PATHS
def test_turn_by_turn(toolchain: Toolchain, path: PathThrough, capfd: pytest.CaptureFixture[str]) -> None:
    modinfo = solaris.program(toolchain, "modinfo.c")
    compute = toolchain.program("basic/malloc_loop.c")
    with ExitStack() as stack:
        linux = stack.enter_context(guest.boot(path))
        machine = stack.enter_context(guest.boot_solaris(path))
        programs = [
            Turns(linux, linux.load(str(compute), [], {})),
            Turns(machine, machine.load(str(modinfo), [], {})),
        ]
        running = list(programs)
        while running:
            running = [program for program in running if program.take()]
        assert [program.task.exit_code for program in programs] == [0, 0]
        assert min(program.turns for program in programs) > 10
    lines = capfd.readouterr().out.splitlines()
    assert "checksum e6ae9fca" in lines
    assert "16  fffffffffbdbc2d8 5d198  --   1   pcie (PCI Express Framework Module)" in lines


@BOTH_PATHS
def test_one_boots_while_the_other_is_in_a_call(toolchain: Toolchain, path: PathThrough) -> None:
    """A handler of Solaris's runs a whole Linux program on a machine of its own, and is none the worse for it."""
    hello = toolchain.program("basic/hello.c")
    program = solaris.program(toolchain, "call.c")
    seen: list[bytes] = []
    with guest.boot_solaris(path) as machine:

        def run_linux(task: Task) -> int:
            before = [machine.machine.cpu.gpr(number) for number in Gpr]
            with guest.boot(path) as linux:
                seen.append(guest.run(linux, hello).stdout)
            assert [machine.machine.cpu.gpr(number) for number in Gpr] == before
            return 42

        machine.define(run_linux, 180)
        assert guest.run(machine, program, ["180"]).stdout == b"42 0 0\n"
    assert seen == [b"Hello, world\n"]
