"""Variables of the kernel that scripts name (`` `utsname ``, `` `mpid ``), with the values they would have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ring3.trace.dtrace.machine import described_rows as rows
from ring3.trace.dtrace.machine.described import Descriptions, packed, pid_address, vnode_address
from ring3.trace.dtrace.machine.facts import DEFAULT_PRIO
from ring3.trace.dtrace.machine.outsiders import INIT
from ring3.trace.dtrace.types import Array, Integer, Pointer, String, Type

if TYPE_CHECKING:
    from ring3.abi.structs import Struct as Row
    from ring3.trace.dtrace.machine.types import SystemTypes

_CHAR: Final = Integer("char", 1, 1, signed=True)
_INT: Final = Integer("int", 4, 3, signed=True)
_ULONG: Final = Integer("unsigned long", 8, 4, signed=False)
_PAGE: Final = 4096
_TICK: Final = 10_000_000
"""Nanoseconds of a tick of the kernel's clock, of which there are 100 a second."""


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


def _integer(kind: Integer, value: Callable[[Any], int]) -> _Variable:
    return _Variable(
        lambda _types: kind,
        lambda kernel, _system: (value(kernel) & (1 << 8 * kind.size) - 1).to_bytes(kind.size, "little"),
    )


def _int(value: Callable[[Any], int]) -> _Variable:
    return _integer(_INT, value)


def _long(value: Callable[[Any], int]) -> _Variable:
    return _integer(_ULONG, value)


def _text(text: bytes) -> _Variable:
    return _Variable(lambda _types: String(rows.TEXT), lambda _kernel, _system: text.ljust(rows.TEXT, b"\0"))


def _struct(row: Row) -> _Variable:
    """A lock that nobody holds, or whatever else is zero."""
    return _Variable(lambda types: types.struct(row), lambda _kernel, _system: packed(row, {}))


def _pointer(row: Row, address: Callable[[Any], int]) -> _Variable:
    return _Variable(
        lambda types: Pointer(types.struct(row)),
        lambda kernel, _system: address(kernel).to_bytes(8, "little"),
    )


def _characters(value: Callable[[Any], str]) -> _Variable:
    return _Variable(
        lambda _types: Array(_CHAR, rows.TEXT),
        lambda kernel, _system: value(kernel).encode().ljust(rows.TEXT, b"\0"),
    )


def _banner(kernel: Any) -> str:  # noqa: ANN401 - the kernel of either system
    from ring3.linux.proc.system import version  # noqa: PLC0415 - one system of two

    return version(kernel)


def _free(kernel: Any) -> int:  # noqa: ANN401
    ram = kernel.machine.ram
    return len(ram.free) + (int(ram.size) - int(ram.fresh)) // _PAGE


def _pages(kernel: Any) -> int:  # noqa: ANN401
    return int(kernel.machine.ram.size) // _PAGE


def _ticks(kernel: Any) -> int:  # noqa: ANN401
    return int(kernel.clocks.monotonic()) // _TICK


_COMMON: Final = {
    "architecture": _text(b"i386"),
    "availrmem": _long(_pages),
    "freemem": _long(_free),
    "hp_avenrun": _Variable(lambda _types: Array(_INT, 3), lambda _kernel, _system: bytes(12)),
    "mpid": _int(lambda kernel: max(kernel.tasks, default=0)),
    "ncpus": _int(lambda _kernel: 1),
    "ncpus_online": _int(lambda _kernel: 1),
    "physinstalled": _long(_pages),
    "physmem": _long(_pages),
    "platform": _text(b"i86pc"),
    "utsname": _Variable(lambda types: types.struct(rows.UTSNAME), _utsname),
}
"""What scripts of either system ask for that are run on both."""
_LINUX: Final = {
    "bpf_verifier_lock": _struct(rows.KMUTEX),
    "cad_pid": _pointer(rows.PID, lambda _kernel: pid_address(INIT.tid)),
    "crashing_cpu": _int(lambda _kernel: -1),
    "init_task": _Variable(
        lambda types: types.struct(rows.KTHREAD),
        lambda _kernel, _system: packed(rows.KTHREAD, {"comm": b"swapper/0", "prio": DEFAULT_PRIO}),
    ),
    "jiffies": _long(_ticks),
    "jiffies_64": _long(_ticks),
    "linux_banner": _characters(_banner),
    "max_low_pfn": _long(_pages),
    "max_pfn": _long(_pages),
    "nr_cpu_ids": _int(lambda _kernel: 1),
    "nr_threads": _int(lambda kernel: len(kernel.tasks)),
    "pid_max": _int(lambda _kernel: 32768),
    "saved_command_line": _characters(lambda _kernel: ""),
    "tasklist_lock": _struct(rows.RWLOCK),
}
_SOLARIS: Final = {
    "cpu_lock": _struct(rows.KMUTEX),
    "dtrace_zero": _Variable(lambda _types: Array(_CHAR, 256), lambda _kernel, _system: bytes(256)),
    "hz": _int(lambda _kernel: 100),
    "kmem_flags": _int(lambda _kernel: 0),
    "lbolt": _long(_ticks),
    "max_cpuid": _int(lambda _kernel: 0),
    "max_ncpus": _int(lambda _kernel: 1),
    "maxpid": _int(lambda _kernel: 30000),
    "nproc": _int(lambda kernel: len({task.process for task in kernel.tasks.values()})),
    "pidlock": _struct(rows.KMUTEX),
    "rootdir": _pointer(rows.VNODE, lambda _kernel: vnode_address(INIT.tid)),
    "rootvp": _pointer(rows.VNODE, lambda _kernel: vnode_address(INIT.tid)),
    "vfssw_lock": _struct(rows.RWLOCK),
}
_VARIABLES: Final = {"linux": _COMMON | _SOLARIS | _LINUX, "solaris": _COMMON | _SOLARIS}
"""Linux's, too, have what scripts of Solaris ask for: such a script runs on both."""


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

    def name_of(self, address: int) -> tuple[str, int] | None:
        """The variable at an address, and how far into it that is."""
        for name, (start, kind) in self._found.items():
            if start <= address < start + kind.size:
                return name, address - start
        return None

    def find(self, name: str) -> tuple[int, Type] | None:
        """The address and type of a variable, None for one that is not here."""
        variable = _VARIABLES[self._system].get(name)
        if variable is None:
            return None
        if name not in self._found:
            kernel, system = self._kernel, self._system
            address = self._descriptions.place_global(lambda: variable.value(kernel, system))
            self._found[name] = (address, variable.kind(self._types))
        return self._found[name]
