"""Addresses before which a run stops, by the emulator's own exit addresses: thousands of them, at no cost for others.

The emulator looks an address up when it translates code, and puts a stop in the place of the instruction. So a stop
that is not met costs nothing, memory stays as the program wrote it, and the instruction itself is translated only for
who runs with the addresses switched off (`UnicornCpu.pass_stop`).

One habit of the emulator is in the way: when a run has ended it drops all translations around every exit address,
which takes a microsecond for each, and leaves an exception in its state where nothing is mapped. So the addresses are
switched off before that: a function that the emulator calls at the beginning of a run and at every exception, which
asks whether that one is to end the run, gets a few instructions put before it. Its place in the emulator's own
structure is found beside that of a function with a public name, and proved by a run.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

from ring3.errors import UserError
from ring3.machine import unicorn_library as api
from ring3.machine.native import NativeFunction, jump, knows_host
from ring3.machine.pmap import Pmap

_STRUCTURE: Final = 8192
"""So many bytes of ``struct uc_struct`` are looked at; it has twice as many (uc_priv.h)."""
_BEFORE_INIT_ARCH: Final = 2 * 8
"""Where ``stop_interrupt`` lies before ``init_arch`` in it."""
_NOWHERE: Final = 1 << 63


class StopAddresses:
    """The stop addresses of every address space.

    Attributes:
        changed: Whether the emulator is still to be told.
    """

    def __init__(self, library: api.Library, engine: int) -> None:
        """Prepares the emulator.

        Raises:
            UserError: It is of an unknown build.
        """
        self._library = library
        self._engine = engine
        self._everywhere: set[int] = set()
        self._by_space: WeakKeyDictionary[Pmap, set[int]] = WeakKeyDictionary()
        self._exits: frozenset[int] = frozenset()
        self.changed = False
        self._wanted = ctypes.c_int(1)
        self._switch = _Switch(library, engine, self._wanted)

    def add(self, addresses: Iterable[int], pmap: Pmap | None) -> None:
        """Adds addresses, of one address space or of all."""
        found = self._everywhere if pmap is None else self._by_space.setdefault(pmap, set())
        found.update(addresses)
        self.changed = True

    def remove(self, addresses: Iterable[int], pmap: Pmap | None) -> None:
        """Takes addresses away that were added so."""
        found = self._everywhere if pmap is None else self._by_space.get(pmap)
        if found is not None:
            found.difference_update(addresses)
            self.changed = True

    def hold(self, address: int, pmap: Pmap | None) -> bool:
        """Whether a program in an address space is to stop before an address."""
        if address in self._everywhere:
            return True
        return pmap is not None and address in self._by_space.get(pmap, ())

    def __contains__(self, address: int) -> bool:
        """Whether the emulator stops before the address, in whatever address space."""
        return address in self._exits

    @property
    def lowest(self) -> int:
        """The lowest of all addresses, a very high one if there is none."""
        spaces = (self._everywhere, *self._by_space.values())
        return min((min(addresses) for addresses in spaces if addresses), default=_NOWHERE)

    def apply(self) -> None:
        """Tells the emulator; translations made before have to be dropped."""
        self.changed = False
        self._exits = frozenset(self._everywhere.union(*self._by_space.values()))
        self._switch.remove()
        self._library.use_exits(self._engine, on=True)
        self._library.set_exits(self._engine, self._exits)
        if self._exits:
            self._switch.install()

    def switch_off(self) -> None:
        """Lets the emulator translate the instruction at a stop address, in runs that end at their ``until``."""
        self._wanted.value = self._switch.in_use.value = 0

    def switch_on(self) -> None:
        """Undoes that."""
        self._wanted.value = self._switch.in_use.value = 1


class _Switch:
    """What is put before ``stop_interrupt``: exit addresses are in use until a run's first exception.

    Attributes:
        in_use: The emulator's own word for whether they are (``uc_ctl`` does no more than to write it).
    """

    def __init__(self, library: api.Library, engine: int, wanted: ctypes.c_int) -> None:
        """Finds the places.

        Args:
            library: The emulator's library.
            engine: The emulator.
            wanted: Whether a run is to use the addresses at all.

        Raises:
            UserError: The build is unknown.
        """
        self._wanted = wanted
        self.in_use = ctypes.c_int.from_address(engine + _offset_of_use(library, engine))
        self._slot = ctypes.c_void_p.from_address(engine + _offset_of_interrupt(library, engine))
        original = self._slot.value
        assert original is not None
        self._original = api.INTERRUPT_CALLBACK(original)
        self._prove(library, engine)
        if knows_host():
            code = _SWITCH % {
                b"wanted": ctypes.addressof(wanted).to_bytes(8, "little"),
                b"in_use": (ctypes.addressof(self.in_use) - engine).to_bytes(4, "little"),
            }
            self._native = NativeFunction(code + jump(original))
            self._mine = self._native.pointer.value
        else:
            self._callback = api.INTERRUPT_CALLBACK(self._on_interrupt)
            self._mine = ctypes.cast(self._callback, ctypes.c_void_p).value

    def install(self) -> None:
        """Puts it there."""
        self._slot.value = self._mine

    def remove(self) -> None:
        """Takes it away."""
        self._slot.value = ctypes.cast(self._original, ctypes.c_void_p).value

    def _on_interrupt(self, engine: int, number: int) -> bool:
        self.in_use.value = self._wanted.value if number < 0 else 0
        return bool(self._original(engine, number))

    def _prove(self, library: api.Library, engine: int) -> None:
        """Makes a run in which nothing can be executed, and looks whether the function is called."""
        seen: list[int] = []

        def note(uc: int, number: int) -> bool:
            seen.append(number)
            return bool(self._original(uc, number))

        trial = api.INTERRUPT_CALLBACK(note)
        self._slot.value = ctypes.cast(trial, ctypes.c_void_p).value
        library.emu_start(engine, _NOWHERE, 0, 0, 0)
        self.remove()
        if len(seen) < 2 or seen[0] != -1 or seen[1] < 0:
            raise UserError(_UNKNOWN)


_UNKNOWN: Final = "this build of the Unicorn library keeps its functions in an unknown place"

_SWITCH: Final = (
    b"\x31\xc0"  # xor %%eax, %%eax
    b"\x85\xf6"  # test %%esi, %%esi
    b"\x79\x0c"  # jns .+14
    b"\x48\xba%(wanted)b"  # movabs $wanted, %%rdx
    b"\x8b\x02"  # mov (%%rdx), %%eax
    b"\x89\x87%(in_use)b"  # mov %%eax, in_use(%%rdi)
)
"""bool stop_interrupt(uc_engine *, int number), by the System V ABI; what follows is the original."""


def _offset_of_use(library: api.Library, engine: int) -> int:
    """Where in its structure the emulator notes whether exit addresses are in use."""
    words = (ctypes.c_int * (_STRUCTURE // 4)).from_address(engine)
    candidates = set(range(len(words)))
    for on in (False, True, False, True):
        library.use_exits(engine, on=on)
        candidates = {at for at in candidates if words[at] == on}
    if len(candidates) != 1:
        raise UserError(_UNKNOWN)
    return 4 * candidates.pop()


def _offset_of_interrupt(library: api.Library, engine: int) -> int:
    """Where in its structure the emulator has the address of ``stop_interrupt``."""
    words = (ctypes.c_uint64 * (_STRUCTURE // 8)).from_address(engine)
    found = [8 * at - _BEFORE_INIT_ARCH for at, word in enumerate(words) if word == library.init_arch]
    if len(found) != 1:
        raise UserError(_UNKNOWN)
    return found[0]
