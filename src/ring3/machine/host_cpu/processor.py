"""Ring 3 of a CPU on the host's own processor: a stub for each address space, and what a run of one is.

It works on the registers of the emulated CPU, which has ring 0. Where ring 3 runs, `machine.moving_cpu` decides.
"""

from __future__ import annotations

import os
import signal
import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from ring3.machine import unicorn_state as at
from ring3.machine.cpu import Event, Stop
from ring3.machine.descriptors import TI_LDT, Segment
from ring3.machine.home import Home
from ring3.machine.host_cpu import mappings, ptrace, segments
from ring3.machine.host_cpu import turn as turns
from ring3.machine.host_cpu.first import First
from ring3.machine.host_cpu.runs import Runs
from ring3.machine.host_cpu.stops import Elsewhere, Stops
from ring3.machine.host_cpu.stub import SIZE, Stub, Stubs
from ring3.machine.host_cpu.turn import EINTR, LOST, PID, REQUEST, Turn, check
from ring3.machine.host_cpu.vectors import Place, Vectors
from ring3.machine.host_cpu.veil import Veil
from ring3.machine.paging import walk
from ring3.machine.pmap import Pmap
from ring3.machine.ram import Ram
from ring3.machine.registers import Gpr, Seg

if TYPE_CHECKING:
    from ring3.machine.moving_cpu import MovingCpu

AHEAD: Final = 256
"""A fault costs 20 us and more, a page mapped ahead a small part of one."""
_CR4_TSD: Final = 1 << 2
"""Only ring 0 may read the time-stamp counter (SDM 3A, 2.5)."""
_CODE64: Final = 0x33
_REFUSED: Final = -5
"""EIO: registers that ptrace(2) takes for wrong ones."""
_MOVE: Final = 200
"""Turns: what a move costs, with the lists that make the mappings."""
_NEW: Final = 4
"""So many moves a program may be dearer here at first, if it has just begun."""
_ROUNDS: Final = 16
_SYSCALL: Final = Event.SYSCALL
_M64: Final = (1 << 64) - 1


