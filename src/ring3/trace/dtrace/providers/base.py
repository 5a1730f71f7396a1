"""The protocols between D and what it observes: providers of probes, and the system they are in.

A provider calls back with a `Context`; everything else a clause asks for (`pid`, `execname`, memory, stacks) it asks
the `Target`, by functions that are looked up once, when the clause is compiled.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Final, NamedTuple, Protocol, runtime_checkable

from ring3.trace.dtrace.errors import Fault, FaultKind
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type

ARGUMENTS = 10
"""How many arguments a context has: arg0 to arg9."""
NO_ARGUMENTS = (0,) * ARGUMENTS


class Context:
    """One firing of a probe: `arguments` are ten signed 64-bit integers."""

    __slots__ = ("arguments",)

    def __init__(self, arguments: Sequence[int] = NO_ARGUMENTS) -> None:
        self.arguments = arguments


Types = Callable[[TypeSpace], list[Type]]
"""Gives the types of `args[]`."""


class Probe:
    """A probe. Its `id` is given when it becomes known to a session."""

    __slots__ = ("function", "id", "module", "name", "provider", "types")

    def __init__(
        self,
        provider: str,
        module: str,
        function: str,
        name: str,
        *,
        types: Types | None = None,
    ) -> None:
        """Name a probe.

        Args:
            provider: Its provider.
            module: The module it is in; may be empty, as all names but the last.
            function: The function it is in.
            name: What happens there.
            types: Gives the types of `args[]`.
        """
        self.id = 0
        self.provider = provider
        self.module = module
        self.function = function
        self.name = name
        self.types = types

    def argument_types(self, types: TypeSpace) -> list[Type]:
        """The types of `args[]`."""
        return self.types(types) if self.types else []

    def __str__(self) -> str:
        return f"{self.provider}:{self.module}:{self.function}:{self.name}"


Fire = Callable[[Context], None]
"""What a provider calls when its probe fires."""


class Description(NamedTuple):
    """What a clause asks for: four globs, or the number of a probe."""

    provider: str = ""
    module: str = ""
    function: str = ""
    name: str = ""
    number: int | None = None

    def __str__(self) -> str:
        if self.number is not None:
            return str(self.number)
        return ":".join(self[:4])


class Provider(Protocol):
    """A source of probes."""

    name: str

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches; some providers make them on demand."""

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Call `fire` whenever the probe is passed; returns what undoes it."""


@runtime_checkable
class Growing(Protocol):
    """A provider whose probes become more while they are enabled, as programs start and load objects."""

    def watch(self, descriptions: Sequence[Description], changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever descriptions may match more than before; returns what ends it."""


_GLOB: Final = frozenset("*?[\\")
"""What makes a name a pattern."""


@lru_cache(1024)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for D's globs (`*`, `?`, `[set]`, `[!set]`, and a backslash); an empty pattern takes anything."""
    if not pattern or pattern == "*":
        return lambda _text: True
    if _GLOB.isdisjoint(pattern):
        return lambda text: text == pattern
    compiled = re.compile(translate(pattern.replace("\\", "")))
    return lambda text: compiled.match(text) is not None


def select(description: Description, probes: Iterable[Probe]) -> list[Probe]:
    """Those of the probes that a description matches."""
    if description.number is not None:
        return [probe for probe in probes if probe.id == description.number]
    tests = [matcher(pattern) for pattern in description[:4]]
    return [
        probe
        for probe in probes
        if tests[3](probe.name)
        and tests[2](probe.function)
        and tests[1](probe.module)
        and tests[0](probe.provider)
    ]


class ProbeTable:
    """Many probes, of which those of one function are found without a look at the others."""

    def __init__(self, probes: Iterable[Probe]) -> None:
        """Have the probes, in their order."""
        self._probes = list(probes)
        self._by_function: dict[str, list[Probe]] = {}
        for probe in self._probes:
            self._by_function.setdefault(probe.function, []).append(probe)

    def select(self, description: Description) -> list[Probe]:
        """Those that a description matches."""
        function = description.function
        is_one = description.number is None and function and _GLOB.isdisjoint(function)
        return select(description, self._by_function.get(function, ()) if is_one else self._probes)


