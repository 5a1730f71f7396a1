"""Hooks: functions of yours that are called when something happens in a machine.

Each method of `Hooks` gives a decorator; what it makes is a `Hook`, which is called as your function and has `remove`.
A hook that raises stops the machine; the error comes out of whatever runs it, and the program can go on afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from ring3.errors import UserError
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.python.calls import AtEntry, AtReturn, SystemCall

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Created, DataAccess, Executed, Exited, Faulted, Taken
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task
    from ring3.python.machine import Machine
    from ring3.python.process import Process

Decorator = Callable[[Callable[..., Any]], "Hook"]


class Hook:
    """A function that a machine calls, until it is removed."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__wrapped__ = function
        self._attachment: Attachment | None = None

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401 -- whatever the function takes and gives
        """Calls the function."""
        return self.__wrapped__(*arguments)

    def attach(self, attachment: Attachment) -> Hook:
        """Remembers what takes it away."""
        self._attachment = attachment
        return self

    def remove(self) -> None:
        """Has it called no more; nothing happens if that was done before."""
        if self._attachment is not None:
            self._attachment.detach()

    def __repr__(self) -> str:
        return f"<hook {getattr(self.__wrapped__, '__name__', self.__wrapped__)}>"


class _FunctionObserver(CallObserver):
    """Has a hook called with the arguments of a kernel function."""

    def __init__(self, hook: Callable[[Call], object]) -> None:
        self._hook = hook

    def entry(self, call: Call) -> None:
        self._hook(call)


