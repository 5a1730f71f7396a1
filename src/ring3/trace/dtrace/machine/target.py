"""A machine as what D traces: variables of the current task, memory, stacks, names of addresses."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from itertools import islice
from typing import TYPE_CHECKING, Any

from ring3.abi.errno import Errno
from ring3.abi.signals import NSIG, Sig
from ring3.abi.solaris.signals import SolarisSig
from ring3.kernel import points
from ring3.trace.dtrace.errors import Fault, FaultKind
from ring3.trace.dtrace.machine import described, facts
from ring3.trace.dtrace.machine.described import Descriptions
from ring3.trace.dtrace.machine.kept_space import KeptSpace
from ring3.trace.dtrace.machine.kernel_stack import KernelStack
from ring3.trace.dtrace.machine.outsiders import DTRACE, IDLE
from ring3.trace.dtrace.machine.program_types import ProgramTypes
from ring3.trace.dtrace.machine.types import SystemTypes
from ring3.trace.dtrace.machine.variables import KernelVariables
from ring3.trace.dtrace.providers.base import Context, NoTarget, Stack
from ring3.trace.dtrace.types import Type
from ring3.trace.strace.programs import AT_FDCWD
from ring3.trace.strace.text import PATH_MAX
from ring3.trace.user_symbols import Mapped, UserSymbols

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Loaded
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task
    from ring3.trace.unwind import Unwinder

_KERNEL = 1 << 63
_CORE = {"linux": "vmlinux", "solaris": "unix"}
"""The module of kernel symbols that no module is named for."""
_DEEPEST = 2048
"""Frames of a program's stack that are counted (dtrace_ustackdepth_max of illumos's kernel)."""
_AT_FDCWD = AT_FDCWD & 0xFFFF_FFFF
_AT_FDCWD_LONG = AT_FDCWD & 0xFFFF_FFFF_FFFF_FFFF


class TaskContext(Context):
    """A firing on behalf of a task.

    Attributes:
        task: The task.
        errno: That of the system call that returns.
        registers: The program's registers, where they are not the task's own `regs`.
        at_entry: The program is at the first instruction of a function, which has no frame yet.
        function: The kernel function at which the probe is; "" for a system call, None for other probes.
    """

    __slots__ = ("at_entry", "errno", "function", "registers", "task")

    def __init__(
        self, arguments: tuple[int, ...], task: Task | None, errno: int = 0, function: str | None = None
    ) -> None:
        super().__init__(arguments)
        self.task = task
        self.errno = errno
        self.function = function
        self.registers: Any = None
        self.at_entry = False


class MachineTarget(NoTarget):
    """The machine's system; what it has no answer for is what a system without anything says."""

    def __init__(
        self, kernel: Kernel[Any], system: str, descriptions: Descriptions, *, is_shared: bool = False
    ) -> None:
        """Look at a kernel of `linux` or `solaris`, and at what D says of it.

        Args:
            kernel: The kernel.
            system: The name of its system.
            descriptions: What D says of it.
            is_shared: Whether others than dtrace may start programs on the machine.
        """
        super().__init__()
        self.system = system
        self._kernel = kernel
        self._facts = facts.SOLARIS if system == "solaris" else facts.LINUX
        self._symbols = UserSymbols(kernel)
        self._kernel_stack = KernelStack(kernel, system)
        self._types = SystemTypes(system)
        self._descriptions = descriptions
        self._variables = KernelVariables(kernel, system, descriptions, self._types)
        self._spaces: dict[int, Mm] = {}
        self._followed: KeptSpace | None = None
        self._program_types: ProgramTypes | None = None
        self._unwinder: Unwinder | None = None
        self._is_shared = is_shared
        self._names: dict[tuple[int, int], tuple[str, str, int] | None] = {}

    def task(self, context: Context) -> Task | None:
        """The task a probe fired for."""
        return context.task if isinstance(context, TaskContext) else self._kernel.current

    def reader(self, variable: str) -> Callable[[Context], int | bytes]:
        """A function for a built-in variable."""
        if variable == "errno":
            return lambda context: context.errno if isinstance(context, TaskContext) else 0
        if variable == "stackdepth":
            return lambda context: len(self.kernel_stack(context, 1 << 16).frames)
        if variable == "ustackdepth":
            return self._user_stack_depth
        if variable == "ucaller":
            return self._user_caller
        fact = self._facts.get(variable)
        otherwise = facts.of_outsider(DTRACE, variable)
        idle = facts.of_outsider(IDLE[self.system], variable)

        def read(context: Context) -> int | bytes:
            task = self.task(context)
            if task is None:
                return idle if isinstance(context, TaskContext) else otherwise
            return fact(task) if fact else otherwise

        return read

    def thread(self) -> Hashable:
        """The task that is current."""
        task = self._kernel.current
        return 0 if task is None else task.tid

    def read(self, address: int, size: int) -> bytes:
        """Kernel memory: nothing below the kernel's half, which is the program's and needs copyin()."""
        if address < _KERNEL or size > 1 << 24:
            raise Fault(FaultKind.BADADDR, address)
        if described.BASE <= address < described.END:
            return self._read_process(address, size)
        machine = self._kernel.machine
        start = address - machine.direct_map
        if 0 <= start <= machine.ram.size - size:
            return bytes(machine.ram.bytes[start : start + size])
        try:
            return machine.read(address, size)
        except (Errno, ValueError, LookupError):
            raise Fault(FaultKind.BADADDR, address) from None

    def _read_process(self, address: int, size: int) -> bytes:
        """What D itself says of a process."""
        try:
            return self._descriptions.read(address, size)
        except LookupError:
            raise Fault(FaultKind.BADADDR, address) from None

    def find_type(self, name: str, module: str) -> Type | None:
        """A type of the system."""
        scope = module.rpartition("`")[2]
        found = None if scope else self._types.find(name)
        if found is None and self._program_types is not None:
            found = self._program_types.find(name, scope)
        return found or self._types.find(name)

    def translators(self) -> str:
        """Those of D's own."""
        from ring3.trace.dtrace.machine import stock_translators  # noqa: PLC0415 - few scripts have any

        return stock_translators.source()

    def know_types_of(self, task: Task) -> None:
        """Have scripts know the types of a program that they are about."""
        self._program_types = ProgramTypes(task.memory)

    def _space(self, address: int) -> Mm:
        task: Task | None = self._kernel.current
        if task is None or task.mm is None:
            raise Fault(FaultKind.BADADDR, address)
        return task.mm

    def copyin(self, address: int, size: int) -> bytes:
        """Memory of the current program."""
        if size > 1 << 24:
            raise Fault(FaultKind.NOSCRATCH)
        try:
            return self._space(address).peek(self._meant(address), size)
        except Errno:
            raise Fault(FaultKind.BADADDR, address) from None

    def _meant(self, address: int) -> int:
        """An address; for AT_FDCWD, and what lies behind it, that of the path that is looked up from there.

        Scripts older than openat(2) take the first argument of `open*` for a path: nothing else is at that address.
        """
        task: Any = self._kernel.current
        if address < _AT_FDCWD or self.system != "linux" or task.regs.di & 0xFFFF_FFFF != _AT_FDCWD:
            return address
        behind = next(
            (address - at for at in (_AT_FDCWD, _AT_FDCWD_LONG) if 0 <= address - at < PATH_MAX), None
        )
        return address if behind is None else int(task.regs.si) + behind

    def copyout(self, address: int, data: bytes) -> None:
        """Write to memory of the current program."""
        try:
            self._space(address).write(address, data)
        except Errno:
            raise Fault(FaultKind.BADADDR, address) from None

    def kernel_stack(self, context: Context, limit: int) -> Stack:
        """The kernel functions that are being called; none for probes that are at no function or call."""
        function = context.function if isinstance(context, TaskContext) else None
        if function is None:
            return Stack(())
        return Stack(self._kernel_stack.take(function, limit, in_call=not function))

    def user_stack(self, context: Context, limit: int) -> Stack:
        """The program's stack; its names are looked up at once, because the program may end before they are printed."""
        task = self.task(context)
        if task is None or task.mm is None:
            return Stack(())
        process = self._facts["pid"](task)
        assert isinstance(process, int)
        self._spaces[process] = task.mm
        frames = self._frames(context, task, limit)
        for frame in frames:
            self.name_of(frame, process)
        return Stack(frames, process)

    def _user_stack_depth(self, context: Context) -> int:
        """How many frames a program's stack has.

        Raises:
            Fault: BADSTACK, for more than are looked at.
        """
        frames = self._frames(context, self.task(context), _DEEPEST + 1)
        if len(frames) > _DEEPEST:
            raise Fault(FaultKind.BADSTACK, frames[-1])
        return len(frames)

    def _user_caller(self, context: Context) -> int:
        """Where the function that a program is in returns to; 0 if that cannot be read."""
        frames = self._frames(context, self.task(context), 2)
        return frames[1] if len(frames) > 1 else 0

    def _frames(self, context: Context, task: Task | None, limit: int) -> tuple[int, ...]:
        """The addresses on a program's stack: by call frame information where files have it, else by frame pointers."""
        if task is None or task.mm is None:
            return ()
        registers = self._registers(context, task)
        at_entry = isinstance(context, TaskContext) and context.at_entry
        if self.system != "linux":
            return tuple(facts.user_frames(task, limit, registers, at_entry=at_entry))
        if self._unwinder is None:
            from ring3.trace.unwind import Unwinder  # noqa: PLC0415 - a stack is seldom asked for

            self._unwinder = Unwinder()
        running: Any = task
        found = islice(self._unwinder.frames(running, registers=registers), limit)
        return tuple(frame.address for frame in found)

    @staticmethod
    def _registers(context: Context, task: Task) -> Any:  # noqa: ANN401 - whatever has a program's registers
        return (isinstance(context, TaskContext) and context.registers) or task.regs

    def kernel_symbol(self, name: str) -> tuple[int, Any] | None:
        """The address of a kernel symbol, of a module or of any; its type is known for a few variables."""
        variable = self._variables.find(name.rpartition("`")[2])
        if variable is not None:
            return variable
        symbols = self._kernel.image.symbols
        address = symbols.get(name.removeprefix("`"))
        if address is None and self.system == "linux":  # its symbols have no module
            address = symbols.get(name.removeprefix(f"{_CORE[self.system]}`"))
        return None if address is None else (address, None)

    def name_of(self, address: int, process: int) -> tuple[str, str, int] | None:
        """Module, symbol and offset of an address of the kernel, or of a process (-1: the current one)."""
        if process == 0:
            known = self._kernel_stack.names.get(address)
            if known:
                return known
            variable = self._variables.name_of(address)
            if variable:
                return _CORE[self.system], *variable
            return _parts(self._kernel.image.symbols.describe(address), _CORE[self.system])
        key = (process, address)
        if key not in self._names:
            self._names[key] = self._user_name(address, process)
        return self._names[key]

    def follow(self, task: Task) -> Attachment:
        """Have a process be the one whose addresses are meant where none is named; names are kept when it ends."""
        process = self._facts["pid"](task)
        kept = self._followed = KeptSpace(task.memory)

        def loaded(event: Loaded) -> None:
            if event.task is not None and self._facts["pid"](event.task) == process:
                kept.add(event.vma)

        return self._kernel.probes.attach(points.ObjectLoaded(), loaded)

    def _user_name(self, address: int, process: int) -> tuple[str, str, int] | None:
        task = self._kernel.current
        mm: Mapped | None = self._spaces.get(process) or (task.mm if task else None)
        if process == -1 and self._followed is not None:
            mm = self._followed
        vma = mm.vma_at(address) if mm else None
        if mm is None or vma is None:
            return None
        name = vma.name if isinstance(vma.name, str) else vma.name()
        module = (name or (vma.obj.name if vma.obj else "")).rsplit("/", 1)[-1]
        described = self._symbols.describe(mm, address)
        return _parts(described, module) if described else (module, "", 0) if module else None

    def register(self, context: Context, number: int) -> int:
        """A register of the program, by its number in `registers`."""
        from ring3.trace.dtrace.registers import AMD64  # noqa: PLC0415 - few programs look at registers

        task = self.task(context)
        name = AMD64[number].lower()
        field = {
            "rip": "ip",
            "rsp": "sp",
            "rfl": "flags",
            "trapno": "",
            "err": "",
            "fsbase": "",
            "gsbase": "",
        }.get(name, name[1:] if name.startswith("r") and not name[1:].isdigit() else name)
        return int(getattr(self._registers(context, task), field, 0)) if task and field else 0

    def signal(self, number: int) -> None:
        """Sends a signal to the current process, as psignal does."""
        running: Any = self._kernel.current
        if running is None or not 0 < number <= NSIG:
            return
        if self.system == "solaris":
            from ring3.solaris.siginfo import Info  # noqa: PLC0415 - one system of two
            from ring3.solaris.signals import sigtoproc  # noqa: PLC0415 - one system of two

            sigtoproc(running.process, Info(number))
        else:
            from ring3.linux.model.siginfo import SigInfo  # noqa: PLC0415 - one system of two
            from ring3.linux.signals.send import group_send_sig_info  # noqa: PLC0415 - one system of two

            group_send_sig_info(running.process, SigInfo(number))

    def stop(self) -> None:
        """Stops the current process; the only one of dtrace's own machine goes on: nobody could have it do so."""
        running: Any = self._kernel.current
        others: Any = self._kernel.tasks.values()
        if running is None or not (self._is_shared or any(each.mm is not running.mm for each in others)):
            return
        self.signal(int(SolarisSig.SIGSTOP if self.system == "solaris" else Sig.SIGSTOP))

    def chill(self, nanoseconds: int) -> None:
        """Lets the host's time pass."""
        time.sleep(nanoseconds / 1e9)


def _parts(described: str, module: str) -> tuple[str, str, int] | None:
    """`module`symbol+0x1d` as module, symbol and offset; None for a plain number."""
    if described.startswith("0x"):
        return None
    name, _, offset = described.partition("+")
    scope, tick, symbol = name.rpartition("`")
    return (scope if tick else module), symbol, int(offset, 16) if offset else 0
