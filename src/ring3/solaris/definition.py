"""How a kernel function of Solaris is defined: a system call's handler, or one that handlers call.

One typed Python function, named as the kernel's own::

    @syscall("full")
    def write(task: SolarisTask, fdes: FdArg, cbuf: BufferIn, count: SizeT) -> int: ...

    @function("unix")
    def copyin(task: SolarisTask, uaddr: Address, kaddr: Address, count: SizeT) -> None: ...

Either has a symbol (``genunix`write``, ``unix`copyin``) at the address of a stub. Ring 0 calls the stub as the C ABI
says, rdi rsi rdx rcx r8 r9, and each argument is cast to its C type. Python calls the function by its name; that call,
too, goes to whatever the kernel has under the name at that moment (`SolarisKernel.functions`), which is where a probe
or a replacement goes.

How many arguments a system call has, and how its result is returned, stands in sysent, not here. A handler returns the
result (`rvals` makes one of two) or raises `Errno`; it may be a coroutine if it can block.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, TypeVar, cast

from ring3.kernel.signature import Handler, Parameter, Result, Support, parameters_of

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

REGISTERS: Final = ("di", "si", "dx", "cx", "r8", "r9")
"""Where ring 0 has the arguments (System V ABI, AMD64 3.2.3)."""

Stub = Callable[..., Result]

P = ParamSpec("P")
R = TypeVar("R")


class KernelFunction:
    """A function of the kernel: the row that dispatch, probes and the documentation read.

    Attributes:
        name: Its name, that of its symbol.
        module: The module it is in.
        function: What it does.
        support: For a system call's handler, how much of the call is there; None for other functions.
        note: What is missing, or anything else a user must know.
    """

    def __init__(
        self, name: str, module: str, function: Handler, support: Support | None = None, note: str = ""
    ) -> None:
        self.name = name
        self.module = module
        self.function = function
        self.support = support
        self.note = note

    @property
    def key(self) -> str:
        """What the kernel knows it by: the scoped symbol, such as ``genunix`modctl``."""
        return f"{self.module}`{self.name}"

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
            f", {parameter.arg.type.cast_expression(f'regs.{register}')}"
            for parameter, register in zip(self.parameters, REGISTERS, strict=False)
        )
        return f"def {self.name}(task, regs, _argument=0):\n    return functions[{self.key!r}](task{casts})\n"

    @cached_property
    def code(self) -> CodeType:
        """The compiled source; executed in a namespace that holds ``functions``."""
        return compile(self.source, f"<arguments of {self.name}>", "exec")

    def stub(self, functions: dict[str, Handler]) -> Stub:
        """What a stub of a kernel with these functions runs."""
        namespace: dict[str, Any] = {"functions": functions}
        exec(self.code, namespace)
        made: Stub = namespace[self.name]
        return made


FUNCTIONS: Final[dict[str, KernelFunction]] = {}
"""Every function defined so far, by key."""


def rvals(rval1: int, rval2: int) -> int:
    """The result of a call that returns two ints (``rval_t``): the first in the low half, the second in the high."""
    return rval1 & 0xFFFF_FFFF | (rval2 & 0xFFFF_FFFF) << 32


def syscall(
    support: Literal["full", "partial"], note: str = "", module: str = "genunix"
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Defines a system call's handler, a function named as sysent names it.

    Args:
        support: Whether all of the call is there.
        note: For a partial one, what is missing.
        module: The module it is in.

    Raises:
        ValueError: A function of that name is defined already.
    """
    return _define(module, Support(support), note)


def function(module: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Defines a function that handlers or the machine code call.

    Raises:
        ValueError: A function of that name is defined already.
    """
    return _define(module, None, "")


def _define(module: str, support: Support | None, note: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def define(body: Callable[P, R]) -> Callable[P, R]:
        defined = KernelFunction(body.__name__, module, cast(Handler, body), support, note)
        key = defined.key
        if key in FUNCTIONS:
            raise ValueError(f"{key} is defined already")
        FUNCTIONS[key] = defined

        @wraps(body)
        def call(*arguments: P.args, **_named: P.kwargs) -> R:
            task = cast("SolarisTask", arguments[0])
            return cast(R, task.kernel.functions[key](*arguments))

        return call

    return define
