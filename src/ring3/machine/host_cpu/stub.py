"""Stubs: the processes of the host that programs run in, and the calls that they make for us.

The first stub is started by this process, from a file in memory; all others are copies of it, made by itself
(CLONE_PARENT makes them our children, PTRACE_O_TRACEFORK our tracees). So everything that a process may do no more
after it has confined itself is done before: see `Stubs.start`. Stubs whose address space is gone are kept for new
ones.

What is always true: a stub runs its own code only here, with RIP in its page and under our hand; guest code runs under
PTRACE_SYSEMU only. The list of calls is one page range that all stubs map read-only.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import struct
import time
from collections.abc import Sequence
from typing import Final

from ring3 import resources
from ring3.abi import elf
from ring3.errors import UserError
from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu import ptrace
from ring3.machine.host_cpu.first import LIST_FD, LIST_SIZE, First, end
from ring3.machine.host_cpu.turn import OWNER, SPENT, Turn
from ring3.machine.host_cpu.veil import Veil
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SIZE

Call = tuple[int, ...]
"""A call of the host: its number and its arguments."""

BASE: Final = 0x6F00_0000_0000
"""Where a stub is at first. No layout that the kernel chooses reaches this place; one whose program maps something
there moves."""
_STEP: Final = 1 << 40
"""How far it moves."""
LIST: Final = PAGE_SIZE
"""From its start: the list of calls, behind its code."""
_ARGUMENTS: Final = LIST_SIZE - PAGE_SIZE
"""From the list's start: a page for what calls point to."""
_ENTRIES: Final = _ARGUMENTS // 64 - 1
_STACK: Final = LIST + LIST_SIZE
"""From its start: a stack for a signal that is delivered only to learn of an exception what ptrace does not tell."""
_STACK_SIZE: Final = 8 * PAGE_SIZE
SIZE: Final = _STACK + _STACK_SIZE
LOWEST: Final = 1 << 12
USER_TOP: Final = (1 << 47) - PAGE_SIZE
"""Where the host's user addresses end."""
_POOL: Final = 16
_M64: Final = (1 << 64) - 1
_ENOMEM: Final = -12 & _M64
_CODE_SELECTOR: Final = 0x33
_DATA_SELECTOR: Final = 0x2B
_CPUCLOCK_SCHED: Final = 2
"""A process's number and this make a clock of its CPU time (clock_getcpuclockid(3))."""
_SA_FLAGS: Final = 0x4C00_0004  # SIGINFO, NODEFER, ONSTACK, RESTORER
_FRAME_ERROR, _FRAME_TRAP = 200, 208
"""Where ``struct rt_sigframe`` has the error code and the vector (asm/sigcontext.h)."""
PR_TSC_ENABLE, PR_TSC_SIGSEGV = 1, 2


class Stub:
    """One stub process.

    Attributes:
        pid: Its number on the host.
        base: Where it lies.
        tls: The three entries of the GDT that the host's kernel loads for it.
        ldt: The local descriptor table that it has.
        no_tsc: It cannot read the time-stamp counter.
        stores_code: It can store into frames that have been mapped as code.
        veil: What it may not execute, though the page tables allow it; None where it may all.
        has_remains: It still has the mappings of an address space that is gone.
        pages: The pages of its program that it has, by number.
    """

    __slots__ = ("base", "has_remains", "ldt", "no_tsc", "pages", "pid", "stores_code", "tls", "veil")

    def __init__(self, pid: int, base: int = BASE) -> None:
        self.pid = pid
        self.base = base
        self.has_remains = False
        self.pages: set[int] = set()
        self.tls = (0, 0, 0)
        self.ldt = b""
        self.no_tsc = False
        self.stores_code = False
        self.veil: Veil | None = None

    def spent(self) -> int:
        """Nanoseconds of the host's CPU time that it has used."""
        return time.clock_gettime_ns(~self.pid << 3 | _CPUCLOCK_SCHED)


def nothing_but(stub: Stub) -> list[Call]:
    """The calls that leave a stub nothing but itself."""
    base = stub.base
    return [
        (wall.MUNMAP, LOWEST, base - LOWEST),
        (wall.MUNMAP, base + SIZE, USER_TOP - base - SIZE),
    ]


class Refused(UserError):
    """The host has refused a call of a list.

    Attributes:
        error: Its errno, 0 if the stub stopped otherwise.
    """

    def __init__(self, call: Call, status: int, result: int) -> None:
        self.error = _M64 + 1 - result if result > _M64 - 4096 else 0
        why = os.strerror(self.error) if self.error else f"status {status:#x}"
        what = f"call {call[0]}" if call else "a list of calls"
        super().__init__(f"the host's processor cannot be used: the host refuses {what} of a stub: {why}")


