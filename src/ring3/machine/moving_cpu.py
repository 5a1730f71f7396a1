"""A CPU of two: programs run on the emulated one, or on the host's own processor where they compute.

An entry costs less on the emulated CPU, and what lies between two entries on the host's processor. So an address space
begins on the emulated one, where each run of ring 3 is set against the price that its entry would have on the other
(`struct account` in ``emulator/stops.c``). When what is left of that is worth a move, the next run of ring 3 is the
other's; there each turn is set against what it would have cost here (``host_cpu/turn.c``), and the address space comes
back when it has lost as much. Each time it does, the next move has to be worth twice as much. A program that has just
begun in a machine that uses both moves earlier and may lose more at first, because all of its code is new. Both work on
one register window, so that nobody above can tell which of them ran.

What only the emulated CPU can do for programs (hooks, stop addresses, counted code) makes it run them, for as long as
somebody wants that. An instruction that one of both lacks is run by the other. Nothing of the host's processor is
imported before the first move; a host that does not allow it is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ring3.errors import UserError
from ring3.machine.cpu import CpuState, Event, Stop, Trap
from ring3.machine.home import Home
from ring3.machine.pmap import Pmap
from ring3.machine.ram import Ram
from ring3.machine.registers import Gpr, Vector
from ring3.machine.unicorn_cpu import UnicornCpu

if TYPE_CHECKING:
    from ring3.machine.brake import Brake
    from ring3.machine.edges import Edges
    from ring3.machine.host_cpu.first import First
    from ring3.machine.host_cpu.processor import Processor
    from ring3.machine.unicorn_cpuid import Cpuid
    from ring3.machine.unicorn_fxsave import FxState

LONG: Final = 0x1000
"""Added to what `_happened` says where a program computes much (``emulator/stops.c``)."""
FIRST_MOVE: Final = 25_000_000
"""Ticks of the time-stamp counter, some 10 ms: what there is to import and to start first."""
_PRICE: Final = 30_000
"""Of an entry, until it is measured: some 12 us."""
_USER_HALF: Final = 1 << 47
_DEAREST: Final = 6
"""So often the price of a move doubles."""
_CHEAPER: Final = 1
"""So often it is halved for programs that have just begun: new code costs most where it is translated."""


class MovingCpu(UnicornCpu):
    """The emulated CPU for ring 0; for ring 3 it, or the host's processor."""

    answers_cpuid: bool = True
    """Also for programs on the host's processor."""
    _beyond = Event.INTERRUPTED
    """What ends a run of the emulated CPU in which the host's processor has run an instruction that that lacks."""

    def __init__(self, ram: Ram) -> None:
        """Makes the CPU.

        Args:
            ram: Guest RAM, with its memfd.

        Raises:
            UserError: The emulator's library is not the right one.
        """
        self._host: Processor | None = None
        self._first: First | None = None
        self._is_refused = False
        self._wishes = 0
        self._home = Home()
        self._fx: FxState | None = None
        self._cpuid_answers: Cpuid | None = None
        super().__init__(ram)
        self._run_record.price = _PRICE
        self._watch()

    def prepare_confinement(self) -> tuple[int, ...]:
        """Starts the process that all others on the host's processor are copies of; see `Cpu.prepare_confinement`."""
        from ring3.machine.host_cpu.first import REQUESTS, First  # noqa: PLC0415 -- for who gives up his rights

        if self._first is None and self._host is None and not self._is_refused:
            try:
                self._first = First(self._ram.fd)
            except UserError:
                self._is_refused = True
        return () if self._is_refused else REQUESTS

    def rest(self) -> None:
        """Takes what other threads may want to see out of the stub that ran last; see `Cpu.rest`."""
        if self._host is not None:
            self._host.rest()

    def wants_ticks(self) -> bool:
        """Whether the program that runs may be one to move; see `Cpu.wants_ticks`."""
        return bool(self._run_record.enough)

    def spent(self) -> int:
        """What this process and all stubs have used; see `Cpu.spent`."""
        here = super().spent()
        return here if self._host is None else here + self._host.spent()

    # -- running -----------------------------------------------------------------------------------------------

    def _take_detour(self) -> Stop | None:
        host = self._host
        if host is None:
            return super()._take_detour()
        if self.cpl == 3 and self._home.is_away and not self._wishes:
            stop = self._run_away(host)
            if stop is not None:
                return stop
        host.come_home()
        super()._take_detour()
        self._detour = self._home.is_away
        return None

    def _run_away(self, host: Processor) -> Stop | None:
        """A run of ring 3 on the host's processor; None where that is not possible now."""
        pmap, home = self._pmap, self._home
        assert pmap is not None
        stop = host.run(home, pmap)
        if host.is_losing:
            host.is_losing = False
            self.move(away=False)
        if isinstance(stop, Trap) and stop.vector == Vector.UD and not home.stays:
            host.come_home()
            stop = super().step()  # perhaps it is the host's processor that lacks it
            return Event.INTERRUPTED if stop is Event.STEPPED else stop
        return stop

    def step(self) -> Stop:
        """Runs one instruction; see `Cpu.step`."""
        host, pmap = self._host, self._pmap
        if host is not None:
            if self.cpl == 3 and self._home.is_away and not self._wishes and pmap is not None:
                stop = host.step(self._home, pmap)
                if stop is not None:
                    return stop
            host.come_home()
        stop = super().step()
        return Event.STEPPED if stop is Event.INTERRUPTED else stop

    def pass_stop(self) -> Stop:
        """Runs one instruction, though it is at a stop address; see `Cpu.pass_stop`."""
        enough, self._run_record.enough = self._run_record.enough, 0
        if self._host is not None:
            self._host.come_home()
        stop = super().pass_stop()
        self._run_record.enough = enough
        return Event.STEPPED if stop is Event.INTERRUPTED else stop

    def _event(self, happened: int) -> Stop:
        if happened & LONG:
            self.move(away=True)
        return super()._event(happened & ~LONG)

    def _without_event(self, status: int, start: int, otherwise: Event, again: Callable[[], Stop]) -> Stop:
        record = self._run_record
        if record.enough and record.computed > record.enough:
            self.move(away=True)
        return super()._without_event(status, start, otherwise, again)

    def _undefined_opcode(self) -> Stop:
        return self._or_host(super()._undefined_opcode())

    def _exception(self, vector: int) -> Stop:
        stop = super()._exception(vector)
        return self._or_host(stop) if vector == Vector.UD else stop

    def _or_host(self, stop: Stop) -> Stop:
        """An instruction that the emulated CPU does not have is run by the host's processor, if there is one."""
        missing = isinstance(stop, Trap) and stop.vector == Vector.UD and not stop.software
        if not missing or self.cpl != 3 or self._repeatable is not None or self._pmap is None:
            return stop
        host = self._host or self._begin()
        if host is None:
            return stop
        found = host.step(self._home, self._pmap)
        if found is not Event.STEPPED:
            return found or stop
        self._home.is_away = self._home.stays = self._detour = True
        self._watch()
        return self._beyond

    def interrupt(self) -> None:
        """Stops a `run` that goes on in another thread, or the next one; see `Cpu.interrupt`."""
        host = self._host
        if host is None or self._wishes or not self._home.is_away:
            super().interrupt()
            return
        host.interrupt()
        if self._running and self._brake is None:  # the emulated CPU has come back from ring 0, and goes on
            super().interrupt()

    # -- moving ------------------------------------------------------------------------------------------------

    def move(self, *, away: bool) -> None:
        """The program in the CPU is to go on on the host's processor, if that can be, or on the emulated CPU."""
        home = self._home
        if away and not self._wishes and (self._host or self._begin()) is not None:
            home.is_away = self._detour = True
            self._run_record.computed = 0
        elif home.is_away and not away and not home.stays:
            home.is_away = False
            home.returns += 1
        self._watch()

    def _begin(self) -> Processor | None:
        """Uses the host's processor from now on, in this thread; None where the host does not allow it."""
        if self._is_refused:
            return None
        from ring3.machine.host_cpu.processor import Processor  # noqa: PLC0415 -- few programs compute

        first, self._first = self._first, None
        try:
            self._host = host = Processor(self, self._ram, first, (self._window + self._base, self._flags_at))
        except UserError as error:
            self._refused(error)
            return None
        self._run_record.price = host.price
        self._home.is_new = False
        return host

    def _refused(self, error: UserError) -> None:
        """The host does not allow it: the emulated CPU runs everything."""
        self._is_refused = True

    def _watch(self) -> None:
        """Says how much the program in the CPU has to compute to be moved; 0 where it is not to move."""
        home, record = self._home, self._run_record
        stays_here = self._is_refused or self._wishes or home.is_away
        worth = FIRST_MOVE if self._host is None else self._host.move_price
        if home.is_new and self._host is not None:
            worth >>= _CHEAPER
        record.enough = 0 if stays_here else worth << min(home.returns, _DEAREST)

    def use(self, pmap: Pmap) -> None:
        """Switches to another address space; see `Cpu.use`."""
        if pmap is self._pmap:
            return
        record = self._run_record
        self._home.computed = record.computed
        super().use(pmap)
        home = pmap.home
        if not isinstance(home, Home):
            pmap.home = home = self._make_home(pmap)
        self._home = home
        record.computed = home.computed
        self._detour = self._counting or home.is_away
        self._watch()

    def _make_home(self, pmap: Pmap) -> Home:
        return Home(is_new=not pmap.is_copy)

    # -- state -------------------------------------------------------------------------------------------------

    def save(self) -> bytes:
        """All registers as one opaque value; behind the emulated CPU's what only the host's processor has, if used."""
        if self._host is None:
            return super().save()
        self._host.bring_vectors()
        return super().save() + self._host.vectors.wider()

    def load(self, saved: bytes) -> None:
        """Sets a program's registers; see `Cpu.load` for what stays."""
        if self._host is not None:
            self._put_vectors(self._host, saved[len(self._window_bytes) :])
        super().load(saved)

    def fpu(self) -> memoryview:
        """The x87 and SSE state in the emulated CPU's form; see `Cpu.fpu`."""
        if self._host is not None:
            self._host.bring_vectors()
        return super().fpu()

    def state(self) -> CpuState:
        """Everything that the CPU holds; programs are the emulated CPU's from now on."""
        self._wish(1)
        return self._whole_state()

    def _whole_state(self) -> CpuState:
        if self._host is not None:
            self._host.come_home()
        return CpuState(self.save(), self._pmap)

    def put_state(self, state: CpuState) -> None:
        """Goes back to it; the host's processor begins anew with every address space."""
        size = len(self._window_bytes)
        super().put_state(CpuState(state.registers[:size], state.pmap))
        if self._host is not None:
            self._host.let_go()
            self._put_vectors(self._host, state.registers[size:])
        if state.pmap is not None:
            self._pmap = None
            self.use(state.pmap)

    def _put_vectors(self, host: Processor, saved: bytes) -> None:
        host.vectors.be_emulated(saved)

    def fxsave(self) -> bytes:
        """The emulated CPU's x87 and SSE registers, as FXSAVE stores them."""
        return self._fx_state.read()

    def fxrstor(self, image: bytes) -> None:
        """Sets them."""
        self._fx_state.write(image)

    @property
    def _fx_state(self) -> FxState:
        if self._fx is None:
            from ring3.machine.unicorn_fxsave import FxState  # noqa: PLC0415 -- few programs compute

            self._fx = FxState(self._window + self._base)
        return self._fx

    def pass_cpuid(self) -> None:
        """Does what ``cpuid``, at RIP, does on the emulated CPU."""
        if self._cpuid_answers is None:
            from ring3.machine.unicorn_cpuid import Cpuid  # noqa: PLC0415 -- few programs are moved

            self._cpuid_answers = Cpuid(self._lib, self.control(4))
        answer = self._cpuid_answers.ask(self.gpr(Gpr.RAX), self.gpr(Gpr.RCX))
        for register, value in zip((Gpr.RAX, Gpr.RBX, Gpr.RCX, Gpr.RDX), answer, strict=True):
            self.set_gpr(register, value)
        self.rip += 2

    def close(self) -> None:
        """Ends the stubs and the emulator."""
        if self._cpuid_answers is not None:
            self._cpuid_answers.close()
        if self._host is not None:
            self._host.close()
            self._host = None
        if self._first is not None:
            self._first.end()
        super().close()

    # -- what only the emulated CPU can ------------------------------------------------------------------------

    def make_countable(self) -> Brake:
        """Lets programs be stopped after so much code; see `Cpu.make_countable`."""
        self._wish(1)
        return super().make_countable()

    def make_repeatable(self, tsc: Callable[[], int]) -> None:
        """Takes the host out of what instructions give; see `Cpu.make_repeatable`."""
        self._wish(1)
        super().make_repeatable(tsc)

    def count_edges(self, at: int) -> Edges:
        """Counts edges between blocks of programs' code; see `Cpu.count_edges`."""
        self._wish(1)
        return super().count_edges(at)

    def stop_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Makes runs stop before an instruction at one of these addresses; see `Cpu.stop_at`."""
        before = self._stops_in_ring3
        super().stop_at(addresses, pmap)
        self._wish(self._stops_in_ring3 - before)

    def stop_no_more_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Undoes `stop_at`."""
        before = self._stops_in_ring3
        super().stop_no_more_at(addresses, pmap)
        self._wish(self._stops_in_ring3 - before)

    @property
    def _stops_in_ring3(self) -> bool:
        return self._stops is not None and self._stops.lowest < _USER_HALF

    def _hooked(self, unhook: Callable[[], None]) -> Callable[[], None]:
        leave = super()._hooked(unhook)
        self._wish(1)

        def go() -> None:
            self._wish(-1)
            leave()

        return go

    def _wish(self, more: int) -> None:
        """So many more want what only the emulated CPU can."""
        self._wishes += more
        self._watch()
