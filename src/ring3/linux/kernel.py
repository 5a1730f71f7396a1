"""The Linux kernel on a machine: its image, its table of calls, its tasks.

`LinuxKernel` ties the rooms together: it boots the image, binds each stub to the layers of its call, and says how a
task enters and leaves. What the calls do is in the files by family; `linux.table` imports them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ring3.abi import tbl
from ring3.abi.errno import E, Errno
from ring3.image.linux import boot
from ring3.image.linux.boot import GDT_TLS_MIN
from ring3.kernel.functions import FunctionTable, KernelFunction
from ring3.kernel.in_flight import Result
from ring3.kernel.reach import Reach
from ring3.kernel.regs import UserRegs
from ring3.linux import table
from ring3.linux.cpu_context import apply_settings
from ring3.linux.definition import Layers, Syscall
from ring3.linux.entry import traps
from ring3.linux.entry.leave import leave_through
from ring3.linux.entry.short_path import finish, short_path
from ring3.linux.exec.program import open_for
from ring3.linux.model.scheduling import Policy
from ring3.linux.model.system import LinuxSystem
from ring3.linux.model.task import LinuxTask
from ring3.machine.board import Machine
from ring3.machine.descriptors import Tss

if TYPE_CHECKING:
    from ring3.kernel.events import Carried
    from ring3.kernel.probes import Attacher
    from ring3.kernel.watched_stubs import StubRow
    from ring3.net.network import Network

L: Final = boot.L

_THREAD_SIZE: Final = L["THREAD_SIZE"]
_M32: Final = (1 << 32) - 1

_WORK: Final = {
    "exit_to_user_mode_loop": ("exit_work", "exit_work"),
    "syscall_trace_enter": ("trace_work", "trace_enter"),
    "syscall_exit_work": ("trace_work", "trace_exit"),
}
"""Behind which stub of the entry code which module's function stands."""


