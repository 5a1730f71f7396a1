"""A kernel that is up, looked at from outside: ``mdb -k``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ring3.debug.mdb.targets.base import MappedObject, Symbol
from ring3.debug.mdb.targets.live import LiveTarget

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel


class KernelTarget(LiveTarget):
    """The kernel of a machine."""

    is_kernel = True

    def __init__(self, kernel: Kernel[Any], system: str, close: Any = None) -> None:  # noqa: ANN401
        """Looks at a kernel.

        Args:
            kernel: The kernel.
            system: ``linux`` or ``solaris``.
            close: Called when the target is given up.
        """
        super().__init__(kernel, system)
        self._close = close

    def symbol(self, name: str) -> Symbol | None:
        """A symbol of the kernel."""
        return self.kernel_symbol(name)

    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol at an address."""
        return self.kernel_symbol_at(address)

    def symbols(self, object_name: str = "") -> Iterable[Symbol]:
        """All symbols, or a module's."""
        table = self.kernel.image.symbols
        return (s for s in self.kernel_symbols() if not object_name or table.module(s.value) == object_name)

    def whatis(self, address: int) -> list[str]:
        """What lies at an address."""
        return self.kernel_whatis(address)

    def objects(self) -> list[MappedObject]:
        """The modules that have symbols: from the first to the last."""
        ranges: dict[str, list[int]] = {}
        for symbol in self.kernel_symbols():
            module = self.kernel.image.symbols.module(symbol.value) or "vmlinux"
            ranges.setdefault(module, []).append(symbol.value + symbol.size)
        return [MappedObject(min(ends), max(ends) - min(ends), name) for name, ends in sorted(ranges.items())]

    def mappings(self) -> list[MappedObject]:
        """The same."""
        return self.objects()

    def status(self) -> list[str]:
        """Which kernel it is."""
        _name, host, release, version, machine = names_of(self)
        return [
            f"debugging live kernel (64-bit) on {host}",
            f"operating system: {release} {version} ({machine})",
        ]

    def close(self) -> None:
        """Switches the machine off, if it is this target's."""
        if self._close is not None:
            self._close()


def names_of(target: LiveTarget) -> tuple[str, str, str, str, str]:
    """What uname(2) says on a machine: system, host, release, version, machine."""
    if target.system == "solaris":
        from ring3.solaris.uname import NAMES  # noqa: PLC0415 - the other system is not imported

        return NAMES
    from ring3.linux.model.release import RELEASE, VERSION  # noqa: PLC0415 - as above

    return "Linux", "ring3", RELEASE, VERSION, "x86_64"
