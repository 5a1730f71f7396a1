"""The types of a system that is debugged: C's own, the structs of its rows, and those of its kernel's headers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from ring3.debug.mdb.types.catalog import intrinsics
from ring3.debug.mdb.types.declarations import DeclarationParser
from ring3.resources import read_text
from ring3.trace.dtrace.machine.types import SystemTypes
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type


class KernelTypes:
    """What structs, typedefs and variables of a kernel there are.

    Attributes:
        variables: The types of variables, once the header has been read.
    """

    def __init__(self, system: str, bits: int = 64) -> None:
        """Knows none yet.

        Args:
            system: ``linux`` or ``solaris``.
            bits: The data model.
        """
        self._system = system
        self.variables: dict[str, Type] = {}
        self._bits = bits
        self._rows = SystemTypes(system)
        self._space = TypeSpace(bits=bits)

    @cached_property
    def _declared(self) -> dict[str, Type]:
        """The types of the header, and those it stands on."""
        known: dict[str, Type] = intrinsics(self._bits)
        text = read_text(f"debug/mdb/types/{self._system}.h")

        def find(name: str) -> Type | None:
            return known.get(name) or self._rows.find(name) or self._space.find(name)

        parser = DeclarationParser(text, find, known.__setitem__, self._bits // 8, self.variables.__setitem__)
        parser.parse()
        return known

    def find(self, name: str) -> Type | None:
        """A type by its name in C."""
        return self._declared.get(name) or self._rows.find(name) or self._space.find(name)

    def of_variable(self, name: str) -> Type | None:
        """The type of a variable of the kernel."""
        assert self._declared
        return self.variables.get(name)

    def names(self) -> Iterable[str]:
        """The names that headers have."""
        return self._declared
