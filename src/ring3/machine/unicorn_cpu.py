"""The CPU on the Unicorn emulator: real paging, rings and segments; no delivery, which is `machine.microcode`'s.

How it is made a real one. Unicorn cannot enter ring 0 by itself: it stops at ``syscall``, ``sysenter`` and every
exception, and it goes on from whatever state it is given. So the registers live in a *window*, a saved context in our
own memory. A run restores the window, starts, and finds what happened: functions of ours in the emulator
(`machine.emulator`) save the context, say why and stop it, and no Python runs. Others there cure most of what its core
does otherwise than a processor; ``docs/cpus.md`` lists what is left.

Habits of the emulator that are undone here:

* After a contributory exception it takes the next one for a double fault: the field ``old_exception`` is set back.
* ``ud2`` and undefined opcodes come back as a status, not as a vector; so does ``int1``, which is #DB.
* While it runs it keeps the status flags apart from RFLAGS, and what is saved then has them so; a start takes all from
  RFLAGS. So the whole is put there.
* Changed page tables need a write of CR3; changed code needs its translations dropped.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from ring3.machine import unicorn_library as api
from ring3.machine import unicorn_state as at
from ring3.machine.cpu import Event, Stop, Trap, VectorState
from ring3.machine.paging import walk
from ring3.machine.pmap import AHEAD, Pmap
from ring3.machine.ram import PAGE_SIZE, Ram
from ring3.machine.registers import Flags, Gpr, Vector
from ring3.machine.unicorn_registers import IDLE, NOTHING, NOWHERE, UnicornRegisters, closed

if TYPE_CHECKING:
    from ring3.machine.brake import Brake
    from ring3.machine.edges import Edges
    from ring3.machine.unicorn_hooks import Hooks
    from ring3.machine.unicorn_repeatable import Repeatable
    from ring3.machine.unicorn_stops import StopAddresses

_SYSCALL: Final = Event.SYSCALL
_ON_SYSCALL: Final = 0x100
"""What `_happened` says of ``syscall`` in 64-bit code (`emulator/stops.c`); lower numbers are vectors."""
_ON_SYSENTER: Final = 0x101
_ON_SYSCALL_COMPAT: Final = 0x102
_TF: Final = int(Flags.TF)
_HLT: Final = 0xF4
_LOADS_FLAGS: Final = (b"\x9d", b"\xcf", b"\x0f\x07")
"""popf, iret, sysret: the trap flag afterwards is what they have loaded."""


class UnicornCpu(UnicornRegisters):
    """A processor of type Broadwell (Intel): SSE4.2, BMI2, FSGSBASE, SMEP, SMAP; no AVX."""

    ahead: int = AHEAD
    translates: bool = True
    feature_bits: int = 0x078B_FBFD
    vectors: VectorState | None = None

    def __init__(self, ram: Ram) -> None:
        """Makes a CPU in its first state: ring 0, no paging.

        Raises:
            UserError: The library is missing or of an unknown build.
        """
        super().__init__(ram)
        self._stops_between_blocks = self._lib.stop_between_blocks(self._engine, True)
        self._counting = False
        self._detour = False  # a run is to look at more than usual first: `_take_detour`
        self._was_asked = False
        self._is_watched_stop = False
        self._halts: dict[int, bool] = {}
        self._running = False
        self._brake: Brake | None = None
        self._edges: Edges | None = None
        self._stops: StopAddresses | None = None
        self._hooks: Hooks | None = None
        self._is_passing = False
        self._repeatable: Repeatable | None = None
        self._install_hooks()
        probe = at.Probe(self._snapshot, self._write_gpr, self._library_wrmsr, self._execute)
        pristine = self._snapshot()
        self._base = at.find_registers(probe)
        at.verify(probe, self._base)
        self._window_bytes[:] = pristine
        self._restore(self._engine, self._window)
        self._place_fields()
        self._sync()
        self._features = self._cpuid(1)
        self.booted: bytes = self.save()
        ram.on_code_freed = self.forget_code

    # -- running -----------------------------------------------------------------------------------------------

    def run(self) -> Stop:
        """Runs from the present registers until something happens; see `Cpu.run`."""
        rip = self.words[self._rip]
        if self._detour:
            stop = self._take_detour()
            if stop is not None:
                return stop
        pmap = self._pmap
        if pmap is not None and pmap.stale:
            self._flush(pmap)
        self._running = True
        status = self._start(self._record_at, 0, 0)
        self._running = False
        happened = self._happened[1]
        if happened == _ON_SYSCALL:
            return _SYSCALL
        if happened == NOTHING:
            return self._without_event(status, rip, Event.HALT, self.run)
        return self._event(happened)

    def step(self) -> Stop:
        """Runs one instruction; see `Cpu.step`."""
        rip = self.rip
        self._prepare()
        if self._stops is not None and rip in self._stops:
            return self.pass_stop()
        if not self._counting:
            self._counting = self._detour = True
            self._lib.stop_between_blocks(self._engine, False)
            self.forget_code()  # blocks translated for `run` do not count instructions
        opcode = self._fetch(rip)
        status = self._start(self._record_at, 0, 1)
        if self._happened[1] == NOTHING:
            otherwise = Event.HALT if opcode == _HLT else Event.STEPPED
            return self._without_event(status, rip, otherwise, self.step)
        return self._event(self._happened[1])

    def _prepare(self) -> None:
        """Tells the emulator of new stop addresses and changed page tables before it starts."""
        if self._stops is not None and self._stops.changed:
            self._tell_stops()
        if self._pmap is not None and self._pmap.stale:
            self._flush(self._pmap)

    def make_interruptible(self) -> None:
        """Lets programs be stopped where that does not harm them, from now on; see `Cpu.make_interruptible`."""
        if not self._stops_between_blocks:
            self.make_countable()

    def make_countable(self) -> Brake:
        """Lets programs be stopped after so much code, from now on; they are a tenth slower then."""
        if self._brake is None:
            from ring3.machine.brake import Brake  # noqa: PLC0415 -- most programs run without

            self._brake = Brake(self._lib, self._engine)
            self.forget_code()
        return self._brake

    def count_edges(self, at: int) -> Edges:
        """Counts edges between blocks of programs' code, for as long as the CPU is; see `Cpu.count_edges`."""
        from ring3.machine.edges import Edges  # noqa: PLC0415 -- most programs run without

        edges = self._edges = Edges(self._lib, self._engine, at)
        self.forget_code()
        return edges

    def interrupt(self) -> None:
        """Stops a `run` that goes on in another thread; see `Cpu.interrupt`."""
        if self._hooks is not None and self._hooks.is_calling and not self.cpl:
            self._is_watched_stop = True
            self._lib.emu_stop(self._engine)
        elif self._brake is not None:
            self._brake.ask()
        elif self._running:
            self._was_asked = True
            self._lib.emu_stop(self._engine)

    def make_repeatable(self, tsc: Callable[[], int]) -> None:
        """Takes the host out of what instructions give: they are the same in every run.

        Args:
            tsc: The time-stamp counter.
        """
        from ring3.machine.unicorn_repeatable import Repeatable  # noqa: PLC0415 -- most programs run without

        self._set_hidden(at.REPEATABLE, on=True)
        self._repeatable = Repeatable(self._lib, self._engine, self, self._features, tsc)

    def _set_hidden(self, bit: int, *, on: bool) -> None:
        """Sets or clears one of our bits of the hidden flags."""
        word = (self._base + at.HFLAGS2) >> 3  # its upper half
        self.words[word] = self.words[word] & ~(bit << 32) | (bit << 32) * on

    def close(self) -> None:
        """Ends the emulator; whoever runs it after that is told so."""
        super().close()
        self._start, self._stops = closed, None

    # -- stop addresses ----------------------------------------------------------------------------------------

    def stop_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Makes runs stop before an instruction at these addresses; see `Cpu.stop_at`."""
        self._change_stops().add(addresses, pmap)

    def stop_no_more_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Undoes `stop_at`."""
        self._change_stops().remove(addresses, pmap)

    def _change_stops(self) -> StopAddresses:
        """The stop addresses, which the emulator will be told of before it runs again."""
        if self._stops is None:
            from ring3.machine.unicorn_stops import StopAddresses  # noqa: PLC0415 -- most programs run without

            self._stops = StopAddresses(self._lib, self._engine)
        self._start = self._start_with_stops
        return self._stops

    def _start_with_stops(self, record: int, until: int, instructions: int) -> int:
        """Stands in for the function that runs the emulator until that knows the stop addresses."""
        self._tell_stops()
        status: int = self._start(record, until, instructions)
        return status

    def _tell_stops(self) -> None:
        assert self._stops is not None
        self._start = self._lib.ours.run
        self._stops.apply()
        self.forget_code()

    def hook_blocks(self, hook: Callable[[int, int], None], first: int, last: int) -> Callable[[], None]:
        """Calls a function for each block of code; see `Cpu.hook_blocks`."""
        return self._hooked(self._make_hooks().blocks(hook, first, last))

    def hook_accesses(
        self,
        hook: Callable[[int, int, int, int | None], None],
        pmap: Pmap | None,
        address: int,
        size: int,
        *,
        read: bool,
        write: bool,
    ) -> Callable[[], None]:
        """Calls a function for each access to a range of memory; see `Cpu.hook_accesses`."""
        hooks = self._make_hooks()
        return self._hooked(hooks.accesses(hook, pmap, self._pmap, address, size, read=read, write=write))

    def _make_hooks(self) -> Hooks:
        if self._hooks is None:
            from ring3.machine.unicorn_hooks import Hooks  # noqa: PLC0415 -- most programs run without

            self._hooks = Hooks(self._lib, self._engine, self._ram)
        return self._hooks

    def _hooked(self, unhook: Callable[[], None]) -> Callable[[], None]:
        """Hooks have changed: code is translated for them, and changes of page tables are told to them."""
        hooks = self._make_hooks()

        def change() -> None:
            self.forget_code()
            self._set_hidden(at.ONE_BY_ONE, on=hooks.follows)
            if self._pmap is not None:
                self._pmap.stale = True
            self._flush = self._flush_and_tell if hooks.follows else self._flush_tlb

        def leave() -> None:
            unhook()
            change()

        change()
        return leave

    def _flush_and_tell(self, pmap: Pmap) -> None:
        """Stands in for `_flush` while somebody wants to know."""
        self._flush_tlb(pmap)
        pmap.stale = not self._make_hooks().moved(pmap)  # then it is looked at again before the next run

    def pass_stop(self) -> Stop:
        """Runs one instruction, though it is at a stop address; see `Cpu.pass_stop`.

        With the trap flag the emulator translates it for itself, beside what it has for other runs. Only where that
        flag is the program's own, or would stop in the middle of a repeated instruction, all translations have to go.
        """
        import ring3.machine.instructions as decoded  # noqa: PLC0415 -- only who debugs comes here

        if self._counting:
            self._stop_counting()
        rip, flags, long_mode = self.words[self._rip], self.flags[0], self.long_mode
        code = self.code_bytes(rip, decoded.MAX_SIZE)
        opcode = decoded.opcode(code, long_mode=long_mode)
        until = 0
        traps = not flags & _TF
        if decoded.is_repeated(code, opcode):
            traps = False
            until = rip + decoded.size_of(code, long_mode=long_mode)
        if traps:
            self.words[self._eflags] |= _TF
        else:
            self.forget_code()
        self._prepare()
        status = self._start_undisturbed(until)
        if not traps:
            self.forget_code()
        happened = self._happened[1]
        if happened >= _ON_SYSCALL:
            stop = self._event(happened)
            self.rflags = flags
            return stop
        if traps and self._drop_trap(opcode, happened):
            happened = NOTHING
        if happened == NOTHING:
            otherwise = Event.HALT if opcode[:1] == b"\xf4" else Event.STEPPED
            return self._without_event(status, rip, otherwise, self.pass_stop)
        return self._exception(happened)

    def _start_undisturbed(self, until: int) -> int:
        """Starts the emulator, which stops at no stop address and for nobody who asks; returns its status."""
        stops, brake = self._stops, self._brake
        kept = brake.switch_off() if brake is not None else (0, 0)
        if stops is not None:
            stops.switch_off()
        try:
            status: int = self._start(self._record_at, until, 0)
            return status
        finally:
            if stops is not None:
                stops.switch_on()
            if brake is not None:
                brake.switch_on(kept)

    def _drop_trap(self, opcode: bytes, happened: int) -> bool:
        """Takes back the trap flag that `pass_stop` has set; returns whether the vector was the #DB that it made."""
        done = happened == Vector.DB and opcode[:1] != b"\xcd"
        if done:
            self._halves[self._old_exception] = -1
        if done and opcode.startswith(_LOADS_FLAGS):
            return True
        self.rflags = self.flags[0] & ~_TF
        if done and opcode[:1] == b"\x9c":  # pushf
            found = walk(self._ram, self.cr3, self.gpr(Gpr.RSP) + 1)
            if found is not None:
                self._ram.bytes[found.physical] &= ~(_TF >> 8)
        return done

    def _is_at_stop(self, start: int) -> bool:
        """Whether a stop address has ended a run that began at ``start``, and not ``hlt`` before it."""
        if self._stops is None or self.rip not in self._stops:
            return False
        return bool(self.cpl) or self.rip == start or not self._has_halted(start)

    def _is_stop_at_page_start(self, vector: int) -> bool:
        """Whether what looks like a page fault is a stop at an address where a page begins.

        A stop takes no byte of code, and so the emulator looks for its end in the page before; where there is none, it
        reports a fault.
        """
        rip = self.rip
        if self._stops is None or vector != Vector.PF or rip % PAGE_SIZE or rip not in self._stops:
            return False
        return bool(self.cr2 == rip - PAGE_SIZE & (1 << 64) - 1)

    def _at_stop(self) -> Stop:
        """A run has come to a stop address: goes on if it is another address space's."""
        assert self._stops is not None
        if self._is_passing:
            return Event.BREAKPOINT
        self._is_passing = True
        try:
            while not self._stops.hold(self.rip, self._pmap):
                stop = self.pass_stop()
                if stop is Event.STEPPED:
                    stop = self.run()
                if stop is not Event.BREAKPOINT:
                    return stop
        finally:
            self._is_passing = False
        return Event.BREAKPOINT

    def prepare_confinement(self) -> tuple[int, ...]:
        """Nothing is needed of the host; see `Cpu.prepare_confinement`."""
        return ()

    def rest(self) -> None:
        """Nothing to do: threads are all the same to the emulator; see `Cpu.rest`."""

    def spent(self) -> int:
        """This process runs everything; see `Cpu.spent`."""
        return time.process_time_ns()

    def wants_ticks(self) -> bool:
        """No; see `Cpu.wants_ticks`."""
        return False

    def _cpuid(self, leaf: int) -> dict[int, int]:
        """What CPUID gives for a leaf, by register of the library; only while there is no paging."""
        kept = self.save()
        self.set_gpr(Gpr.RAX, leaf)
        self.set_gpr(Gpr.RCX, 0)
        self._restore(self._engine, self._window)
        self._execute(b"\x0f\xa2")
        self._sync()
        found = {
            register: self.gpr(number)
            for register, number in (
                (api.REG_RAX, Gpr.RAX), (api.REG_RBX, Gpr.RBX), (api.REG_RCX, Gpr.RCX), (api.REG_RDX, Gpr.RDX)
            )
        }  # fmt: skip
        self.load(kept)
        return found

    def _take_detour(self) -> Stop | None:
        """What a run does first where anything is out of the ordinary; what happened, if that was all of the run."""
        if self._counting:
            self._stop_counting()
        self._detour = False
        return None

    def _stop_counting(self) -> None:
        """Makes the emulator drop its instruction counter.

        It looks the counted code up then, and a page that is no longer mapped leaves an exception in its state. So it
        is done at an address that has no code, before the state to run from is restored.
        """
        self._lib.emu_start(self._engine, NOWHERE, 0, 0, 0)
        self._counting = False
        self._lib.stop_between_blocks(self._engine, True)

    def _event(self, happened: int) -> Stop:
        """What has ended a run, as `_happened` says it."""
        if happened == _ON_SYSCALL:
            return Event.SYSCALL
        if happened == _ON_SYSCALL_COMPAT:
            return Event.SYSCALL_COMPAT
        if happened == _ON_SYSENTER:
            return Event.SYSENTER
        if self._is_stop_at_page_start(happened):
            self._halves[self._old_exception] = -1
            return self._at_stop()
        return self._exception(happened)

    def _without_event(self, status: int, start: int, otherwise: Event, again: Callable[[], Stop]) -> Stop:
        """What ended a run that nothing happened in; the window is up to date.

        Args:
            status: What the start returned.
            start: Where it started.
            otherwise: The event if nothing else happened.
            again: Starts once more in the same way.
        """
        self._happened[1] = IDLE
        if self._hooks is not None:
            self._hooks.raise_failure()
        if status == api.ERR_INSN_INVALID:
            return self._undefined_opcode()
        if status:
            raise RuntimeError(f"the emulator stopped with status {status} at {self.rip:#x}")
        if otherwise is Event.HALT and self._is_at_stop(start):
            return self._at_stop()
        if self.cpl:
            braked = self._brake is not None and self._brake.release()
            if braked or otherwise is Event.HALT:  # ``hlt`` would be #GP
                return Event.INTERRUPTED
        if self._is_watched_stop and not self._has_halted(start):
            self._is_watched_stop = False
            return Event.STEPPED
        if self._was_asked and otherwise is Event.HALT and not self._has_halted(start):
            return again()  # interrupts are off in ring 0
        return otherwise

    def _has_halted(self, start: int) -> bool:
        """Whether ring 0 stands behind a ``hlt`` that it has executed since it started at ``start``.

        A stop that was asked for may come at any instruction, and late: only the place tells it from ``hlt``.
        """
        rip = self.rip
        if rip == start:
            return False
        if rip not in self._halts:
            self._halts[rip] = self._fetch(rip - 1) == 0xF4
        return self._halts[rip]

    def _exception(self, vector: int) -> Stop:
        """A vector, with what the emulator left in its state."""
        halves = self._halves
        halves[self._old_exception] = -1
        if self._hooks is not None:
            self._hooks.raise_failure()
        if halves[self._is_int] == 1:
            return _software_interrupt(vector)
        error = halves[self._error_code] if vector in _WITH_ERROR_CODE else 0
        return Trap(vector, error, False, self.words[self._cr2] if vector == Vector.PF else 0)

    def _undefined_opcode(self) -> Stop:
        """#UD, or the #DB of ``int1``, which is a trap: RIP is that of the next instruction."""
        self._halves[self._old_exception] = -1
        if self._fetch(self.rip) == 0xF1:
            self.rip += 1
            return Trap(Vector.DB)
        return Trap(Vector.UD)

    def forget_code(self) -> None:
        """Drops every translation."""
        self._halts.clear()
        self._lib.flush_translations(self._engine)

    # -- the library's side ------------------------------------------------------------------------------------

    def _install_hooks(self) -> None:
        lib, engine = self._lib, self._engine
        told = ctypes.addressof(ctypes.c_char.from_buffer(self._happened))
        lib.hook(engine, api.HOOK_INTR, lib.ours.on_vector, told)
        lib.hook(engine, api.HOOK_INSN, lib.ours.on_syscall, told, api.X86_INS_SYSCALL)
        lib.hook(engine, api.HOOK_INSN, lib.ours.on_sysenter, told, api.X86_INS_SYSENTER)

    def _execute(self, machine_code: bytes) -> int:
        """Runs code at a scratch address, in whatever mode the CPU is, until the ``hlt`` after it or a vector.

        Returns:
            The vector, or a negative number.
        """
        code = machine_code + b"\xf4"
        kept = bytes(self._ram.bytes[PAGE_SIZE : PAGE_SIZE + len(code)])
        self._ram.bytes[PAGE_SIZE : PAGE_SIZE + len(code)] = code
        self.forget_code()
        self._happened[1] = NOTHING
        self._lib.emu_start(self._engine, PAGE_SIZE, 0, 0, 0)
        self._ram.bytes[PAGE_SIZE : PAGE_SIZE + len(code)] = kept
        self.forget_code()
        vector, self._happened[1] = self._happened[1], IDLE
        return vector


@cache
def _software_interrupt(vector: int) -> Trap:
    return Trap(vector, 0, True)


_WITH_ERROR_CODE: Final = frozenset((8, 10, 11, 12, 13, 14, 17))