class Processor:
    """The host's processor, for one CPU.

    Attributes:
        turn: How stubs are run.
        vectors: The floating-point and vector state.
        is_losing: The program that ran last would be cheaper on the emulated CPU.
        price: What an entry may cost there before it is worth one here, in ticks of the time-stamp counter.
        move_price: What a move costs, in the same.
    """

    def __init__(self, cpu: MovingCpu, ram: Ram, first: First | None, window: tuple[int, int]) -> None:
        """Takes over the first stub.

        Args:
            cpu: Whose ring 3 it is; it has the state of the program.
            ram: Guest RAM, with its memfd.
            first: The first stub; None if it was not started yet.
            window: Address of RAX in the window, and of the second copy of RFLAGS.

        Raises:
            UserError: The host does not allow it.
        """
        self._cpu = cpu
        self._ram = ram
        self.turn = Turn(*window)
        self.turn.words[turns.SIZE] = SIZE
        self._stubs = Stubs(First(ram.fd) if first is None else first, self.turn)
        self._thread = threading.get_native_id()
        self._running_in = 0
        self._asked = False
        self._home = Home()
        self._away: dict[Home, Pmap] = {}
        self._runs = Runs(ram)
        self._code_freed, ram.on_code_freed = ram.on_code_freed, self._forget_code
        self._stored_code = False
        self._meanings = Stops(cpu, self)
        self._timed, self._before = self._stubs.first, 0
        self.vectors = Vectors(self._stubs.first, cpu.fxsave)
        self.vectors.be_emulated(b"")
        self._place_fields()
        self._measure()
        self.is_losing = False

    def _place_fields(self) -> None:
        """Where the window has what `Cpu` does not tell as fast."""
        base = 8 * self._cpu.base
        first = base + at.SEGMENTS
        self._halves = self._cpu.words.cast("B").cast("i")
        self._selectors = [(first + segment * at.SEGMENT_SIZE) >> 2 for segment in Seg]
        self._ldt_limit = (base + at.LDTR + at.SEGMENT_LIMIT) >> 2
        self._code_base = (first + Seg.CS * at.SEGMENT_SIZE + at.SEGMENT_BASE) >> 3
        self._cr4 = (base + at.CR4) >> 3
        self._gdt_base = (base + at.GDTR + at.SEGMENT_BASE) >> 3

    def _measure(self) -> None:
        """Measures what a turn costs."""
        words = self.turn.words
        began = perf_counter_ns(), turns.ticks()
        least = min(self._stubs.round_trip() for _ in range(_ROUNDS))
        self._ticks = (turns.ticks() - began[1]) / max(perf_counter_ns() - began[0], 1)
        self.price = 3 * least
        self.move_price = _MOVE * least
        words[turns.FLOOR], words[turns.PRICE], words[turns.ENOUGH] = least, 2 * least, self.move_price
        words[turns.RATE] = int(1024 * self._ticks)

    # -- running -----------------------------------------------------------------------------------------------

    def run(self, home: Home, pmap: Pmap) -> Stop | None:
        """Runs ring 3 until something happens; None if the emulated CPU has to do that this time."""
        return self._go(ptrace.SYSEMU, home, pmap)

    def step(self, home: Home, pmap: Pmap) -> Stop | None:
        """Runs one instruction of ring 3; None if the emulated CPU has to do that."""
        return self._go(ptrace.SYSEMU_SINGLESTEP, home, pmap)

    def _go(self, request: int, home: Home, pmap: Pmap) -> Stop | None:
        stub = self._stub_of(home, pmap)
        if stub is None:
            return None
        turn = self.turn
        words, regs, call = turn.words, turn.regs, turn.call
        halves, selectors = self._halves, self._selectors
        while True:
            self._equip(stub, pmap)
            words[PID], words[REQUEST], words[turns.BASE] = stub.pid, request, stub.base
            self._running_in = stub.pid
            if self.was_interrupted():
                self._running_in = 0
                return Event.INTERRUPTED
            code = halves[selectors[Seg.CS]]
            status = call()
            if status < 0 or status & turns.LOSES:
                status = self._not_plain(status)
            self._running_in = 0
            if status == _REFUSED:
                return None
            if regs[ptrace.CS] != code:
                self._load_code_segment(regs[ptrace.CS])
            if status == ptrace.SYSCALL_STOP:
                if regs[ptrace.RCX] == regs[ptrace.RIP] and regs[ptrace.CS] == _CODE64:
                    return _SYSCALL
                return self._meanings.call()
            stop = self._meanings.signal(status, stub, pmap, request)
            if stop is not None:
                return None if isinstance(stop, Elsewhere) else stop

    def _stub_of(self, home: Home, pmap: Pmap) -> Stub | None:
        """The stub of an address space, whose account goes on."""
        if home is not self._home:
            words = self.turn.words
            self._home.lost, words[LOST] = words[LOST], home.lost
            self._home = home
            if self._thread != threading.get_native_id():
                self._change_thread()
            if home.stub is not None:
                self._time(home.stub)
        return home.stub or self._stub_for(home, pmap)

    def _equip(self, stub: Stub, pmap: Pmap) -> None:
        """Gives a stub what the program is to find, but for its registers."""
        if pmap.changed or stub.has_remains:
            began = perf_counter_ns()
            mappings.update(self._runs, self._stubs, stub, pmap)
            spent = int((perf_counter_ns() - began) * self._ticks)
            words = self.turn.words  # others may have run meanwhile
            words[LOST] = words[LOST] + min(spent, self.move_price >> 3) & _M64
        if stub.stores_code or not self._cpu.translates:
            self._stored_code = True
        self.vectors.enter(stub)
        self._load_tables(stub)

    def _not_plain(self, status: int) -> int:
        """A signal of this process has ended the wait for the stub, or the host refuses registers, or anything else."""
        words = self.turn.words
        while status == -EINTR:
            words[REQUEST] = 0
            status = self.turn.call()
        if status == _REFUSED:
            return status
        if status > 0 and status & turns.LOSES:
            self.is_losing = True
            words[LOST] = 0
            status &= ~turns.LOSES
        return check(status)

    def spent(self) -> int:
        """Nanoseconds of the host's CPU time that all stubs have used."""
        return self._before + self._timed.spent()

    def _time(self, stub: Stub) -> None:
        """Another stub is the one that runs."""
        self._before += self._timed.spent() - stub.spent()
        self._timed = stub

    def was_interrupted(self) -> bool:
        """Whether somebody has asked for a stop, which is answered now."""
        asked, self._asked = self._asked, False
        return asked

    def interrupt(self) -> None:
        """Stops a run that goes on in another thread, or the next one."""
        self._asked = True
        pid = self._running_in
        if pid:
            os.kill(pid, signal.SIGSTOP)

    def rest(self) -> None:
        """Lets other threads work on everything but stubs, which are their tracer's alone; see `Cpu.rest`."""
        self.vectors.read()
        words = self.turn.words
        self._home.lost = words[LOST]
        self._home = Home()  # the next run looks who it is

    def _change_thread(self) -> None:
        """Another thread runs programs from now on: with stubs of its own.

        Raises:
            UserError: This process may start none any more.
        """
        self.let_go()
        self._before, spent = 0, self.spent()
        self._stubs.close()
        self._stubs = Stubs(First(self._ram.fd), self.turn)
        self._timed, self._before = self._stubs.first, spent - self._stubs.first.spent()
        self._thread = threading.get_native_id()

    # -- to the emulated CPU -----------------------------------------------------------------------------------

    def come_home(self) -> None:
        """The emulated CPU is to run: gives it what only the host's processor knew."""
        self._load_hidden()
        self.bring_vectors()
        if self._stored_code:
            self._stored_code = False
            self._cpu.forget_code()

    def bring_vectors(self) -> None:
        """Gives the emulated CPU the floating-point state, if it does not have it."""
        if self.vectors.place is not Place.EMULATOR:
            self._cpu.fxrstor(self.vectors.emulate())

    def deliver(self, stub: Stub, number: int) -> tuple[int, int]:
        """Has a signal delivered to a stub; its registers are lost by that. See `Stubs.deliver`."""
        self.vectors.leave(stub)
        return self._stubs.deliver(stub, number)

    def code(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes of the code segment, from so many bytes behind RIP on."""
        return self._cpu.code_bytes(self.linear_rip + offset & _M64, size)

    @property
    def linear_rip(self) -> int:
        """Where the instruction at RIP lies: CS has a base in code of a local descriptor table."""
        return self._cpu.rip + self._cpu.words[self._code_base] & _M64

    def has_page(self, address: int) -> bool:
        """Whether anything is mapped at an address, for whomever."""
        return walk(self._ram, self._cpu.cr3, address) is not None

    # -- address spaces ----------------------------------------------------------------------------------------

    def _stub_for(self, home: Home, pmap: Pmap) -> Stub | None:
        """A stub for an address space that has none; None if the host has no process left."""
        stub = self._stubs.new()
        if stub is None:
            return None
        if stub.veil is not None:
            stub.veil.drop()
        stub.veil = Veil(stub.pid, self._runs.places) if self._cpu.answers_cpuid else None
        stub.stores_code = False
        home.stub = stub
        self._away[home] = pmap
        self._time(stub)
        if home.is_new:
            home.is_new = False
            self.turn.words[LOST] = -_NEW * self.move_price & _M64
        mappings.follow(pmap)
        for address in (self.linear_rip, self._cpu.gpr(Gpr.RSP)):
            mappings.missing(stub, pmap, address)
        pmap.ahead = AHEAD
        pmap.on_destroy = lambda: self._forget(home)
        return stub

    def _forget(self, home: Home) -> None:
        """An address space is gone."""
        pmap = self._away.pop(home)
        pmap.changed = pmap.on_destroy = None
        stub, home.stub = home.stub, None
        assert stub is not None
        self.vectors.leave(stub)
        if stub is self._timed:
            self._time(self._stubs.first)
        self._stubs.give_back(stub)

    def let_go(self) -> None:
        """All memory was changed behind the page tables' notes: no address space has a stub any more."""
        for home in [*self._away]:
            self._forget(home)
        self.turn.words[turns.OWNER] = 0
        self._runs.forget_code()

    def _forget_code(self) -> None:
        """A frame with code is free, and may get other code."""
        self._runs.forget_code()
        self._code_freed()

    def close(self) -> None:
        """Ends the stubs."""
        self._stubs.close()

    # -- segments ----------------------------------------------------------------------------------------------

    def _load_tables(self, stub: Stub) -> None:
        """Gives the stub the program's descriptor tables, where it may use them, and the right to read the TSC."""
        halves, selectors = self._halves, self._selectors
        if not self._cpu.long_mode or halves[selectors[Seg.FS]] | halves[selectors[Seg.GS]]:
            wanted = self._tls()
            if wanted != stub.tls:
                segments.load_tls(stub, wanted)
        if halves[self._ldt_limit] > 0 or stub.ldt:
            wanted_ldt = self._ldt()
            if wanted_ldt != stub.ldt:
                segments.load_ldt(self._stubs, stub, wanted_ldt)

        no_tsc = bool(self._cpu.words[self._cr4] & _CR4_TSD)
        if no_tsc != stub.no_tsc:
            self._stubs.forbid_tsc(stub, no_tsc)

    def _tls(self) -> tuple[int, int, int]:
        found = walk(self._ram, self._cpu.cr3, self._cpu.words[self._gdt_base] + 8 * segments.FIRST_TLS)
        assert found is not None
        q, first = self._ram.q, found.physical >> 3
        return q[first], q[first + 1], q[first + 2]

    def _ldt(self) -> bytes:
        base, limit = self._cpu.table_register("ldtr")
        return self._cpu.code_bytes(base, limit + 1) if base else b""

    def _load_code_segment(self, selector: int) -> None:
        """The program has changed CS by a far jump: mode bits follow."""
        descriptor = self._descriptor(selector)
        if descriptor is not None:
            self._cpu.load_segment(Seg.CS, selector, descriptor)

    def _load_hidden(self) -> None:
        """Gives the emulator the hidden parts of what ring 3 has put into its data segment registers.

        Without them its ``iret`` clears these registers. The base stays: it is what the host's processor has.
        """
        halves = self._halves
        for segment in (Seg.ES, Seg.DS, Seg.FS, Seg.GS):
            place = self._selectors[segment]
            selector = halves[place] & 0xFFFF
            if selector >> 2 and not halves[place + 5] & 0x8000:
                descriptor = self._descriptor(selector)
                if descriptor is not None:
                    base = self._cpu.words[(place + 2) >> 1]
                    self._cpu.load_segment(segment, selector, descriptor._replace(base=base))

    def _descriptor(self, selector: int) -> Segment | None:
        """What a selector names in the guest's tables, None for nothing."""
        base, limit = self._cpu.table_register("ldtr" if selector & TI_LDT else "gdtr")
        if selector | 7 > limit:
            return None
        raw = self._cpu.code_bytes(base + (selector & 0xFFF8), 8)
        return Segment.from_bytes(raw) if len(raw) == 8 else None
