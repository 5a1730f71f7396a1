"""How a kernel function of Solaris is defined: a system call's handler, or one that handlers call.

One typed Python function, named as the kernel's own::

    @syscall("full")
    def write(task: SolarisTask, fdes: FdArg, cbuf: BufferIn, count: SizeT) -> int: ...

    @function("unix")
    def copyin(task: SolarisTask, uaddr: Address, kaddr: Address, count: SizeT) -> None: ...

Either has a symbol (``genunix`write``, ``unix`copyin``) at the address of a stub. Ring 0 calls the stub as the C ABI
says, rdi rsi rdx rcx r8 r9, and each argument is cast to its C type. Python calls the function by its name; a probe or
a replacement is in the function itself (`kernel.trampoline`), so that both ways meet it.

How many arguments a system call has, and how its result is returned, stands in sysent, not here. A handler returns the
result (`rvals` makes one of two) or raises `Errno`; it may be a coroutine if it can block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from keyword import iskeyword
from typing import Any, Final, Literal, TypeVar, cast

from ring3.kernel.functions import FunctionTable, KernelFunction
from ring3.kernel.signature import Handler, Parameter, Result, Support, parameters_of

REGISTERS: Final = ("di", "si", "dx", "cx", "r8", "r9")
"""Where ring 0 has the arguments (System V ABI, AMD64 3.2.3)."""

Stub = Callable[..., Result]

F = TypeVar("F", bound=Callable[..., object])


class SolarisFunction(KernelFunction):
    """A function of the kernel: the row that dispatch, probes and the documentation read.

    Attributes:
        support: For a system call's handler, how much of the call is there; None for other functions.
        note: What is missing, or anything else a user must know.
    """

    def __init__(
        self,
        name: str,
        module: str,
        function: Handler,
        support: Support | None = None,
        note: str = "",
        calls: Mapping[str, int | None] | None = None,
        signature: str = "",
    ) -> None:
        super().__init__(name, module, function, signature, calls or {})
        self.support = support
        self.note = note

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The arguments, in order.

        Raises:
            TypeError: The signature has an argument without a C type, or more than six.
        """
        return parameters_of(self.function, self.name)

    @cached_property
    def source(self) -> str:
        """Python source of what the stub runs: the arguments from the registers, each cast to its C type."""
        casts = "".join(
            f", {parameter.type.cast_expression(f'regs.{register}')}"
            for parameter, register in zip(self.parameters, REGISTERS, strict=False)
        )
        return f"def stub(task, regs, _argument=0):\n    return {self._identifier}(task{casts})\n"

    @property
    def _identifier(self) -> str:
        """The name as Python can have it: that of ``yield`` ends in an underscore."""
        return f"{self.name}_" if iskeyword(self.name) else self.name

    def stub(self) -> Stub:
        """What the function's stub runs."""
        namespace: dict[str, Any] = {self._identifier: self.function}
        exec(compile(self.source, f"<arguments of {self.name}>", "exec"), namespace)
        made: Stub = namespace["stub"]
        return made


FUNCTIONS: Final[FunctionTable[SolarisFunction]] = FunctionTable("genunix")
"""Every function defined so far."""


def as_int(value: int) -> int:
    """The int that is in a register whose other bits say nothing."""
    value &= 0xFFFF_FFFF
    return value - (value >> 31 << 32)


def rvals(rval1: int, rval2: int) -> int:
    """The result of a call that returns two ints (``rval_t``): the first in the low half, the second in the high."""
    return rval1 & 0xFFFF_FFFF | (rval2 & 0xFFFF_FFFF) << 32


def syscall(
    support: Literal["full", "partial"],
    note: str = "",
    module: str = FUNCTIONS.module,
    calls: Mapping[str, int | None] | None = None,
) -> Callable[[F], F]:
    """Defines a system call's handler, a function named as sysent names it.

    Args:
        support: Whether all of the call is there.
        note: For a partial one, what is missing.
        module: The module it is in.
        calls: The functions it calls by name, see `KernelFunction`.

    Raises:
        ValueError: A function of that name is defined already.
    """
    return _define(module, Support(support), note, calls)


def function(
    module: str, calls: Mapping[str, int | None] | None = None, signature: str = ""
) -> Callable[[F], F]:
    """Defines a function that handlers or the machine code call, with the functions it calls (see `KernelFunction`).

    One that handlers alone call may take anything; it has its declaration in C as ``signature`` then.

    Raises:
        ValueError: A function of that name is defined already.
    """
    return _define(module, None, "", calls, signature)


def _define(
    module: str,
    support: Support | None,
    note: str,
    calls: Mapping[str, int | None] | None,
    signature: str = "",
) -> Callable[[F], F]:
    def define(body: F) -> F:
        name = body.__name__.removesuffix("_")
        FUNCTIONS.add(SolarisFunction(name, module, cast(Handler, body), support, note, calls, signature))
        return body

    return define
