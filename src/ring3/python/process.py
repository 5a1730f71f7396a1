"""A program on a machine, as an object: to run, stop, look into and change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from ring3.abi.signals import Sig
from ring3.computer import shell_status
from ring3.errors import CLOSED, UserError
from ring3.kernel.mm.report import maps
from ring3.kernel.task import TaskState
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals.send import group_send_sig_info
from ring3.python import events, symbols
from ring3.python.memory import Mapping, Memory, Registers
from ring3.python.streams import Capture, Feed
from ring3.trace.pictures.address_space import AddressSpace, look

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.python.crash import Crash
    from ring3.python.machine import Machine

_ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
"""The registers of the first six integer arguments (System V ABI for AMD64, 3.2.3)."""
_RED_ZONE = 128


class Instruction(NamedTuple):
    """A disassembled instruction.

    Attributes:
        address: Where it is.
        raw: Its bytes.
        text: What an assembler would take.
    """

    address: int
    raw: bytes
    text: str

    def __str__(self) -> str:
        return f"{self.address:#x}: {self.text}"


class Process:
    """A process, seen from one of its threads: the first one, or the one that a hook is told of.

    Attributes:
        machine: Where it runs.
        task: The kernel's task.
        crash: How a signal has ended it; None if none has.
    """

    def __init__(self, machine: Machine, task: Task) -> None:
        self.machine = machine
        self.task = task
        self.crash: Crash | None = None
        self.streams: dict[int, Feed | Capture] = {}

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Its number."""
        return int(getattr(self.task, "tgid", self.task.tid))

    @property
    def name(self) -> str:
        """What it calls itself, up to 15 bytes."""
        return self.task.name

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.task.program_ended

    @property
    def status(self) -> int | None:
        """Its status as a shell has it, 128 + N for signal N; None while it is not over."""
        return shell_status(self.task.program_exit_code) if self.ended else None

    @property
    def stdout(self) -> bytes:
        """What it has written to standard output, if that was captured."""
        return self._captured(1)

    @property
    def stderr(self) -> bytes:
        """What it has written to standard error, if that was captured."""
        return self._captured(2)

    def _captured(self, fd: int) -> bytes:
        stream = self.streams.get(fd)
        if not isinstance(stream, Capture):
            raise UserError(f"descriptor {fd} of {self.name} was not captured: spawn it with ring3.PIPE")
        return bytes(stream.data)

    def owns(self, task: Task | None) -> bool:
        """Whether a task is one of its threads."""
        return task is self.task or (
            isinstance(task, LinuxTask)
            and isinstance(self.task, LinuxTask)
            and task.process is self.task.process
        )

    # -- running -------------------------------------------------------------------------------------------------

    def run(self, timeout: float | None = None) -> int | None:
        """Runs it, and everything else on the machine, to its end; returns its status.

        It is None where `Machine.stop` was called before the end; the program goes on with the next run.

        Args:
            timeout: Seconds of the machine's clock, after which it is stopped, and can go on; None for no limit.

        Raises:
            TimeoutError: They are over.
            Deadlock: It waits, and nothing can wake it.
        """
        if timeout is None:
            self.machine.runner.run(lambda: self.ended)
        elif isinstance(self.run_until(events.After(timeout)).event, events.After):
            raise TimeoutError(f"{self.name} runs after {timeout} s")
        return self.status

    def run_until(self, event: events.Event) -> events.Stop:
        """Runs it until something has happened, or it has ended; it goes on with the next call.

        Args:
            event: One of `Call`, `Return`, `KernelFunction`, `At`, `Signal`, `Exit`, `Instructions`, `After`; or a
                function of the process that says whether it is time.
        """
        return self.machine.runner.run_until(self, event)

    def step(self, count: int = 1) -> events.Stop:
        """Executes instructions of ring 3; a system call is one."""
        return self.run_until(events.Instructions(count))

    async def wait(self) -> int | None:
        """Runs it to its end in a thread, for asyncio; returns its status.

        Who is cancelled meanwhile, by ``asyncio.wait_for`` for one, leaves a machine that stands still.
        """
        running = asyncio.create_task(asyncio.to_thread(self.run))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            while not running.done():
                self.machine.stop()
                await asyncio.wait([running], timeout=0.02)
            raise

    def kill(self, signal: int = Sig.SIGKILL) -> None:
        """Sends it a signal, which acts when it runs; nothing happens if it has ended."""
        task = self.task
        if self.ended:
            return
        self._alive()
        if not isinstance(task, LinuxTask):
            raise UserError("signals are sent to programs of Linux")
        group_send_sig_info(task.process, SigInfo(int(signal)))

    def feed(self, data: bytes, *, end: bool = False) -> None:
        """Gives it more to read on standard input, which was spawned with ``stdin=ring3.PIPE``.

        Args:
            data: The bytes.
            end: Whether the end of the file follows.
        """
        stream = self.streams.get(0)
        if not isinstance(stream, Feed):
            raise UserError(f"standard input of {self.name} is not fed: spawn it with ring3.PIPE")
        stream.feed(data)
        if end:
            stream.end()

    # -- looking -------------------------------------------------------------------------------------------------

    @property
    def memory(self) -> Memory:
        """Its memory."""
        self._alive()
        return Memory(self.task)

    @property
    def registers(self) -> Registers:
        """Its registers."""
        self._alive()
        return Registers(self.task)

    @property
    def mappings(self) -> list[Mapping]:
        """Its mappings, the lowest address first."""
        self._alive()
        return [Mapping(m.start, m.end, m.perms, m.offset, m.name) for m in maps(self.task.memory)]

    @property
    def address_space(self) -> AddressSpace:
        """Its memory and page tables as they are now: a picture in a notebook, a table as a string."""
        self._alive()
        found = look(self.task.kernel, self.task)
        assert found is not None
        return found

    @property
    def files(self) -> dict[int, str]:
        """Its descriptors, each with what /proc/PID/fd shows."""
        table = getattr(self.task, "files", None)
        return {} if table is None else {fd: table[fd].path_text() for fd in table}

    @property
    def symbols(self) -> dict[str, int]:
        """The symbols of all that is mapped, with their addresses."""
        self._alive()
        return symbols.every(self.task.memory)

    def symbol(self, name: str) -> int:
        """The address of a symbol.

        Raises:
            UserError: Neither the program nor a library that is mapped has it.
        """
        self._alive()
        return symbols.address_of(self.task.memory, name)

    def describe(self, address: int) -> str:
        """An address as ``symbol+0x1d``; "" where no symbol is known."""
        from ring3.trace.user_symbols import UserSymbols  # noqa: PLC0415 -- for who asks

        return UserSymbols(self.machine.kernel).describe(self.task.memory, address)

    def disassemble(self, address: int | None = None, count: int = 8) -> list[Instruction]:
        """Instructions at an address, by default at the next one to be executed."""
        from capstone import CS_ARCH_X86, CS_MODE_32, CS_MODE_64, Cs  # noqa: PLC0415 -- 40 ms

        at = self.registers["rip"] if address is None else address
        raw = self.memory.available(at, 15 * count)
        mode = CS_MODE_64 if self.memory.word == 8 else CS_MODE_32
        found = Cs(CS_ARCH_X86, mode).disasm(raw, at, count)
        return [Instruction(i.address, bytes(i.bytes), f"{i.mnemonic} {i.op_str}".strip()) for i in found]

    def call(self, function: int | str, *arguments: int) -> int:
        """Calls a function of the program and gives what it returns; registers are then as they were.

        Args:
            function: Its address, or its symbol.
            arguments: Up to six integers or pointers.

        Raises:
            UserError: The program is in a system call now, or the function does not come back.
        """
        if self.machine.runner.is_running:
            raise UserError(
                f"a hook cannot call {function}: it would run the machine that has called the hook"
            )
        if self.task.state is TaskState.WAITING:
            raise UserError(f"{self.name} is in a system call: run it up to an address first")
        address = function if isinstance(function, int) else self.symbol(function)
        registers, memory = self.registers, self.memory
        kept = registers.values()
        back, word = kept["rip"], memory.word
        stack = (kept["rsp"] - _RED_ZONE) & -16
        if word == 8:
            for name, value in zip(_ARGUMENTS, arguments, strict=False):
                registers[name] = value
        else:
            stack = (stack - 4 * len(arguments)) & -16
            for at, value in enumerate(arguments):
                memory.set_integer(stack + 4 * at, value, 4)
        stack -= word
        memory.set_integer(stack, back, word)
        registers["rsp"], registers["rip"], registers["rax"] = stack, address, 0
        while True:
            stop = self.run_until(events.At(back))
            if isinstance(stop.event, events.Exit):
                raise UserError(f"{self.name} has ended in {function}")
            if self.registers["rsp"] > stack:
                break
        value = self.registers["rax"]
        for name, before in kept.items():
            self.registers[name] = before
        return value

    def patch(self, place: int | str, data: bytes) -> bytes:
        """Overwrites code or data; returns what was there.

        Args:
            place: An address, or a symbol.
            data: The bytes.
        """
        address = place if isinstance(place, int) else self.symbol(place)
        before = self.memory.read(address, len(data))
        self.memory.write(address, data)
        return before

    def _alive(self) -> None:
        if self.machine.is_closed:
            raise UserError(CLOSED)
        if self.task.mm is None:
            raise UserError(
                f"{self.name} ({self.pid}) has ended: its memory is gone (its crash may tell more)"
            )

    def __repr__(self) -> str:
        state = f"ended with {self.status}" if self.ended else self.task.state.value
        return f"<process {self.pid} {self.name}: {state}>"

    def _repr_html_(self) -> str:
        from ring3.python.memory import table  # noqa: PLC0415 -- for notebooks

        if self.task.mm is None:
            return table(("process", "status"), [(self.name, self.status)])
        rows: list[tuple[object, ...]] = [(f"{m.start:x}-{m.end:x}", m.rights, m.name) for m in self.mappings]
        return table(("addresses", "rights", "what"), rows)