class Clock(Protocol):
    """Time, and what happens at a time."""

    def now(self) -> int:
        """Nanoseconds that only grow."""

    def wall(self) -> int:
        """Nanoseconds since 1970."""

    def every(self, interval: int, call: Callable[[], None]) -> Callable[[], None]:
        """Call something every `interval` nanoseconds; returns what ends it."""


class Stack(NamedTuple):
    """A stack: addresses, the innermost first, and whose they are (0: the kernel's)."""

    frames: tuple[int, ...]
    process: int = 0


class Target(Protocol):
    """The system that is traced, at the moment a probe fires; `system` is `linux` or `solaris`."""

    system: str

    def reader(self, variable: str) -> Callable[[Context], int | bytes]:
        """A function for a built-in variable (`pid`, `execname`, `errno`, `curthread`)."""

    def thread(self) -> Hashable:
        """Whose thread-local variables are meant."""

    def read(self, address: int, size: int) -> bytes:
        """Kernel memory.

        Raises:
            Fault: BADADDR.
        """

    def copyin(self, address: int, size: int) -> bytes:
        """Memory of the current process.

        Raises:
            Fault: BADADDR.
        """

    def copyout(self, address: int, data: bytes) -> None:
        """Write to memory of the current process.

        Raises:
            Fault: BADADDR.
        """

    def kernel_stack(self, context: Context, limit: int) -> Stack:
        """Where the kernel is, the caller of the probed function first."""

    def user_stack(self, context: Context, limit: int) -> Stack:
        """Where the current process is."""

    def kernel_symbol(self, name: str) -> tuple[int, Type | None] | None:
        """The address and the type of a kernel symbol (`name` or "module`name")."""

    def name_of(self, address: int, process: int) -> tuple[str, str, int] | None:
        """Module, symbol and offset of an address of the kernel (process 0) or of a process; None if unknown."""

    def register(self, context: Context, number: int) -> int:
        """A register of the current process, by its number in `registers`."""

    def signal(self, number: int) -> None:
        """Send a signal to the current process."""

    def stop(self) -> None:
        """Stop the current process."""

    def chill(self, nanoseconds: int) -> None:
        """Let time pass with nothing else happening."""

    def find_type(self, name: str, module: str) -> Type | None:
        """A type of the system, by its name in C."""

    def translators(self) -> str:
        """The translators that come with the system's types, in D."""


class NoTarget:
    """A system of which nothing is known: what BEGIN sees when no program runs."""

    system = "linux"

    def __init__(self, process: int = 0) -> None:
        """Take the number `pid` gives."""
        self._values: dict[str, int | bytes] = {"pid": process, "tid": process or 1, "execname": b"dtrace"}
        self._values |= {"ppid": os.getppid(), "uid": os.getuid(), "gid": os.getgid()}
        self._values |= dict.fromkeys(("cwd", "root"), b"/") | {"zonename": b"global"}

    def reader(self, variable: str) -> Callable[[Context], int | bytes]:
        """A constant."""
        value = self._values.get(variable, 0)
        return lambda _context: value

    def thread(self) -> Hashable:
        """One thread."""
        return 0

    def read(self, address: int, size: int) -> bytes:
        """There is no memory."""
        del size
        raise Fault(FaultKind.BADADDR, address)

    def copyin(self, address: int, size: int) -> bytes:
        """There is no memory."""
        return self.read(address, size)

    def copyout(self, address: int, data: bytes) -> None:
        """There is no memory."""
        self.read(address, len(data))

    def kernel_stack(self, context: Context, limit: int) -> Stack:
        """Empty."""
        del context, limit
        return Stack(())

    def user_stack(self, context: Context, limit: int) -> Stack:
        """Empty."""
        del context, limit
        return Stack(())

    def kernel_symbol(self, name: str) -> tuple[int, Type | None] | None:
        """None."""
        del name
        return None

    def name_of(self, address: int, process: int) -> tuple[str, str, int] | None:
        """None."""
        del address, process
        return None

    def register(self, context: Context, number: int) -> int:
        """Zero."""
        del context, number
        return 0

    def signal(self, number: int) -> None:
        """Nobody gets it."""

    def stop(self) -> None:
        """Nobody stops."""

    def chill(self, nanoseconds: int) -> None:
        """Nothing else happens anyway."""

    def find_type(self, name: str, module: str) -> Type | None:
        """None."""
        del name, module
        return None

    def translators(self) -> str:
        """None."""
        return ""
