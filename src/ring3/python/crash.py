"""How a signal has ended a process: registers, code, stack, mappings and last calls, kept before all that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ring3.abi.signals import Sig
from ring3.kernel.mm.report import maps
from ring3.python.memory import Mapping

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.python.process import Process
    from ring3.python.trace import TracedCall

_REGISTERS = (
    ("rax", "ax"), ("rbx", "bx"), ("rcx", "cx"), ("rdx", "dx"), ("rsi", "si"), ("rdi", "di"), ("rbp", "bp"),
    ("rsp", "sp"), ("r8", "r8"), ("r9", "r9"), ("r10", "r10"), ("r11", "r11"), ("r12", "r12"), ("r13", "r13"),
    ("r14", "r14"), ("r15", "r15"), ("rip", "ip"), ("rflags", "flags"),
)  # fmt: skip
_STACK = 128
_CODE = 64
_LAST = 10
_FRAMES = 20


class Crash(NamedTuple):
    """What was there when a signal ended a process.

    Attributes:
        program: Its name.
        pid: Its number.
        signal: The signal's number.
        address: The address that an access failed at, for SIGSEGV and SIGBUS; else 0.
        registers: The general registers, the instruction pointer and the flags.
        place: The symbol that the instruction pointer is in, "" if none is known.
        code: The bytes there.
        stack: The bytes at the stack pointer.
        mappings: What was mapped.
        calls: The last system calls, if they were traced.
        bits: The program's width.
        frames: By frame pointers, where it was and where each function returns to: addresses and their symbols.
    """

    program: str
    pid: int
    signal: int
    address: int
    registers: dict[str, int]
    place: str
    code: bytes
    stack: bytes
    mappings: list[Mapping]
    calls: tuple[TracedCall, ...]
    bits: int
    frames: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, process: Process, task: LinuxTask, regs: UserRegs, info: SigInfo) -> Crash:
        """The crash of a task that is about to end."""
        from ring3.trace.dtrace.machine.facts import user_frames  # noqa: PLC0415 -- few programs die so

        registers = {name: int(getattr(regs, field)) for name, field in _REGISTERS}
        traces = process.machine.traces
        seen = type(process)(process.machine, task)
        memory = seen.memory
        return cls(
            task.name,
            task.tgid,
            int(info.signo),
            int(info.address) if info.signo in (Sig.SIGSEGV, Sig.SIGBUS) and info.code > 0 else 0,
            registers,
            seen.describe(registers["rip"]),
            memory.available(registers["rip"], _CODE),
            memory.available(registers["rsp"], _STACK),
            [Mapping(m.start, m.end, m.perms, m.offset, m.name) for m in maps(task.memory)],
            tuple(traces[-1].calls[-_LAST:]) if traces else (),
            32 if task.is_narrow else 64,
            tuple((address, seen.describe(address)) for address in user_frames(task, _FRAMES, regs)),
        )

    @property
    def key(self) -> tuple[int, str | int]:
        """What crashes at one place have in common: the signal, and where."""
        return self.signal, self.place or self.registers["rip"]

    def disassembly(self) -> list[str]:
        """The instructions from where it was."""
        from capstone import CS_ARCH_X86, CS_MODE_32, CS_MODE_64, Cs  # noqa: PLC0415 -- 40 ms

        engine = Cs(CS_ARCH_X86, CS_MODE_64 if self.bits == 64 else CS_MODE_32)
        found = engine.disasm(self.code, self.registers["rip"], 5)
        return [f"{i.address:#x}: {i.mnemonic} {i.op_str}".rstrip() for i in found]

    def __str__(self) -> str:
        where = f"{self.registers['rip']:#x}" + (f" ({self.place})" if self.place else "")
        lines = [
            f"{self.program} ({self.pid}): {Sig(self.signal).name} at {where}, address {self.address:#x}",
            "",
        ]
        words = [f"{name:>6} {value:016x}" for name, value in self.registers.items()]
        lines += [" ".join(words[at : at + 4]) for at in range(0, len(words), 4)]
        lines += ["", *self.disassembly(), ""]
        lines += [*(f"called from {address:#x} {symbol}".rstrip() for address, symbol in self.frames[1:]), ""]
        for at in range(0, len(self.stack), 16):
            lines.append(f"{self.registers['rsp'] + at:016x}  {self.stack[at : at + 16].hex(' ', 8)}")
        lines += ["", *map(repr, self.mappings)]
        if self.calls:
            lines += ["", *(call.text for call in self.calls)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        where = self.place or f"{self.registers['rip']:#x}"
        return f"<crash of {self.program} ({self.pid}): {Sig(self.signal).name} at {where}>"
