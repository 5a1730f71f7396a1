"""Providers that programs bring along (USDT): `NAME<pid>:OBJECT:FUNCTION:probe`.

Tracepoints of all objects that a process has mapped are found by `stapsdt` and `dof`; a probe is all places of one name
in one function. Who listens is counted in a semaphore, or told where a program asks.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ring3.abi import elf
from ring3.abi.errno import Errno
from ring3.kernel import points
from ring3.machine.registers import Gpr
from ring3.trace.dtrace import dof_format
from ring3.trace.dtrace.machine import dof, growth, stapsdt
from ring3.trace.dtrace.machine.objects import File, MappedObject, objects_of
from ring3.trace.dtrace.machine.pid import CpuRegisters
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, matcher
from ring3.trace.user_symbols import UserSymbols

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import MappingChanged
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.task import Task
    from ring3.trace.dtrace.machine.tracepoints import Argument, Tracepoint
    from ring3.trace.dtrace.type_space import TypeSpace
    from ring3.trace.dtrace.types import Type

_CARRIED: Final = tuple(name.encode() + b"\0" for name in (stapsdt.SECTION, dof_format.SECTION))
_MAY_END_IN_NUMBER: Final = re.compile(r".*[0-9*?\]]|")


_IS_OF_PROCESSES: Final = re.compile(r"(?!pid|tick|profile)\w.*[0-9*?\]]")
"""A name that providers of several processes can have, or that of one."""


class _Place(NamedTuple):
    """A tracepoint in a process."""

    mm: Mm
    bias: int
    point: Tracepoint


class UsdtProvider:
    """The tracepoints of the processes that are alive."""

    name = "usdt"

    def __init__(self, kernel: Kernel[Any]) -> None:
        """Probe the programs on a kernel."""
        self._kernel = kernel
        self._registers = CpuRegisters(kernel)
        self._symbols = UserSymbols(kernel)
        self._files: dict[File, list[Tracepoint]] = {}
        self._probes: dict[tuple[str, str, str, str], Probe] = {}
        self._places: dict[Probe, list[_Place]] = {}

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches, which may have a name as the program writes it, with `__` for a dash."""
        if not _MAY_END_IN_NUMBER.fullmatch(description.provider):
            return []
        of_provider, of_module, of_function = (matcher(text) for text in description[:3])
        of_name = matcher(description.name.replace("__", "-"))
        found: dict[Probe, None] = {}
        for number, mm in self._processes():
            if description.provider[-1:].isdigit() and not description.provider.endswith(str(number)):
                continue
            for mapped in objects_of(mm):
                for point in self._of_file(mapped.file):
                    provider = f"{point.provider}{number}"
                    if of_provider(provider) and of_module(mapped.name) and of_name(point.name):
                        probe = self._probe(provider, mm, mapped, point)
                        if of_function(probe.function):
                            found[probe] = None
        return list(found)

    def watch(self, descriptions: Sequence[Description], changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` when processes come or load objects, if a description is of programs' own providers."""
        if any(_IS_OF_PROCESSES.fullmatch(description.provider) for description in descriptions):
            return growth.watch(self._kernel, changed)
        return lambda: None

    def _processes(self) -> Iterator[tuple[int, Mm]]:
        """The processes that are alive, once for each address space."""
        seen: set[Mm] = set()
        for number, task in sorted(self._kernel.tasks.items()):
            if task.mm is not None and task.mm not in seen:
                seen.add(task.mm)
                yield number, task.mm

    def _of_file(self, file: File) -> list[Tracepoint]:
        if file not in self._files:
            self._files[file] = list(_tracepoints(bytes(file.read(0, file.size))))
        return self._files[file]

    def _probe(self, provider: str, mm: Mm, mapped: MappedObject, point: Tracepoint) -> Probe:
        address = point.address + mapped.bias
        function = point.function or self._symbols.describe(mm, address).partition("+")[0]
        key = (provider, mapped.name, function, point.name)
        probe = self._probes.get(key)
        if probe is None:
            probe = self._probes[key] = Probe(*key, types=lambda space: self._types(probe, space))
            self._places[probe] = []
        place = _Place(mm, mapped.bias, point)
        if place not in self._places[probe]:
            self._places[probe].append(place)
        return probe

    def _types(self, probe: Probe | None, space: TypeSpace) -> list[Type]:
        """The types of `args[]`: those of the first place that tells something."""
        assert probe is not None
        told = next((place.point.arguments for place in self._places[probe] if place.point.arguments), ())
        return [type_named(argument.type, space) for argument in told]

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at all places of a probe; the program is told that somebody listens."""
        undo: list[Callable[[], object]] = []
        for place in self._places[probe]:
            undo.append(self._answer(place) if place.point.asks else self._fire_at(place, fire))
            if place.point.semaphore:
                undo.append(self._listen(place.mm, place.point.semaphore + place.bias))

        def leave() -> None:
            for each in undo:
                each()

        return leave

    def _fire_at(self, place: _Place, fire: Fire) -> Callable[[], object]:
        mm, bias, point = place
        registers, arguments = self._registers, point.arguments

        def at(task: Task, _address: int) -> None:
            values = [_value(argument, registers, mm, bias) for argument in arguments]
            context = TaskContext(padded(values), task)
            context.registers = registers
            fire(context)

        return self._kernel.probes.attach(points.Address(point.address + bias, mm), at).detach

    def _listen(self, mm: Mm, semaphore: int) -> Callable[[], object]:
        """Counts one listener more, as soon as the memory is mapped, until what comes back is called."""
        if _count(mm, semaphore, 1):
            return lambda: _count(mm, semaphore, -1)
        counted = False

        def mapped(event: MappingChanged) -> None:
            nonlocal counted
            if not counted and event.space is mm:
                counted = _count(mm, semaphore, 1)

        waiting = self._kernel.probes.attach(points.Mapping(), mapped)

        def leave() -> None:
            waiting.detach()
            if counted:
                _count(mm, semaphore, -1)

        return leave

    def _answer(self, place: _Place) -> Callable[[], object]:
        """Behind the instruction that has cleared the accumulator, has it be 1."""
        cpu = self._kernel.machine.cpu

        def at(_task: Task, _address: int) -> None:
            cpu.set_gpr(Gpr.RAX, 1)

        return self._kernel.probes.attach(
            points.Address(place.point.address + place.bias, place.mm), at
        ).detach


def _value(argument: Argument, registers: CpuRegisters, mm: Mm, bias: int) -> int:
    """An argument; 0 where the memory that it is in is not there."""
    try:
        return argument.read(registers, mm.peek, bias)
    except Errno:
        return 0


def _count(mm: Mm, semaphore: int, step: int) -> bool:
    """Counts so many listeners more; whether the memory is there."""
    try:
        now = int.from_bytes(mm.peek(semaphore, 2), "little")
        mm.write(semaphore, ((now + step) & 0xFFFF).to_bytes(2, "little"))
    except Errno:
        return False  # the process has ended, has become another program, or has not mapped it yet
    return True


def _tracepoints(raw: bytes) -> Iterator[Tracepoint]:
    """The tracepoints of a file; what is damaged of them is left out."""
    if not any(name in raw for name in _CARRIED):
        return
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 - few files have tracepoints
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    @cache
    def symbols() -> dict[str, int]:
        kinds = (elf.SHT_DYNSYM, elf.SHT_SYMTAB)
        return {symbol.name: symbol.value for kind in kinds for symbol in elf.symbols(raw, kind)}

    try:
        file = ELFFile(io.BytesIO(raw))
        yield from stapsdt.tracepoints(file, symbols)
        carried = file.get_section_by_name(dof_format.SECTION)
        if carried is not None:
            yield from dof.tracepoints(carried.data(), file.elfclass, carried["sh_addr"])
    except (ELFError, ValueError, IndexError):
        return


def type_named(text: str, space: TypeSpace) -> Type:
    """The type of a name in C (`const char *`, `int`); one that is not known is an integer of 64 bits."""
    stem = text.rstrip("* ")
    words = [word for word in stem.split() if word not in ("const", "volatile")]
    found = space.find(" ".join(words)) or (space.void if "*" in text else space.integer(8, signed=True))
    for _ in range(text.count("*")):
        found = space.pointer(found)
    return found