class Hooks:
    """The hooks of a machine."""

    def _attach(self, point: tuple[Any, ...], make: Callable[[Callable[..., Any]], object]) -> Decorator:
        """A decorator that puts what is made of a function at a point."""
        machine: Machine = self  # type: ignore[assignment]

        def decorate(function: Callable[..., Any]) -> Hook:
            observer = make(machine.guarded(function))
            return Hook(function).attach(attached(machine.kernel, point, observer))

        return decorate

    def on_syscall(self, name: str = "", *, when: Literal["entry", "return"] = "entry") -> Decorator:
        """Calls ``hook(call)`` for system calls, with a `SystemCall` to look at, change, answer or fail.

        Args:
            name: Which, such as ``openat``; "" for all.
            when: Before the call is made, or when it returns.

        Raises:
            UserError: There is no such call.
        """
        machine: Machine = self  # type: ignore[assignment]

        def make(hook: Callable[[SystemCall], object]) -> CallObserver:
            return (AtEntry if when == "entry" else AtReturn)(machine, hook)

        return self._attach(points.SystemCall(name), make)

    def on_function(self, name: str) -> Decorator:
        """Calls ``hook(call)`` when a kernel function is called: ``call.arguments``, ``call.answer(value)``.

        Args:
            name: Its name, such as ``vfs_write``.

        Raises:
            UserError: There is no such function; for one of a program there is `on_address`.
        """
        return self._attach(points.Function(name), _FunctionObserver)

    def on_address(self, place: int | str, process: Process | None = None) -> Decorator:
        """Calls ``hook(process)`` before the instruction at an address is executed; it may set registers, rip too.

        Args:
            place: The address; or a symbol, for which the process must be given.
            process: Whose address space; None for every one.

        Raises:
            UserError: There is no such symbol.
        """
        machine: Machine = self  # type: ignore[assignment]
        address = place if isinstance(place, int) else machine.one(process).symbol(place)
        mm = None if process is None else process.task.memory

        def make(hook: Callable[[Process], object]) -> Callable[[Task, int], None]:
            return lambda task, _address: void(hook(machine.process_of(task)))

        return self._attach(points.Address(address, mm), make)

    def on_block(self, first: int = 0, last: int = (1 << 63) - 1) -> Decorator:
        """Calls ``hook(process, address, size)`` when a block of code is entered in ring 3.

        Args:
            first: The first address that counts.
            last: The last one.
        """
        machine: Machine = self  # type: ignore[assignment]

        def make(hook: Callable[[Process, int, int], object]) -> Callable[[Task, int, int], None]:
            return lambda task, address, size: void(hook(machine.process_of(task), address, size))

        return self._attach(points.Block(first, last), make)

    def on_read(self, process: Process, address: int, size: int = 1) -> Decorator:
        """Calls ``hook(access)`` before a process reads memory: ``access.ip``, ``address``, ``size``."""
        return self._on_data(process, points.Data(process.task.memory, address, size, read=True, write=False))

    def on_write(self, process: Process, address: int, size: int = 1) -> Decorator:
        """Calls ``hook(access)`` before a process writes memory: ``access.value`` is what it writes."""
        return self._on_data(process, points.Data(process.task.memory, address, size))

    def _on_data(self, process: Process, point: points.Data) -> Decorator:
        def make(hook: Callable[[DataAccess], object]) -> Callable[[DataAccess], None]:
            return lambda event: void(hook(event))

        return self._attach(point, make)

    def on_signal(self, number: int = 0) -> Decorator:
        """Calls ``hook(process, info)`` before a signal acts: ``info.signo``, ``code``, ``address``.

        Args:
            number: Which; 0 for all.
        """
        machine: Machine = self  # type: ignore[assignment]

        def make(hook: Callable[..., object]) -> Callable[[Taken], None]:
            def tell(event: Taken) -> None:
                if number in (0, event.info.signo):
                    hook(machine.process_of(event.task), event.info)

            return tell

        return self._attach(points.SignalDelivered(), make)

    def on_fault(self) -> Decorator:
        """Calls ``hook(fault)`` after each page fault: ``fault.address``, ``write``, ``fetch``, ``outcome``."""

        def make(hook: Callable[[Faulted], object]) -> Callable[[Faulted], None]:
            return lambda event: void(hook(event))

        return self._attach(points.PageFault(), make)

    def on_exec(self) -> Decorator:
        """Calls ``hook(process, path)`` when a process has become another program."""
        machine: Machine = self  # type: ignore[assignment]

        def make(hook: Callable[..., object]) -> Callable[[Executed], None]:
            return lambda event: void(hook(machine.process_of(event.task), event.path))

        return self._attach(points.TaskExec(), make)

    def on_exit(self) -> Decorator:
        """Calls ``hook(process, code)`` when a task is about to end, with a code as wait(2) has it."""
        machine: Machine = self  # type: ignore[assignment]

        def make(hook: Callable[..., object]) -> Callable[[Exited], None]:
            return lambda event: void(hook(machine.process_of(event.task), event.code))

        return self._attach(points.TaskExited(), make)

    def on_task(self) -> Decorator:
        """Calls ``hook(process)`` when a task, a process or a thread, begins."""
        machine: Machine = self  # type: ignore[assignment]

        def make(hook: Callable[..., object]) -> Callable[[Created], None]:
            return lambda event: void(hook(machine.process_of(event.task)))

        return self._attach(points.TaskCreated(), make)


def attached(kernel: Kernel[Any], point: tuple[Any, ...], observer: object) -> Attachment:
    """Puts an observer at a point.

    Raises:
        UserError: The kernel has no call or function of that name; those that are spelled alike are named.
    """
    try:
        return kernel.probes.attach(point, observer)
    except KeyError:
        from difflib import get_close_matches  # noqa: PLC0415 -- for who has mistyped

        is_function, name = isinstance(point, points.Function), str(point[0])
        known = (
            {row.name for row in kernel.function_table}
            if is_function
            else {name for row in kernel.stub_rows().values() for name in row.names}
        )
        near = ", ".join(get_close_matches(name, known))
        what = "function of the kernel" if is_function else "system call"
        raise UserError(f"there is no {what} {name}{near and f'; there is {near}'}") from None


def void(_value: object) -> None:
    """Drops what a hook has returned."""