class LinuxKernel(LinuxSystem):
    """Linux on one machine, ready to run programs.

    Attributes:
        layers: The layers of each call made so far, by entry point.
    """

    not_state: tuple[str, ...] = ("layers",)

    def __init__(self, machine: Machine, full_path: bool = False) -> None:
        """Boots Linux.

        Args:
            machine: A computer that is on.
            full_path: Run ring 0's code for every event instead of only when it matters.
        """
        super().__init__(machine, full_path)
        self.layers: dict[str, Layers] = {}
        self.open_program = open_for
        per_cpu = self.linux.per_cpu
        self._switched = (
            (per_cpu + L["PCPU_TOP_OF_STACK"]) >> 3,
            (per_cpu + L["PCPU_CURRENT"]) >> 3,
            (per_cpu + L["PCPU_TSS"] + Tss.RSP0) >> 2,
            (self.linux.gdt >> 3) + GDT_TLS_MIN,
        )  # where in RAM lies what a switch changes
        self._bind_stubs()
        self.open_short_path(self.linux.entry, short_path(self))

    @property
    def function_table(self) -> FunctionTable[KernelFunction]:
        """Linux's functions."""
        from ring3.linux.functions import load  # noqa: PLC0415 -- imports every family of calls

        return load()

    def stub_rows(self) -> Mapping[int, StubRow]:
        """The calls of both tables, and what else ring 0 hands over."""
        from ring3.linux.probes import stub_rows  # noqa: PLC0415 -- most programs run without

        return stub_rows(self)

    def own_points(self) -> Mapping[type, Attacher]:
        """Those of `linux.probes`."""
        from ring3.linux.probes import OWN  # noqa: PLC0415 -- most programs run without

        return OWN

    def first_network(self) -> Network:
        """What all sockets of the first network share."""
        return self._network(self.reach)

    def new_network(self) -> Network:
        """What all sockets of another one share; it reaches nowhere until its loopback interface is set up."""
        return self._network(Reach.NONE)

    def _network(self, reach: Reach) -> Network:
        from ring3.linux.calls.sockets.arguments import TaskCaller  # noqa: PLC0415 - few programs have sockets
        from ring3.net.network import Network  # noqa: PLC0415

        def random_bytes(size: int) -> bytes:
            return self.random_bytes(size)  # whichever source is in force then

        def observe(observer: Callable[[Carried], None]) -> Callable[[], None]:
            from ring3.kernel import points  # noqa: PLC0415 - few programs look at packets

            def heard(carried: Carried) -> None:
                task = carried.task
                if not isinstance(task, LinuxTask) or task.namespaces.net.network is network:
                    observer(carried)

            return self.probes.attach(points.Packet(), heard).detach

        network = Network(
            self.vfs,
            lambda: self.clocks,
            self.timers,
            random_bytes,
            lambda: TaskCaller(self.running_task()),
            self.host,
            reach,
            lambda: self.hostname,
            observe,
        )
        return network

    # -- calls -------------------------------------------------------------------------------------------------

    def call(self, entry: str) -> Layers:
        """The layers of a call by its entry point, such as ``sys_write``.

        Raises:
            KeyError: No such call is defined.
        """
        layers = self.layers.get(entry)
        if layers is None:
            layers = self.layers[entry] = Layers(table.DEFINED[entry])
        return layers

    def defines(self, entry: str) -> bool:
        """Whether there is a call of this entry point."""
        return entry in table.DEFINED

    def define(self, definition: Syscall, number: int, abi: tbl.Abi = tbl.Abi.X86_64) -> int:
        """Adds a call of one's own: makes its stub and puts the stub's address into the table in RAM.

        Args:
            definition: The call.
            number: Its number; the table must be long enough to hold it.
            abi: The table: that of x86-64 or that of i386.

        Returns:
            The stub's address.

        Raises:
            ValueError: The number is outside the table.
        """
        size = tbl.NR_SYSCALLS if abi is tbl.Abi.X86_64 else tbl.IA32_NR_SYSCALLS
        if not 0 <= number < size:
            raise ValueError(f"the table of {abi} has the numbers 0 to {size - 1}, not {number}")
        symbol = ("__ia32_" if abi is tbl.Abi.I386 else "__x64_") + definition.entry
        self.layers[definition.entry] = Layers(definition)
        address = self.image.add_stub(symbol)
        self.bind(address, self._syscall_stub(definition.entry, symbol))
        self.machine.ram.q[(self.linux.tables[abi] >> 3) + number] = address
        return address

    def _bind_stubs(self) -> None:
        symbols = self.image.symbols
        self.stubs.update(dict.fromkeys(self.linux.stubs, self._first_call))
        for prefix in ("__x64_", "__ia32_"):
            self.stubs[symbols[prefix + tbl.NI_SYSCALL]] = _ni_syscall
        for name in boot.GATES:
            self.stubs[symbols[f"exc_{name}"]] = partial(traps.exception, traps.VECTORS[name])
        self.stubs[symbols["common_interrupt"]] = traps.spurious
        for symbol, (module, name) in _WORK.items():
            self.stubs[symbols[symbol]] = partial(self._first_work, module, name)

    def _syscall_stub(self, entry: str, symbol: str) -> traps.Stub:
        return self.call(entry).entry(symbol)

    def _first_call(self, task: LinuxTask, regs: UserRegs, argument: int) -> Result:
        """Binds the stub to the layers of its call when it is first used, so that booting compiles none."""
        symbol = self.image.symbols.name(task.stub) or ""
        entry = symbol.removeprefix("__x64_").removeprefix("__ia32_")
        stub = (
            self._syscall_stub(entry, symbol) if entry in table.DEFINED else partial(self._absent_call, entry)
        )
        self.bind(task.stub, stub)
        return stub(task, regs, argument)

    def _first_work(self, module: str, name: str, task: LinuxTask, regs: UserRegs, argument: int) -> Result:
        """Binds a stub of the entry code to its function when it is first used."""
        work: traps.Stub = getattr(import_module(f"ring3.linux.entry.{module}"), name)
        self.bind(task.stub, work)
        return work(task, regs, argument)

    def _absent_call(self, entry: str, task: LinuxTask, regs: UserRegs, argument: int) -> Result:
        self.report_absent(entry.removeprefix("sys_"))
        raise Errno(E.ENOSYS)

    # -- entry and exit ----------------------------------------------------------------------------------------

    def failed(self, task: LinuxTask, error: Errno) -> int:
        """The negative errno."""
        return -error.number

    def switch_entry_stack(self, task: LinuxTask) -> None:
        """Sets the per-CPU variables and TSS.RSP0, as __switch_to does."""
        ram = self.machine.ram
        q, d, top = ram.q, ram.d, task.stack_top
        stack, current, rsp0, tls = self._switched
        q[stack], q[current] = top, top - _THREAD_SIZE
        d[rsp0], d[rsp0 + 1] = top & _M32, top >> 32
        q[tls], q[tls + 1], q[tls + 2] = task.tls
        self.window.orig_ax = task.orig_ax
        if self.has_settings:
            apply_settings(task)
        if task.rseq is not None:
            from ring3.linux.signals import rseq  # noqa: PLC0415 -- imported when the task registered

            rseq.switched_to(task, task.rseq)

    # -- who comes first ---------------------------------------------------------------------------------------

    def next_task(self) -> LinuxTask:
        """The first in the run queue, or of those of the highest rank."""
        if not self.ranked:
            return self._ready.popleft()
        first = max(self._ready, key=_rank)
        self._ready.remove(first)
        return first

    def ranks_changed(self, task: LinuxTask) -> None:
        """A thread asks something else of the scheduler."""
        self.ranked = self.ranked or task.scheduling.rank > 0
        if self.ranked and self.current is not None:
            self.current.set_flag(L["TIF_NEED_RESCHED"])

    def overtake(self, task: LinuxTask, running: LinuxTask) -> None:
        """Has the running thread make room for one of a higher rank."""
        if _rank(task) > _rank(running):
            running.set_flag(L["TIF_NEED_RESCHED"])

    def preempt(self, task: LinuxTask) -> None:
        """The task had its turn; one with SCHED_FIFO stays the first of its rank."""
        super().preempt(task)
        if task.scheduling.policy == Policy.FIFO:
            self._ready.appendleft(self._ready.pop())

    def give_way(self, task: LinuxTask) -> None:
        """The task makes room for one of a higher rank; it stays the first of its own."""
        super().preempt(task)
        if task.scheduling.rank:
            self._ready.appendleft(self._ready.pop())

    def to_end(self, task: LinuxTask) -> None:
        """The task lets all others of its rank run first."""
        super().preempt(task)

    def birth(self) -> tuple[bytes, int]:
        """Ring 0 with a clean floating-point state, about to run ret_from_fork_asm."""
        return self.newborn, self.image.symbols["ret_from_fork_asm"]

    def run_task(self, task: LinuxTask) -> None:
        """Runs the task by the path in force."""
        if self.machine.ram.q[task.struct] & traps.EXIT_WORK and task.on_cpu and self.machine.cpu.cpl == 3:
            # it was preempted in ring 3, and a signal came: what the timer interrupt's exit would do
            self.window.orig_ax = (1 << 64) - 1
            leave_through(task, "error_return")
        super().run_task(task)

    def resumed(self, task: LinuxTask) -> None:
        """Does the exit work of a call that waited on the short path."""
        finish(self, task)


def _rank(task: LinuxTask) -> int:
    return task.scheduling.rank


def _ni_syscall(task: LinuxTask, regs: UserRegs, argument: int) -> Result:
    raise Errno(E.ENOSYS)
