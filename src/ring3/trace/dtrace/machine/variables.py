"""Variables of the kernel that scripts name (`` `utsname ``, `` `mpid ``), with the values they would have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ring3.trace.dtrace.machine import described_rows as rows
from ring3.trace.dtrace.machine.described import Descriptions, packed
from ring3.trace.dtrace.types import Array, Integer, String, Type

if TYPE_CHECKING:
    from ring3.trace.dtrace.machine.types import SystemTypes

_INT: Final = Integer("int", 4, 3, signed=True)


class _Variable(NamedTuple):
    """A variable: its type, and its bytes now."""

    kind: Callable[[SystemTypes], Type]
    value: Callable[[Any, str], bytes]


def _utsname(kernel: Any, system: str) -> bytes:  # noqa: ANN401 - the kernel of either system
    if system == "solaris":
        release, version, machine, name = b"5.11", b"ring3-11", b"i86pc", b"SunOS"
    else:
        from ring3.linux.model.release import RELEASE, VERSION  # noqa: PLC0415 - one system of two

        release, version, machine, name = RELEASE.encode(), VERSION.encode(), b"x86_64", b"Linux"
    node = str(getattr(kernel, "hostname", "ring3")).encode()
    fields = {"sysname": name, "nodename": node, "release": release, "version": version, "machine": machine}
    return packed(rows.UTSNAME, dict(fields))


def _text(text: bytes) -> _Variable:
    return _Variable(lambda _types: String(rows.TEXT), lambda _kernel, _system: text.ljust(rows.TEXT, b"\0"))


def _int(value: Callable[[Any], int]) -> _Variable:
    return _Variable(lambda _types: _INT, lambda kernel, _system: value(kernel).to_bytes(4, "little"))


_VARIABLES: Final = {
    "utsname": _Variable(lambda types: types.struct(rows.UTSNAME), _utsname),
    "mpid": _int(lambda kernel: max(kernel.tasks, default=0)),
    "ncpus": _int(lambda _kernel: 1),
    "ncpus_online": _int(lambda _kernel: 1),
    "hp_avenrun": _Variable(lambda _types: Array(_INT, 3), lambda _kernel, _system: bytes(12)),
    "platform": _text(b"i86pc"),
    "architecture": _text(b"i386"),
}


class KernelVariables:
    """The variables of one kernel, each placed in memory when a program names it."""

    def __init__(
        self,
        kernel: Any,  # noqa: ANN401 - the kernel of either system
        system: str,
        descriptions: Descriptions,
        types: SystemTypes,
    ) -> None:
        self._kernel = kernel
        self._system = system
        self._descriptions = descriptions
        self._types = types
        self._found: dict[str, tuple[int, Type]] = {}

    def find(self, name: str) -> tuple[int, Type] | None:
        """The address and type of a variable, None for one that is not here."""
        variable = _VARIABLES.get(name)
        if variable is None:
            return None
        if name not in self._found:
            kernel, system = self._kernel, self._system
            address = self._descriptions.place_global(lambda: variable.value(kernel, system))
            self._found[name] = (address, variable.kind(self._types))
        return self._found[name]
