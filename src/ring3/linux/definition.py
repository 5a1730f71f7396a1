"""How a system call is defined: the counterpart of SYSCALL_DEFINE0 to SYSCALL_DEFINE6.

One typed Python function, named as the ``.tbl`` file names its entry point, gives the layers that Linux's macro
(arch/x86/include/asm/syscall_wrapper.h, include/linux/syscalls.h) makes of it::

    @syscall("full")
    def sys_write(task: Task, fd: FdArg, buf: BufferIn, count: SizeT) -> int: ...

    __x64_sys_write(task, regs)              the stub's function: takes pt_regs apart: rdi rsi rdx r10 r8 r9
    __ia32_sys_write(task, regs)             the same for 32-bit callers: ebx ecx edx esi edi ebp
    __se_sys_write(task, fd, buf, count)     takes longs, casts each to its C type
    __do_sys_write(task, fd, buf, count)     the function itself

A call of 32-bit programs that differs from another in width only is the same function, told the width::

    @syscall("full", compat_sys_getrusage=32)
    def sys_getrusage(task: Task, who: Int, ru: Pointer, *, bits: int = 64) -> int: ...

The layers are Python source, expanded from the signature and compiled when the call is first made. A handler gets
the calling task first. It returns the result, raises `Errno`, or is a coroutine if it can block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Literal

from ring3.abi.c_types import COMPAT
from ring3.kernel.signature import Handler, Parameter, Result, Support, parameters_of

if TYPE_CHECKING:
    from ring3.kernel.task import Task

Layer = Callable[..., Result]

X64_REGISTERS: Final = ("di", "si", "dx", "r10", "r8", "r9")
IA32_REGISTERS: Final = ("bx", "cx", "dx", "si", "di", "bp")


class Syscall:
    """One call: the row that dispatch, strace, the headers and the documentation read.

    Attributes:
        entry: The entry point's name in the ``.tbl`` file, such as ``sys_write`` or ``compat_sys_ioctl``.
        function: The handler.
        support: How much of the call is there.
        note: What is missing, or anything else a user must know.
        bits: What a function of several widths is told, as ``bits``; None for one that has no such argument.
    """

    def __init__(
        self, entry: str, function: Handler, support: Support, note: str, bits: int | None = None
    ) -> None:
        self.entry = entry
        self.function = function
        self.support = support
        self.note = note
        self.bits = bits

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The arguments, in order; a compatibility entry point that shares its function has the types of 32 bits.

        Raises:
            TypeError: The signature has an argument without a C type, or more than six.
        """
        found = parameters_of(self.function, self.entry)
        if self.bits is None or not self.entry.startswith("compat_"):
            return found
        return tuple(Parameter(name, COMPAT.get(kind, kind)) for name, kind in found)

    @property
    def handler(self) -> Handler:
        """What the layers call: the function, told its width."""
        return self.function if self.bits in {None, 64} else partial(self.function, bits=self.bits)

    @cached_property
    def source(self) -> str:
        """Python source of the layers, as the macro expands to C."""
        names = [parameter.name for parameter in self.parameters]
        takes = "".join(f", {name}" for name in names)
        casts = "".join(
            f", {parameter.type.cast_expression(parameter.name)}" for parameter in self.parameters
        )
        wide = "".join(f", regs.{register}" for register, _ in zip(X64_REGISTERS, names, strict=False))
        narrow = "".join(
            f", regs.{register} & 0xffffffff" for register, _ in zip(IA32_REGISTERS, names, strict=False)
        )
        return (
            f"def __x64_{self.entry}(task, regs, _rsi=0):\n    return __se_{self.entry}(task{wide})\n\n"
            f"def __ia32_{self.entry}(task, regs, _rsi=0):\n    return __se_{self.entry}(task{narrow})\n\n"
            f"def __se_{self.entry}(task{takes}):\n    return __do_{self.entry}(task{casts})\n"
        )

    @cached_property
    def layers(self) -> tuple[FunctionType, ...]:
        """The compiled layers; they look each other, and ``__do_NAME``, up where they are put."""
        made: dict[str, Any] = {}
        exec(
            self.source, made
        )  # compile() would first make the classes of the module ast: a fortieth of a start
        name = f"<layers of {self.entry}>"
        for layer in (found := [each for each in made.values() if isinstance(each, FunctionType)]):
            layer.__code__ = layer.__code__.replace(co_filename=name)
        return tuple(found)


class Layers:
    """The layers of one call in one kernel.

    Attributes:
        definition: The call.
        namespace: The layers by name, where each looks the next one up (`points.Layer`); the outermost one is what the
            kernel has bound to the call's stub.
    """

    def __init__(self, definition: Syscall) -> None:
        self.definition = definition
        self.namespace: dict[str, Any] = {f"__do_{definition.entry}": definition.handler}
        for layer in definition.layers:
            self.namespace[layer.__name__] = FunctionType(
                layer.__code__, self.namespace, layer.__name__, layer.__defaults__
            )

    def entry(self, symbol: str) -> Layer:
        """The outermost layer by its symbol, ``__x64_sys_NAME`` or ``__ia32_sys_NAME``."""
        layer: Layer = self.namespace[symbol]
        return layer

    def cast_and_call(self, task: Task, values: Sequence[int]) -> Result:
        """Calls the handler as if the values came in registers, for a call whose arguments lie elsewhere."""
        layer: Layer = self.namespace[f"__se_{self.definition.entry}"]
        return layer(task, *values)


DEFINED: Final[dict[str, Syscall]] = {}
"""Every call defined so far, by entry point."""


def syscall(
    support: Literal["full", "partial"], note: str = "", **variants: int
) -> Callable[[Handler], Handler]:
    """Defines a system call from a function named as its entry point in the ``.tbl`` file.

    Args:
        support: Whether all of the call is there.
        note: For a partial one, what is missing.
        variants: Other entry points of the same function, each with the ``bits`` that it is told: 32 where the
            structs that lie in memory are those of 32-bit programs (or times of 32 bits).

    Raises:
        ValueError: The call is defined already, or the function's name is not that of an entry point.
    """

    def define(function: Handler) -> Handler:
        entry = function.__name__
        if not entry.startswith(("sys_", "compat_sys_")):
            raise ValueError(f"{entry}: a handler is named as its entry point, sys_NAME or compat_sys_NAME")
        for name, bits in ((entry, None), *variants.items()):
            if name in DEFINED:
                raise ValueError(f"{name} is defined already")
            DEFINED[name] = Syscall(name, function, Support(support), note, bits)
        return function

    return define
