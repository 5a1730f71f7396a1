"""Snapshots of one machine: everything that its kernel is, and the way back there.

A snapshot is taken while the machine stands still. Calls that wait are given up first, to be made again (`give_up`), so
that what they have done so far lies in their tasks and no coroutine is left. Then each object is recorded, writable
pages lose their permission, and RAM and CPU are kept. To go back is to put all that in place again, in the same
objects: whoever has a task or a file in hand sees it as it was.

A snapshot shares with the one before what has not changed since, and keeps it alive.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Final
from weakref import finalize, ref

from ring3.errors import UserError
from ring3.kernel.clock import VirtualClocks
from ring3.kernel.functions import RUNNING
from ring3.kernel.mm.objects import FrameObject, MemoryObject
from ring3.kernel.mm.pagecache import PageCache
from ring3.kernel.mm.space import Space
from ring3.kernel.snapshot import graph
from ring3.machine import ram_states
from ring3.machine.ram_states import RamChange, RamState, RamStates

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.snapshot.state import Outside


class Whole:
    """All of a snapshot, its own part and what it shares.

    Attributes:
        records: What objects held.
        ram: What RAM held.
    """

    def __init__(self, records: graph.Records, ram: RamState) -> None:
        self.records = records
        self.ram = ram

    @functools.cached_property
    def puts(self) -> list[graph.Put]:
        """What makes the objects hold that again."""
        return graph.puts(self.records)

    @functools.cached_property
    def page_caches(self) -> list[PageCache]:
        """Those that it has."""
        return list(graph.of_type(self.records, PageCache))


_NOTHING: Final = Whole({}, ram_states.NOTHING)


class State:
    """A machine at one moment.

    Attributes:
        base: The one before, None for the first.
        records: The records of objects that differ from those of the base.
        ram: How RAM differs from that of the base.
        outside: What lies outside of Python, by object.
        cpu: The registers.
    """

    __slots__ = ("__weakref__", "base", "cpu", "outside", "ram", "records")

    def __init__(
        self,
        base: State | None,
        records: graph.Records,
        ram: RamChange,
        outside: tuple[tuple[Outside, Any], ...],
        cpu: Any,  # noqa: ANN401 -- the CPU's own affair
    ) -> None:
        self.base = base
        self.records = records
        self.ram = ram
        self.outside = outside
        self.cpu = cpu


class States:
    """The snapshots of one machine.

    Attributes:
        keeps_pages: Pages of the host's files that were read after a snapshot stay in memory when the machine goes
            back. They hold what they would again, but a program that touches them has fewer faults, and with virtual
            clocks that shows.
    """

    def __init__(self, kernel: Kernel[Any], roots: Iterable[object] = ()) -> None:
        """Has none yet.

        Args:
            kernel: The machine's kernel.
            roots: What else is state, beside what the kernel leads to.
        """
        self._kernel = kernel
        self._roots = [kernel, *roots]
        self._frames = RamStates(kernel.machine.ram)
        self.keeps_pages = not isinstance(kernel.clocks, VirtualClocks)
        self._last: ref[State] | None = None
        self._whole = _NOTHING

    def close(self) -> None:
        """The machine is about to be switched off: snapshots are of no use any more."""
        self._frames.close()
        self._last, self._whole = None, _NOTHING

    # -- taking one ----------------------------------------------------------------------------------------------

    def take(self) -> State:
        """A snapshot of the present moment.

        Raises:
            UserError: The machine runs, or a thread waits in a call that cannot be made again.
        """
        self._stand_still("a snapshot is taken")
        is_collecting = gc.isenabled()
        gc.disable()  # a snapshot makes thousands of objects, and none of them is garbage
        try:
            return self._take()
        finally:
            if is_collecting:
                gc.enable()

    def _take(self) -> State:
        kernel = self._kernel
        task = kernel.give_up_all()
        if task is not None:
            where = kernel.image.symbols.describe(task.stub)
            raise UserError(
                f"no snapshot now: {task.name} ({task.tid}) waits in {where}, which cannot be begun again"
            )
        # From here on programs are the emulated processor's, or it is refused.
        cpu = kernel.machine.cpu.state()
        try:
            base, whole = self._base()
            records, changed = graph.take(self._roots, whole.records)
        except graph.NotCopied as error:
            raise UserError(f"no snapshot now: {error}, which no snapshot can hold") from None
        outside = tuple((thing, thing.outside()) for thing in graph.with_outside(records))
        spaces = list(graph.of_type(records, Space))
        for space in spaces:
            space.pmap.write_protect()
        objects = (one for one in graph.of_type(records, MemoryObject) if not isinstance(one, FrameObject))
        copied_on_write = chain((space.anon for space in spaces), (one.frames for one in objects))
        frames = chain.from_iterable(pages.values() for pages in copied_on_write)
        ram = self._frames.take(frames, whole.ram)
        change = ram_states.change(whole.ram, ram)
        state = State(base, changed, change, outside, cpu)
        finalize(state, self._frames.drop, ram.own).atexit = False
        self._last, self._whole = ref(state), Whole(records, ram)
        return state

    def _base(self) -> tuple[State | None, Whole]:
        """The snapshot that the machine was last at, if somebody keeps it."""
        base = None if self._last is None else self._last()
        return base, _NOTHING if base is None else self._whole

    def _stand_still(self, what: str) -> None:
        if RUNNING.kernel is self._kernel:
            raise UserError(f"{what} while the machine stands still, not from a hook")

    # -- going back ----------------------------------------------------------------------------------------------

    def save(self, file: IO[bytes], state: State, head: Mapping[str, Any], others: Mapping[str, Any]) -> None:
        """Writes a snapshot into a file; see `snapshot.file`."""
        from ring3.kernel.snapshot.file import save  # noqa: PLC0415 -- for who asks

        save(file, self._kernel, state, self._whole_of(state), head, others)

    def put(self, state: State) -> None:
        """Goes back to a snapshot.

        Raises:
            UserError: The machine runs, or something of the host is not as it was; nothing has changed then.
        """
        kernel = self._kernel
        self._stand_still("a machine goes back to a snapshot")
        for thing, then in state.outside:
            thing.check_outside(then)
        whole = self._whole_of(state)
        for task in kernel.tasks.values():
            pending, task.pending = task.pending, None
            if pending is not None:
                pending.close()
        kept = _pages_in_memory(whole.page_caches) if self.keeps_pages else []
        graph.put(whole.puts)
        extra = [frame for cache, pages in kept for frame in cache.take_pages(pages)]
        is_other = self._frames.put(whole.ram, extra)
        for thing, then in state.outside:
            thing.put_outside(then)
        kernel.machine.cpu.put_state(state.cpu)
        if is_other:
            kernel.machine.cpu.forget_code()
        kernel.machine.on_change()
        self._last, self._whole = ref(state), whole

    def _whole_of(self, state: State) -> Whole:
        """All of a snapshot: from the one that is whole at hand, if it is below that, else from the first one."""
        last, whole = self._base()
        steps = []
        at: State | None = state
        while at is not None and at is not last:
            steps.append(at)
            at = at.base
        if at is None:
            whole = _NOTHING
        steps.reverse()
        return Whole(
            graph.with_changes(whole.records, [step.records for step in steps]),
            ram_states.changed(whole.ram, [step.ram for step in steps]),
        )


def _pages_in_memory(caches: Iterable[PageCache]) -> list[tuple[PageCache, dict[int, int]]]:
    """Pages of the host's files that were read since: they are as good then as now."""
    return [(cache, pages) for cache in caches if (pages := cache.clean_pages())]
