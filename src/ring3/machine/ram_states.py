"""States of RAM that are kept: which frames are in use, by how many, and what they hold.

A kept state does not copy memory that programs write to. It *pins* such frames, by a bit of their reference counts, so
that whoever wants to store there makes a copy first, as after fork. All other frames, page tables and the kernel's own,
are written to in place, and so they are copied, each once as long as it stays the same from one state to the next.

A state is made after another one, its *base*, and what was in use there already is pinned by that. So every frame is
pinned by one state at most, and who keeps a state keeps its base.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import compress
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, PINNED, Ram

_PIECE: Final = 64
"""So many frames' counts are kept in one piece, which states share where they are the same."""


class RamState(NamedTuple):
    """RAM at one moment.

    Attributes:
        fresh: The first frame that was never in use.
        free: Those below it that were free, in order.
        code: Those that held code.
        used: Those in use.
        counts: How often each was referred to, pinned, and 0 if not in use; in pieces.
        contents: What frames held that are not copied when somebody stores into them.
        own: The frames that this state has pinned.
    """

    fresh: int
    free: tuple[int, ...]
    code: frozenset[int]
    used: frozenset[int]
    counts: tuple[bytes, ...]
    contents: dict[int, bytes]
    own: frozenset[int]


class RamChange(NamedTuple):
    """How a state differs from its base.

    Attributes:
        fresh: As of the state, and so are `counts` and `own`.
        kept_free: How many of the free frames are those of the base.
        free: The others.
        code: Frames that hold code now.
        no_code: Frames that do no more.
        counts: See `fresh`.
        contents: Contents that are new.
        gone: Frames that are copied no more.
        own: See `fresh`.
    """

    fresh: int
    kept_free: int
    free: tuple[int, ...]
    code: frozenset[int]
    no_code: frozenset[int]
    counts: tuple[bytes, ...]
    contents: dict[int, bytes]
    gone: tuple[int, ...]
    own: frozenset[int]


NOTHING: Final = RamState(PAGE_SIZE, (), frozenset(), frozenset(), (), {}, frozenset())
"""Before anything was in use."""


def change(base: RamState, state: RamState) -> RamChange:
    """What is to be kept of a state beside its base."""
    kept = 0
    for then, now in zip(base.free, state.free, strict=False):
        if then != now:
            break
        kept += 1
    return RamChange(
        state.fresh,
        kept,
        state.free[kept:],
        state.code - base.code,
        base.code - state.code,
        state.counts,
        {frame: data for frame, data in state.contents.items() if base.contents.get(frame) is not data},
        tuple(frame for frame in base.contents if frame not in state.contents),
        state.own,
    )


def changed(base: RamState, changes: list[RamChange]) -> RamState:
    """A state, of one below it and what those between, and itself, have changed."""
    if not changes:
        return base
    free, code, contents = list(base.free), set(base.code), base.contents.copy()
    for one in changes:
        free[one.kept_free :] = one.free
        code -= one.no_code
        code |= one.code
        for frame in one.gone:
            del contents[frame]
        contents.update(one.contents)
    last = changes[-1]
    counts = array("I", b"".join(last.counts))
    used = frozenset(number << PAGE_SHIFT for number, count in enumerate(counts) if count)
    return RamState(last.fresh, tuple(free), frozenset(code), used, last.counts, contents, last.own)


class RamStates:
    """The states of one RAM that are kept, and the pins of them all."""

    is_state = False

    def __init__(self, ram: Ram) -> None:
        self._ram = ram
        self._pinned = set[int]()
        self._is_open = True

    def take(self, copied_on_write: Iterable[int], base: RamState) -> RamState:
        """Keeps the present state.

        Args:
            copied_on_write: The frames that nobody stores into while they have more than one reference.
            base: The state that was there last.
        """
        ram = self._ram
        used, counts, own = self._pin(base)
        contents, known = {}, base.contents
        for frame in used.difference(copied_on_write):
            data, before = bytes(ram.bytes[frame : frame + PAGE_SIZE]), known.get(frame)
            contents[frame] = before if before is not None and before == data else data
        return RamState(ram.fresh, tuple(ram.free), frozenset(ram.code), used, counts, contents, own)

    def _pin(self, base: RamState) -> tuple[frozenset[int], tuple[bytes, ...], frozenset[int]]:
        """Pins what is in use; returns the frames in use, the counts, and the frames that were not pinned before."""
        end = self._ram.fresh >> PAGE_SHIFT
        refs = self._ram.refs[:end].cast("B")
        pin = int.from_bytes(PINNED.to_bytes(4, "little") * end, "little")
        now = int.from_bytes(refs, "little")  # all counts at once
        counts = now & ~pin
        in_use = (counts + (pin - (pin >> PINNED.bit_length() - 1))) & pin  # 1 and more carry into the bit
        refs[:] = (now | in_use).to_bytes(4 * end, "little")
        bits = memoryview(in_use.to_bytes(4 * end, "little")).cast("I")
        used = frozenset(compress(range(0, self._ram.fresh, PAGE_SIZE), bits))
        own = used - self._pinned
        self._pinned |= own
        kept = (counts | in_use).to_bytes(4 * end, "little")
        size = 4 * _PIECE
        pieces = [kept[at : at + size] for at in range(0, len(kept), size)]
        for at, (before, piece) in enumerate(zip(base.counts, pieces, strict=False)):
            if before == piece:
                pieces[at] = before
        return used, tuple(pieces), own

    def put(self, state: RamState, extra: Iterable[int] = ()) -> bool:
        """Goes back to a state.

        Args:
            state: One that is kept.
            extra: Frames that are in use now and stay so, by one more than in the state.

        Returns:
            Whether memory may hold other code than the CPU has translated.
        """
        ram, extra = self._ram, set(extra)
        refs, raw = ram.refs, ram.refs.cast("B")
        counts = b"".join(state.counts)
        is_other = not ram.code <= state.code | extra
        ram.code = set(state.code | (ram.code & extra))
        ram.fresh = max(ram.fresh, state.fresh)
        raw[: len(counts)] = counts
        raw[len(counts) : ram.fresh >> PAGE_SHIFT << 2] = bytes((ram.fresh >> PAGE_SHIFT << 2) - len(counts))
        for frame in self._pinned - state.used:
            refs[frame >> PAGE_SHIFT] = PINNED
        for frame in extra:
            refs[frame >> PAGE_SHIFT] += 1
        later = range(ram.fresh - PAGE_SIZE, state.fresh - PAGE_SIZE, -PAGE_SIZE)
        ram.free = [frame for row in (later, state.free) for frame in row if not refs[frame >> PAGE_SHIFT]]
        for frame, data in state.contents.items():
            if frame in state.code and bytes(ram.bytes[frame : frame + PAGE_SIZE]) != data:
                is_other = True
            ram.bytes[frame : frame + PAGE_SIZE] = data
        return is_other

    def close(self) -> None:
        """RAM is about to go away."""
        self._is_open = False

    def drop(self, own: Iterable[int]) -> None:
        """Keeps a state no more: its pins are taken away."""
        if not self._is_open:
            return
        self._pinned.difference_update(own)
        for frame in own:
            self._ram.unpin(frame)
