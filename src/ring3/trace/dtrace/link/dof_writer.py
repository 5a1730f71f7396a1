"""Writes DOF: providers with their probes, and where these are in the functions of a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ring3.trace.dtrace import dof_format as dof
from ring3.trace.dtrace.nodes import ProbeDefinition, ProviderDefinition
from ring3.trace.dtrace.types import String, resolve

_LSB = 1
_VERSION = 2
_MODELS = {32: 1, 64: 2}
_REGISTERS = 8
_STABILITY = 5 << 24 | 5 << 16 | 5 << 8
"""Evolving, Evolving, Common: of who says nothing."""


class Instance(NamedTuple):
    """The tracepoints of one probe in one function: their offsets there, and those of questions whether it is on.

    Attributes:
        function: What the function is called.
        symbol: The symbol by which a linker finds it.
    """

    function: str
    symbol: str
    offsets: Sequence[int]
    questions: Sequence[int]


Instances = Mapping[tuple[str, str], Sequence[Instance]]
"""By provider and probe."""


class Reference(NamedTuple):
    """A number of 64 bits in the DOF that is to become the distance from there to a symbol."""

    offset: int
    symbol: str


class _Section(NamedTuple):
    type: int
    align: int
    entry: int
    data: bytes


class _Strings:
    """The table of strings, each once or, for those that have to follow each other, as often as they come."""

    def __init__(self) -> None:
        self.data = bytearray(1)
        self._known: dict[str, int] = {"": 0}

    def add(self, text: str) -> int:
        """The offset of a string."""
        if text not in self._known:
            self._known[text] = self.append([text])
        return self._known[text]

    def append(self, texts: Iterable[str]) -> int:
        """The offset of the first of strings that follow each other."""
        at = len(self.data)
        for text in texts:
            self.data += text.encode() + b"\0"
        return at


class _Writer:
    """One piece of DOF."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._strings = _Strings()
        self._sections = [_Section(dof.STRINGS, 1, 0, b"")]
        self._places: list[tuple[int, int, str]] = []

    def provider(self, provider: ProviderDefinition, instances: Instances) -> None:
        """Adds the sections of a provider."""
        probes, maps, offsets, questions, relocations = (bytearray() for _ in range(5))
        number = len(self._sections)
        for probe in provider.probes:
            name = self._strings.add(probe.shown_name)
            native = self._strings.append(map(_in_c, probe.native))
            translated = self._strings.append(map(_in_c, probe.translated))
            first = len(maps)
            maps += bytes(probe.mapping)
            for each in instances.get((provider.name, probe.shown_name), ()):
                self._places.append((number, len(probes), each.symbol))
                relocations += dof.RELOCATION.pack(
                    self._strings.add(each.symbol), dof.RELATIVE, len(probes), 0
                )
                function = self._strings.add(each.function)
                probes += _probe(each, probe, function, name, native, translated, first, offsets, questions)
        asked = number + 3 if questions else 0
        self._sections += [
            _Section(dof.PROBES, 8, dof.PROBE.size, bytes(probes)),
            _Section(dof.ARGUMENTS, 1, 1, bytes(maps)),
            _Section(dof.OFFSETS, 4, 4, bytes(offsets)),
            *([_Section(dof.QUESTIONS, 4, 4, bytes(questions))] if questions else []),
        ]
        of_name = self._strings.add(provider.name)
        fields = (0, number, number + 1, number + 2, of_name, *[_STABILITY] * 5, asked)
        behind = len(self._sections)
        self._sections += [
            _Section(dof.PROVIDER_SECTION, 4, 0, dof.PROVIDER.pack(*fields)),
            _Section(dof.RELOCATIONS, 8, dof.RELOCATION.size, bytes(relocations)),
            _Section(dof.USER_RELOCATION, 4, 0, dof.RELOCATION_HEADER.pack(0, behind + 1, number)),
        ]

    def finish(self) -> tuple[bytes, list[Reference]]:
        """The piece, and what a linker has to fill in."""
        self._sections[0] = self._sections[0]._replace(data=bytes(self._strings.data))
        start = dof.HEADER.size + dof.SECTION_HEADER.size * len(self._sections)
        headers, body, begins = bytearray(), bytearray(), []
        for kind, align, entry, data in self._sections:
            body += bytes(-(start + len(body)) % align)
            begins.append(start + len(body))
            headers += dof.SECTION_HEADER.pack(kind, align, dof.LOADED, entry, begins[-1], len(data))
            body += data
        body += bytes(-(start + len(body)) % 8)
        size = start + len(body)
        ident = dof.MAGIC + bytes((_MODELS[self._bits], _LSB, _VERSION, _VERSION, _REGISTERS, _REGISTERS))
        header = dof.HEADER.pack(
            ident, 0, dof.HEADER.size, dof.SECTION_HEADER.size, len(begins), dof.HEADER.size, size, size, 0
        )
        references = [Reference(begins[section] + at, symbol) for section, at, symbol in self._places]
        return bytes(header + headers + body), references


def write(
    providers: Iterable[ProviderDefinition], instances: Instances, bits: int
) -> tuple[bytes, list[Reference]]:
    """The DOF of providers, and what a linker has to fill in.

    Args:
        providers: What a script declares.
        instances: Where their probes are.
        bits: 64 or 32, of the program.
    """
    writer = _Writer(bits)
    for provider in providers:
        writer.provider(provider, instances)
    return writer.finish()


def _probe(
    instance: Instance,
    probe: ProbeDefinition,
    function: int,
    name: int,
    native: int,
    translated: int,
    first_map: int,
    offsets: bytearray,
    questions: bytearray,
) -> bytes:
    """One record; its offsets are added to the sections of those."""
    first, first_question = len(offsets) // 4, len(questions) // 4
    offsets += b"".join(place.to_bytes(4, "little") for place in instance.offsets)
    questions += b"".join(place.to_bytes(4, "little") for place in instance.questions)
    counts = len(probe.native), len(probe.translated), len(instance.offsets)
    asked = first_question, len(instance.questions)
    return dof.PROBE.pack(0, function, name, native, translated, first_map, first, *counts, *asked, 0, 0)


def _in_c(kind: object) -> str:
    """A type as C has it: D's strings are pointers."""
    return "char *" if isinstance(resolve(kind), String) else str(kind)  # type: ignore[arg-type]
