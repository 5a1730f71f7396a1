"""Kernel functions by name: what a reader of the real kernel expects between a call and its work.

A Python function is given the name, module and C signature that the real kernel has for it::

    @function("ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)",
              calls={"rw_verify_area"})
    def vfs_read(file: File, ...) -> int: ...

The decorator registers a row and gives the function back unchanged: nothing is between a caller and it. What watches it
puts itself into the function's code (`kernel.trampoline`), so that every binding of it sees that, however imported.
"""

from __future__ import annotations

from _thread import _local
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

if TYPE_CHECKING:
    from types import FunctionType

    from ring3.kernel.core import Kernel


class KernelFunction:
    """A function of the kernel: the row that symbols, probes and stacks read.

    Attributes:
        name: Its name, that of its symbol.
        module: The module it is in.
        function: What does its work.
        signature: Its C declaration, "" where the annotations of ``function`` say it.
        calls: The functions it calls by name, each with the offset of the return address behind the call in its machine
            code; None for wherever the image puts it.
    """

    __slots__ = ("__dict__", "calls", "function", "module", "name", "signature")

    def __init__(
        self,
        name: str,
        module: str,
        function: Callable[..., object],
        signature: str = "",
        calls: Mapping[str, int | None] | Collection[str] = (),
    ) -> None:
        self.name = name
        self.module = module
        self.function = cast("FunctionType", function)
        self.signature = signature
        self.calls: Mapping[str, int | None] = calls if isinstance(calls, Mapping) else dict.fromkeys(calls)

    @property
    def key(self) -> str:
        """Its name with that of its module, such as ``genunix`modctl``: what a table has it by."""
        return f"{self.module}`{self.name}"

    def __repr__(self) -> str:
        return f"<{self.key}>"


Row = TypeVar("Row", bound=KernelFunction)


class FunctionTable(Generic[Row]):
    """The functions of one system's kernel, by key; a name alone finds one too where no other module has it."""

    def __init__(self, module: str) -> None:
        """Makes an empty table.

        Args:
            module: Where functions are that do not say otherwise.
        """
        self.module: Final = module
        self._rows: dict[str, Row] = {}

    def add(self, row: Row) -> None:
        """Adds a row.

        Raises:
            ValueError: There is one of that key.
        """
        if row.key in self._rows:
            raise ValueError(f"{row.key} is defined already")
        self._rows[row.key] = row

    def __getitem__(self, name: str) -> Row:
        """The row of a key, or of a name in the table's own module or else in the only one that has it.

        Raises:
            KeyError: There is none, or more than one.
        """
        row = self._rows.get(name) or self._rows.get(f"{self.module}`{name}")
        if row is not None:
            return row
        found = [row for row in self._rows.values() if row.name == name]
        if len(found) != 1:
            raise KeyError(name)
        return found[0]

    def get(self, key: str) -> Row | None:
        """The row of a key, None if there is none."""
        return self._rows.get(key)

    def copy(self) -> FunctionTable[Row]:
        """A table with the same rows, to which others can be added."""
        copy = FunctionTable[Row](self.module)
        copy._rows.update(self._rows)
        return copy

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)


LINUX: Final[FunctionTable[KernelFunction]] = FunctionTable("vmlinux")
"""Linux's functions, as far as the modules are imported that define them (`linux.functions.load` imports all)."""

F = TypeVar("F", bound=Callable[..., object])


def function(
    signature: str, *, module: str = LINUX.module, calls: Mapping[str, int | None] | Collection[str] = ()
) -> Callable[[F], F]:
    """Gives a function its place among those of Linux; the function itself stays what it is.

    It is for code of every room, also where other systems run it too.

    Args:
        signature: Its C declaration, as in the source of Linux, on one line; its name there is that of the Python
            function.
        module: The module it is in.
        calls: The functions it calls by name, see `KernelFunction`.

    Raises:
        ValueError: A function of that name is defined already, or the declaration is of another one.
    """

    def define(body: F) -> F:
        name = body.__name__
        if f"{name}(" not in signature:
            raise ValueError(f"{signature}: not a declaration of {name}")
        LINUX.add(KernelFunction(name, module, body, signature, calls))
        return body

    return define


class _Running(_local):
    """What runs in this thread of the host: the kernel whose functions are being called."""

    is_state = False
    kernel: Kernel[Any] | None = None


RUNNING: Final = _Running()
