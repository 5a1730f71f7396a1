"""Kernel symbols: names to addresses and back, with the module each belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator


class SymbolTable:
    """The symbols of one kernel.

    Several names may share an address (Linux 3.13's ``system_call`` and today's ``entry_SYSCALL_64``): both are found,
    the first one added is what the address is called. Where a kernel names modules, a symbol is also found with its
    module in front, as mdb writes it: ``genunix`modctl``.
    """

    def __init__(self) -> None:
        self._address: dict[str, int] = {}
        self._scoped: dict[str, int] = {}
        self._name: dict[int, str] = {}
        self._size: dict[int, int] = {}
        self._module: dict[int, str] = {}
        self._order: list[int] = []
        """All addresses, rising; shorter than the names by those added since somebody asked by address."""

    def add(self, name: str, address: int, size: int = 0, module: str = "") -> None:
        """Adds a symbol; ``size`` in bytes, 0 if unknown."""
        self._address[name] = address
        if module:
            self._scoped[f"{module}`{name}"] = address
        if address not in self._name:
            self._name[address] = name
            self._size[address] = size
            self._module[address] = module

    def __getitem__(self, name: str) -> int:
        """The address of a symbol.

        Raises:
            KeyError: There is none of that name.
        """
        return self._scoped[name] if "`" in name else self._address[name]

    def __contains__(self, name: str) -> bool:
        return name in self._address or name in self._scoped

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._address.items())

    def get(self, name: str) -> int | None:
        """The address of a symbol, or None."""
        return self._scoped.get(name) if "`" in name else self._address.get(name)

    def covers(self, name: str, address: int) -> bool:
        """Whether an address lies in what a symbol names."""
        start = self[name]
        return start <= address < start + self._size[start]

    def name(self, address: int) -> str | None:
        """The symbol exactly at an address, or None."""
        return self._name.get(address)

    def module(self, address: int) -> str:
        """The module of the symbol that covers an address, "" if it has none."""
        base = self._base(address)
        return "" if base is None else self._module[base]

    def at(self, address: int) -> tuple[str, int, int, str] | None:
        """The symbol that covers an address: name, address, size (0 if unknown) and module; None for none."""
        base = self._base(address)
        return None if base is None else (self._name[base], base, self._size[base], self._module[base])

    def describe(self, address: int) -> str:
        """An address as ``symbol``, ``symbol+0x1d`` or, outside all symbols, a plain number."""
        base = self._base(address)
        if base is None:
            return f"{address:#x}"
        name = f"{self._module[base]}`{self._name[base]}" if self._module[base] else self._name[base]
        return name if base == address else f"{name}+{address - base:#x}"

    def _base(self, address: int) -> int | None:
        if len(self._order) < len(self._name):
            self._order = sorted(self._name)
        position = bisect_right(self._order, address)
        if not position:
            return None
        base = self._order[position - 1]
        size = self._size[base]
        return base if address - base < (size or 0x1000) else None