class Stubs:
    """All stubs of a machine."""

    def __init__(self, first: First, turn: Turn) -> None:
        """Takes the first one over, which is as large as all others will be: nothing of RAM is mapped in it.

        Args:
            first: It.
            turn: How they are run.

        Raises:
            UserError: The host does not allow it.
        """
        self._turn = turn
        symbols = elf.symbols(resources.read_bytes("machine/host_cpu/stub"))
        at = {symbol.name: symbol.value - BASE for symbol in symbols}
        self._run_at, self._call_at = at["ring3_list"], at["ring3_call"]
        self._break_at, self._nothing_at = at["ring3_break"], at["ring3_nothing"]
        self._list_fd = first.list_fd
        self._bytes = mmap.mmap(self._list_fd, LIST_SIZE)
        self._words = memoryview(self._bytes).cast("Q")
        self._parked: list[Stub] = []
        self._all: set[int] = set()
        self.first = self._take_over(first.pid)

    # -- their lives -------------------------------------------------------------------------------------------

    def round_trip(self) -> int:
        """What it takes to have a stub do nothing, in ticks of the time-stamp counter."""
        self._put([])
        self._go(self.first)
        return self._turn.words[SPENT]

    def new(self) -> Stub | None:
        """A stub for an address space, which may have remains of another one; None if the host has no process left."""
        return self._parked.pop() if self._parked else self._copy()

    def give_back(self, stub: Stub) -> None:
        """An address space is gone."""
        if len(self._parked) < _POOL:
            stub.has_remains = True  # they go with its next first list
            stub.pages.clear()
            self._parked.append(stub)
        else:
            self._all.discard(stub.pid)
            end(stub.pid)

    def close(self) -> None:
        """Ends them all."""
        for pid in self._all:
            end(pid)
        self._words.release()
        self._bytes.close()
        os.close(self._list_fd)

    def _take_over(self, pid: int) -> Stub:
        self._all.add(pid)
        ptrace.request(ptrace.SETOPTIONS, pid, data=ptrace.OPTIONS)
        stub = Stub(pid)
        self._call(stub, wall.MMAP, BASE + LIST, LIST_SIZE, 1, wall.MAP_LIST, LIST_FD, 0)
        self.run(stub, nothing_but(stub))
        self.run(stub, [self.clean_stack(BASE)])
        self._handle_signals(stub, BASE)
        self._lock(stub)
        return stub

    def _copy(self) -> Stub | None:
        self._put([(wall.CLONE, wall.CLONE_FLAGS, 0, 0, 0, 0)])
        status = self._go(self.first)
        if status != ptrace.FORK_STOP:
            return None
        message = ctypes.c_uint64()
        ptrace.request(ptrace.GETEVENTMSG, self.first.pid, data=ctypes.addressof(message))
        pid = message.value
        self._all.add(pid)
        os.waitpid(pid, ptrace.WALL)
        self._resume(self.first)
        return Stub(pid)

    def _handle_signals(self, stub: Stub, base: int) -> None:
        """Has SIGSEGV and SIGBUS go to the stub's int3, on its own stack."""
        there = base + self._break_at
        action = struct.pack("<QQQQ", there, _SA_FLAGS, there, 0)
        argument = self._argument(stub, action + struct.pack("<QQQ", base + _STACK, 0, _STACK_SIZE))
        calls: list[Call] = [(wall.SIGALTSTACK, argument + len(action), 0)]
        calls += [(wall.RT_SIGACTION, number, argument, 0, 8) for number in (signal.SIGSEGV, signal.SIGBUS)]
        self.run(stub, calls)

    def _lock(self, stub: Stub) -> None:
        """Leaves the stub, and all its copies, no calls but those of `filter`."""
        program = wall.program()
        place = stub.base + LIST + _ARGUMENTS + 16
        described = struct.pack("<HxxxxxxQ", len(program) // 8, place)
        argument = self._argument(stub, described + program)
        self.run(
            stub,
            [
                (wall.PRCTL, wall.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                (wall.SECCOMP, wall.SET_MODE_FILTER, 0, argument),
            ],
        )

    def move(self, stub: Stub, pmap: Pmap) -> None:
        """Moves a stub to where its program has nothing; no program's registers are in it at this moment.

        Raises:
            UserError: There is no such place.
        """
        old = new = stub.base
        while new == old or pmap.mapped(new, new + SIZE):
            new -= _STEP
            if new < _STEP:
                raise UserError("a program leaves no room for what runs it on the host's processor")
        self.run(
            stub,
            [
                (wall.MMAP, new + LIST, LIST_SIZE, 1, wall.MAP_LIST, LIST_FD, 0),
                self.clean_stack(new),
            ],
        )
        self._handle_signals(stub, new)
        self._put([(wall.MREMAP, old, PAGE_SIZE, PAGE_SIZE, wall.MREMAP_FLAGS, new)])
        status = self._go(stub)  # it takes its own code away
        if status != ptrace.SIGSEGV_STOP:
            raise UserError(f"a stub could not be moved: status {status:#x}")
        stub.base = new
        self.run(stub, [(wall.MUNMAP, old + LIST, SIZE - LIST)])

    # -- the calls that they make -------------------------------------------------------------------------------

    def run(self, stub: Stub, calls: Sequence[Call]) -> None:
        """Has a stub make calls.

        Raises:
            Refused: One fails; those before it were made.
        """
        for start in range(0, len(calls), _ENTRIES):
            part = calls[start : start + _ENTRIES]
            self._put(part)
            status = self._go(stub)
            regs = self._turn.regs
            done = (regs[ptrace.RBX] - stub.base - LIST) // 64
            self._words[: 8 * (len(part) + 1)] = memoryview(bytes(64 * (len(part) + 1))).cast("Q")
            if status != ptrace.SIGTRAP_STOP or done != len(part):
                raise Refused(part[done] if 0 <= done < len(part) else (), status, regs[ptrace.RAX])

    def forbid_tsc(self, stub: Stub, forbidden: bool) -> None:
        """Makes ``rdtsc`` an exception in a stub, or allows it again."""
        self.run(stub, [(wall.PRCTL, wall.PR_SET_TSC, PR_TSC_SIGSEGV if forbidden else PR_TSC_ENABLE)])
        stub.no_tsc = forbidden

    def run_with(self, stub: Stub, argument: bytes, calls: Sequence[Call], place: int) -> None:
        """Has a stub make calls with the address of some bytes for the argument at ``place``.

        Raises:
            Refused: One fails.
        """
        at = self._argument(stub, argument)
        self.run(stub, [(*call[: place + 1], at + call[place + 1], *call[place + 2 :]) for call in calls])

    def deliver(self, stub: Stub, number: int) -> tuple[int, int]:
        """Lets a stub have the signal that it stopped with: which exception it was, and with which error code.

        What the frame says is the guest's to change, in theory: it may be anything.
        """
        status = self._turn.resume(stub.pid, ptrace.SYSEMU, number)
        while status == ptrace.SIGSTOP_STOP:
            status = self._turn.resume(stub.pid, ptrace.SYSEMU)
        regs = self._turn.regs
        if status != ptrace.SIGTRAP_STOP or regs[ptrace.RIP] != stub.base + self._break_at + 1:
            raise UserError(f"a stub did not take signal {number}: status {status:#x}")
        frame = regs[ptrace.RSP]
        error = ptrace.request(ptrace.PEEKDATA, stub.pid, frame + _FRAME_ERROR) & 0xFFFF
        vector = ptrace.request(ptrace.PEEKDATA, stub.pid, frame + _FRAME_TRAP) & 0xFF
        self.run(stub, [self.clean_stack(stub.base)])
        return vector, error

    def clean_stack(self, base: int) -> Call:
        """The call that gives a stub at some place a stack with nothing on it."""
        return wall.MMAP, base + _STACK, _STACK_SIZE, 3, wall.MAP_STACK, _M64, 0

    def _argument(self, stub: Stub, raw: bytes) -> int:
        """Puts what calls point to beside the list; its address in the stub."""
        self._bytes[_ARGUMENTS : _ARGUMENTS + len(raw)] = raw
        return stub.base + LIST + _ARGUMENTS

    def _put(self, calls: Sequence[Call]) -> None:
        raw = b"".join(struct.pack(f"<{len(call)}Q", *call).ljust(64, b"\0") for call in calls)
        raw += struct.pack("<Q", _M64)
        self._words[: len(raw) // 8] = memoryview(raw).cast("Q")

    def _go(self, stub: Stub) -> int:
        """Starts the list that is there; the status of the stop that ends it."""
        return self._resume(stub, stub.base + self._run_at, stub.base + LIST)

    def _call(self, stub: Stub, number: int, *arguments: int) -> None:
        """One call without the list, which is not there yet.

        Raises:
            Refused: It fails.
        """
        regs = self._turn.regs
        nothing = stub.base + self._nothing_at
        for register, value in zip(ptrace.ARGUMENTS, arguments, strict=False):
            regs[register] = value
        regs[ptrace.RAX] = number
        status = self._resume(stub, stub.base + self._call_at, nothing - 64)
        if status != ptrace.SIGTRAP_STOP or regs[ptrace.RBX] != nothing:
            raise Refused((number, *arguments), status, regs[ptrace.RAX])

    def _resume(self, stub: Stub, rip: int = 0, rbx: int = 0) -> int:
        """Runs the stub's own code, from an instruction or from where it stands, to its next stop."""
        turn, regs = self._turn, self._turn.regs
        turn.words[OWNER] = 0
        if rip:
            regs[ptrace.RIP], regs[ptrace.RBX] = rip, rbx
            regs[ptrace.CS], regs[ptrace.SS], regs[ptrace.FLAGS] = _CODE_SELECTOR, _DATA_SELECTOR, 0x202
            regs[15] = _M64  # orig_rax: it is in no call
            for register in range(21, 27):  # bases and selectors
                regs[register] = 0
        status = turn.resume(stub.pid, ptrace.CONT)
        while status == ptrace.SIGSTOP_STOP:
            status = turn.resume(stub.pid, ptrace.CONT)
        return status
