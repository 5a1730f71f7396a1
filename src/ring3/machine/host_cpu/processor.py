"""The CPU whose ring 3 is the host's own processor, and whose ring 0 is the emulated CPU.

Both work on one register window, so that nobody above can tell which of them ran. What only the emulated CPU can do for
programs (hooks, stop addresses, counted code) makes it run them, for as long as somebody wants that; instructions
that it does not have are then run by the host's processor one by one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import Final

from ring3.errors import UserError
from ring3.machine import unicorn_state as at
from ring3.machine.brake import Brake
from ring3.machine.cpu import CpuState, Event, Stop, Trap
from ring3.machine.descriptors import TI_LDT, Segment
from ring3.machine.edges import Edges
from ring3.machine.host_cpu import mappings, ptrace, segments
from ring3.machine.host_cpu import turn as turns
from ring3.machine.host_cpu.stops import Stops
from ring3.machine.host_cpu.stub import SIZE, USER_TOP, Stub, Stubs
from ring3.machine.host_cpu.turn import EINTR, PID, REQUEST, Turn, check
from ring3.machine.host_cpu.vectors import Place, Vectors
from ring3.machine.paging import walk
from ring3.machine.pmap import Pmap
from ring3.machine.ram import Ram
from ring3.machine.registers import Seg, Vector
from ring3.machine.unicorn_cpu import UnicornCpu
from ring3.machine.unicorn_fxsave import FxState

AHEAD: Final = 256
"""A fault costs 20 us and more, a page mapped ahead a small part of one."""
_CR4_TSD: Final = 1 << 2
"""Only ring 0 may read the time-stamp counter (SDM 3A, 2.5)."""
_CODE64: Final = 0x33
_REFUSED: Final = -5
"""EIO: registers that ptrace(2) takes for wrong ones."""
_SYSCALL: Final = Event.SYSCALL
_M64: Final = (1 << 64) - 1
_SYSEMU, _STEP = ptrace.SYSEMU, ptrace.SYSEMU_SINGLESTEP


class HostCpu(UnicornCpu):
    """The host's processor for ring 3, the emulated one for ring 0.

    Attributes:
        turn: How stubs are run.
        vectors: The floating-point and vector state.
    """

    ahead: int = AHEAD
    translates: bool = False
    requests: tuple[int, ...] = ptrace.USED

    def count_edges(self, at: int) -> Edges:
        """Refused: the host's processor tells nothing of blocks.

        Raises:
            UserError: Always.
        """
        raise UserError("edges are counted on the emulated processor, not on the host's")

    def state(self) -> CpuState:
        """Refused: programs' registers and mappings lie with processes of the host.

        Raises:
            UserError: Always.
        """
        raise UserError(
            "no snapshot now: what the host's processor runs cannot be kept, only what the emulated one runs"
        )

    def __init__(self, ram: Ram) -> None:
        """Makes the CPU and its first stub.

        Args:
            ram: Guest RAM, with its memfd.

        Raises:
            UserError: The host does not allow it, or the emulator's library is not the right one.
        """
        self._is_ready = False
        super().__init__(ram)
        self.turn = Turn(self._window + self._base, self._flags_at)
        self.turn.words[turns.SIZE] = SIZE
        self._stubs = Stubs(ram.fd, self.turn)
        self._of: dict[int, Stub] = {}
        self._running_in = 0
        self._asked = False
        self._meanings = Stops(self)
        self._fxstate = FxState(self._lib, self._engine)
        self.vectors: Vectors = Vectors(self._stubs.first, self._emulated_vectors)
        self._ring3 = super().make_countable()
        self._wishes = 0
        self._is_ready = True

    def _place_fields(self) -> None:
        super()._place_fields()
        first = self._base + at.SEGMENTS
        self._selectors = [(first + segment * at.SEGMENT_SIZE) >> 2 for segment in Seg]
        self._ldt_limit = (self._base + at.LDTR + at.SEGMENT_LIMIT) >> 2
        self._code_base = (first + Seg.CS * at.SEGMENT_SIZE + at.SEGMENT_BASE) >> 3
        self._cr4 = (self._base + at.CR4) >> 3
        self._gdt_base = (self._base + at.GDTR + at.SEGMENT_BASE) >> 3

    # -- running -----------------------------------------------------------------------------------------------

    def run(self) -> Stop:
        """Runs from the present registers until something happens; see `Cpu.run`."""
        if not self._is_ready:
            return super().run()
        if self._halves[self._hflags] & 3 == 3:
            return self._run_emulated() if self._wishes else self._go(_SYSEMU)
        self._load_hidden()
        if self._wishes:
            return self._run_emulated()  # ring 0 goes back to ring 3 in the same run
        self._ring3.ask()  # the emulator is to stop where ring 0 has gone back to ring 3
        stop = super().run()
        self._ring3.release()
        if stop is not Event.INTERRUPTED or self.cpl != 3:
            return stop
        return self._go(_SYSEMU)

    def step(self) -> Stop:
        """Runs one instruction; see `Cpu.step`."""
        if self._halves[self._hflags] & 3 == 3 and not self._wishes:
            return self._go(_STEP)
        self._emulate()
        stop = self._or_host(super().step())
        return Event.STEPPED if stop is Event.INTERRUPTED else stop

    def pass_stop(self) -> Stop:
        """Runs one instruction, though it is at a stop address; see `Cpu.pass_stop`."""
        self._emulate()
        return self._or_host(super().pass_stop())

    def _emulate(self) -> None:
        """The emulated CPU is to run ring 3: gives it what only the host's processor knew."""
        self._load_hidden()
        if self.vectors.place is not Place.EMULATOR:
            image = self.vectors.emulate()
            self._restore(self._engine, self._window)
            self._fxstate.write(image)
            self._sync()
            self.forget_code()  # what ring 3 has stored since is not known to it

    def _go(self, request: int) -> Stop:
        """Runs ring 3 on the host's processor."""
        pmap = self._pmap
        assert pmap is not None
        stub = self._of.get(pmap.root) or self._stub_for(pmap)
        if stub is None:
            return self._run_emulated(alone=True)
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
            if status < 0:
                status = self._wait_again(status)
            if status == _REFUSED:
                self._running_in = 0
                return self._run_emulated(alone=True)
            self._running_in = 0
            if regs[ptrace.CS] != code:
                self._load_code_segment(regs[ptrace.CS])
            if status == ptrace.SYSCALL_STOP:
                if regs[ptrace.RCX] == regs[ptrace.RIP] and regs[ptrace.CS] == _CODE64:
                    return _SYSCALL
                return self._meanings.call()
            stop = self._meanings.signal(status, stub, pmap, request)
            if stop is not None:
                return stop

    def _equip(self, stub: Stub, pmap: Pmap) -> None:
        """Gives a stub what the program is to find, but for its registers."""
        if pmap.changed or stub.has_remains:
            mappings.update(self._stubs, stub, pmap)
        self.vectors.enter(stub)
        self._load_tables(stub)

    def _wait_again(self, status: int) -> int:
        """A signal of this process has ended the wait for the stub, or the host refuses registers, or anything else."""
        while status == -EINTR:
            self.turn.words[REQUEST] = 0
            status = self.turn.call()
        return status if status == _REFUSED else check(status)

    def _run_emulated(self, *, alone: bool = False) -> Stop:
        """Has the emulated CPU run ring 3.

        Args:
            alone: The host's processor cannot: it does not allow a selector, a segment base, or one more process.
        """
        while True:
            self._emulate()
            stop = super().run()
            if not alone:
                stop = self._or_host(stop)
            if stop is not Event.STEPPED:
                return stop

    def _or_host(self, stop: Stop) -> Stop:
        """What became of a run of the emulated CPU; an instruction that it does not have is run by the host's."""
        missing = isinstance(stop, Trap) and stop.vector == Vector.UD
        return self._go(_STEP) if missing and self.cpl == 3 and self._repeatable is None else stop

    def was_interrupted(self) -> bool:
        """Whether somebody has asked for a stop, which is answered now."""
        asked, self._asked = self._asked, False
        return asked

    def interrupt(self) -> None:
        """Stops a `run` that goes on in another thread, or the next one; see `Cpu.interrupt`."""
        if self._wishes:
            super().interrupt()
            return
        self._asked = True
        pid = self._running_in
        if pid:
            os.kill(pid, signal.SIGSTOP)

    def make_interruptible(self) -> None:
        """Nothing to do: a stub can be stopped anywhere."""

    # -- what only the emulated CPU can ------------------------------------------------------------------------

    def make_countable(self) -> Brake:
        """Lets programs be stopped after so much code; see `Cpu.make_countable`."""
        if self._is_ready:
            self._wishes += 1
        return super().make_countable()

    def make_repeatable(self, tsc: Callable[[], int]) -> None:
        """Takes the host out of what instructions give; see `Cpu.make_repeatable`."""
        self._wishes += 1
        super().make_repeatable(tsc)

    def stop_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Makes runs stop before an instruction at one of these addresses; see `Cpu.stop_at`."""
        self._wishes -= self._stops_in_ring3
        super().stop_at(addresses, pmap)
        self._wishes += self._stops_in_ring3

    def stop_no_more_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Undoes `stop_at`."""
        self._wishes -= self._stops_in_ring3
        super().stop_no_more_at(addresses, pmap)
        self._wishes += self._stops_in_ring3

    @property
    def _stops_in_ring3(self) -> bool:
        return self._stops is not None and self._stops.lowest < USER_TOP

    def _hooked(self, unhook: Callable[[], None]) -> Callable[[], None]:
        leave = super()._hooked(unhook)
        self._wishes += 1

        def go() -> None:
            self._wishes -= 1
            leave()

        return go

    def deliver(self, stub: Stub, number: int) -> tuple[int, int]:
        """Has a signal delivered to a stub; its registers are lost by that. See `Stubs.deliver`."""
        self.vectors.leave(stub)
        return self._stubs.deliver(stub, number)

    def code(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes of the code segment, from so many bytes behind RIP on."""
        return self._code_bytes(self.linear_rip + offset & _M64, size)

    @property
    def linear_rip(self) -> int:
        """Where the instruction at RIP lies: CS has a base in code of a local descriptor table."""
        return self.words[self._rip] + self.words[self._code_base] & _M64

    def has_page(self, address: int) -> bool:
        """Whether anything is mapped at an address, for whomever."""
        return walk(self._ram, self.cr3, address) is not None

    # -- address spaces ----------------------------------------------------------------------------------------

    def _stub_for(self, pmap: Pmap) -> Stub | None:
        """A stub for an address space that has none; None if the host has no process left."""
        stub = self._stubs.new()
        if stub is None:
            return None
        self._of[pmap.root] = stub
        mappings.follow(pmap)
        root = pmap.root
        pmap.on_destroy = lambda: self._forget(root)
        return stub

    def _forget(self, root: int) -> None:
        """An address space is gone."""
        stub = self._of.pop(root)
        self.vectors.leave(stub)
        self._stubs.give_back(stub)

    def close(self) -> None:
        """Ends the stubs and the emulator."""
        self._stubs.close()
        super().close()

    # -- state -------------------------------------------------------------------------------------------------

    def save(self) -> bytes:
        """All registers as one opaque value."""
        return super().save() + self.vectors.save() if self._is_ready else super().save()

    def load(self, saved: bytes | memoryview) -> None:
        """Sets a program's registers; see `Cpu.load` for what stays."""
        size = len(self._window_bytes)
        if len(saved) > size:
            self.vectors.load(saved[size:])
            saved = memoryview(saved)[:size]
        super().load(saved)

    def _emulated_vectors(self) -> bytes:
        self._restore(self._engine, self._window)
        return self._fxstate.read()

    # -- segments ----------------------------------------------------------------------------------------------

    def _load_tables(self, stub: Stub) -> None:
        """Gives the stub the program's descriptor tables, where it may use them, and the right to read the TSC."""
        halves, selectors = self._halves, self._selectors
        if not self.long_mode or halves[selectors[Seg.FS]] | halves[selectors[Seg.GS]]:
            wanted = self._tls()
            if wanted != stub.tls:
                segments.load_tls(stub, wanted)
        if halves[self._ldt_limit] > 0 or stub.ldt:
            wanted_ldt = self._ldt()
            if wanted_ldt != stub.ldt:
                segments.load_ldt(self._stubs, stub, wanted_ldt)

        no_tsc = bool(self.words[self._cr4] & _CR4_TSD)
        if no_tsc != stub.no_tsc:
            self._stubs.forbid_tsc(stub, no_tsc)

    def _tls(self) -> tuple[int, int, int]:
        found = walk(self._ram, self.cr3, self.words[self._gdt_base] + 8 * segments.FIRST_TLS)
        assert found is not None
        q, first = self._ram.q, found.physical >> 3
        return q[first], q[first + 1], q[first + 2]

    def _ldt(self) -> bytes:
        base, limit = self.table_register("ldtr")
        return self._code_bytes(base, limit + 1) if base else b""

    def _load_code_segment(self, selector: int) -> None:
        """The program has changed CS by a far jump: mode bits follow."""
        descriptor = self._descriptor(selector)
        if descriptor is not None:
            self.load_segment(Seg.CS, selector, descriptor)

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
                    base = self.words[(place + 2) >> 1]
                    self.load_segment(segment, selector, descriptor._replace(base=base))

    def _descriptor(self, selector: int) -> Segment | None:
        """What a selector names in the guest's tables, None for nothing."""
        base, limit = self.table_register("ldtr" if selector & TI_LDT else "gdtr")
        if selector | 7 > limit:
            return None
        raw = self._code_bytes(base + (selector & 0xFFF8), 8)
        return Segment.from_bytes(raw) if len(raw) == 8 else None
