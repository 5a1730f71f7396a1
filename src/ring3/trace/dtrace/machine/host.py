"""A machine that is started for dtrace: `-c` runs its program on it, and the session ends with the program.

The machine is booted when something asks for one: a program to start, or a probe that only a machine has.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from ring3.errors import Deadlock, Ring3Error, UserError
from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.dtrace.hosts import HostAlone
from ring3.trace.dtrace.machine import idle
from ring3.trace.dtrace.machine.on_demand import ProvidersOnDemand, TargetOnDemand
from ring3.trace.dtrace.providers.base import Provider, Target

if TYPE_CHECKING:
    from ring3.trace.dtrace.machine.described import Descriptions

MODULES = {"linux": "vmlinux", "solaris": ""}
"""What probemod is for system calls."""
_FLUSH = 1_000_000_000


class Computer(Protocol):
    """A computer with a system on it (`ring3.computer.Linux`, `ring3.computer.Solaris`)."""

    kernel: Any

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program, made of that of who starts it."""

    def load(self, path: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Any:  # noqa: ANN401 - a task of its system
        """Load a program, ready to run."""

    def run(self, task: Any) -> int:  # noqa: ANN401
        """Run until the task has ended; returns its status."""

    def close(self) -> None:
        """Switch it off."""


Boot = Callable[[str], tuple[Computer, str]]
"""Switches on the computer for a program ("": for none); returns it and the name of its system."""


class SessionOver(Ring3Error):
    """exit() was called: the machine is left where it stands."""


class MachineHost(HostAlone):
    """dtrace on a machine of its own."""

    is_shared = False
    """Whether others than dtrace may start programs on the machine."""

    def __init__(
        self,
        boot: Boot,
        confine: Callable[[Computer], object] = lambda _computer: None,
        *,
        system: str = "linux",
    ) -> None:
        """Have a machine that is switched on when something asks for it.

        Args:
            boot: Switches it on; called once.
            confine: Is called when a program is loaded.
            system: The system that it will have.
        """
        super().__init__()
        self.system = system
        self._boot = boot
        self._confine = confine
        self._computer: Computer | None = None
        self._task: Any = None
        self._running = False
        self._descriptions: Descriptions | None = None
        self.target = TargetOnDemand(system, self._booted_target)
        self._on_demand = ProvidersOnDemand(self.machine_providers)
        self.providers: Sequence[Provider] = (self.profile, self._on_demand)

    def kernel(self, program: str = "") -> Any:  # noqa: ANN401 - the kernel of either system
        """The machine's kernel; boots it."""
        if self._computer is None:
            self._computer, self.system = self._boot(program)
        return self._computer.kernel

    def _booted_target(self) -> Target:
        """What the machine says, with no program on it."""
        from ring3.trace.dtrace.machine.target import MachineTarget  # noqa: PLC0415 - imports a kernel

        kernel = self.kernel()
        return MachineTarget(kernel, self.system, self._described(kernel))

    def machine_providers(self) -> list[Provider]:
        """The providers that only a machine has."""
        from ring3.trace.dtrace.machine.providers import of_kernel  # noqa: PLC0415 - imports a kernel

        kernel = self.kernel()
        return of_kernel(kernel, MODULES[self.system], self._described(kernel))

    def _described(self, kernel: Any) -> Descriptions:  # noqa: ANN401 - the kernel of either system
        """What D itself says of a kernel: one memory, for probes and for what is traced."""
        from ring3.trace.dtrace.machine import facts  # noqa: PLC0415 - imports a kernel
        from ring3.trace.dtrace.machine.described import Descriptions  # noqa: PLC0415

        if self._descriptions is None:
            known = facts.SOLARIS if self.system == "solaris" else facts.LINUX
            self._descriptions = Descriptions(kernel, known)
        return self._descriptions

    def _look_at(self, kernel: Any) -> None:  # noqa: ANN401 - the kernel of either system
        """Have the machine be what is traced, and its clock the time."""
        from ring3.trace.dtrace.machine.clock import MachineClock  # noqa: PLC0415 - imports a kernel
        from ring3.trace.dtrace.machine.pid import PidProvider  # noqa: PLC0415
        from ring3.trace.dtrace.machine.sampling import MachineSampler  # noqa: PLC0415
        from ring3.trace.dtrace.machine.target import MachineTarget  # noqa: PLC0415
        from ring3.trace.dtrace.machine.usdt import UsdtProvider  # noqa: PLC0415

        clock = MachineClock(kernel)
        sampler = MachineSampler(kernel)
        described = self._described(kernel)
        self.target = target = MachineTarget(kernel, self.system, described, is_shared=self.is_shared)
        if self._task is not None:
            target.know_types_of(self._task)
        self.time = clock
        self.profile.go_by(clock, sampler)
        of_programs = (PidProvider(kernel), UsdtProvider(kernel))
        self.providers = (self.profile, *self.machine_providers(), *of_programs)

    def start(self, command: str, changes: Mapping[str, str | None]) -> int:
        """Load a program; it runs when the session does.

        Args:
            command: Its words.
            changes: What is different in its environment; None for what is taken out of it.

        Raises:
            DtraceError: if it cannot be run.
        """
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise DtraceError(f"failed to execute {command}: {error}") from None
        path = shutil.which(words[0]) or words[0] if words else ""
        try:
            self._load(path, words[1:], changes)
        except UserError as error:
            told = str(error).removeprefix(f"{path}: ")
            raise DtraceError(f"failed to execute {words[0] if words else command}: {told}") from None
        return int(self._task.tid)

    def _load(self, path: str, arguments: Sequence[str], changes: Mapping[str, str | None]) -> None:
        """Load a program, which is what the session is about.

        Raises:
            UserError: if it cannot be run.
        """
        kernel = self.kernel(path)
        assert self._computer
        changed = {**self._computer.environment(os.environ), **changes}
        environment = {name: value for name, value in changed.items() if value is not None}
        self._task = self._computer.load(path, arguments, environment)
        self._confine(self._computer)
        self._look_at(kernel)

    def settle(self) -> None:
        """Have the machine do what an idle one does, if it is there for its probes and no program was started."""
        if self._task is None and self._on_demand.is_asked:
            with contextlib.suppress(UserError):
                self._load(*idle.PROGRAM, {})

    def recorded(self, write: Callable[[bytes], object]) -> AbstractContextManager[object]:
        """Record the program, and those that it starts.

        Raises:
            DtraceError: if there is none.
        """
        from ring3.abi.signals import Sig  # noqa: PLC0415 - who records nothing pays for nothing
        from ring3.abi.solaris.signals import SolarisSig  # noqa: PLC0415
        from ring3.trace.timeline.recorder import Recorder  # noqa: PLC0415 - imports a kernel

        if self._task is None:
            return super().recorded(write)
        signals = SolarisSig if self.system == "solaris" else Sig
        return contextlib.closing(Recorder(self.kernel(), [self._task], write, signals=signals))

    def load_libraries(self, *, to_main: bool = False) -> None:
        """Run the program to where it begins, so that its libraries are mapped and can be probed, or to its main()."""
        from ring3.trace.dtrace.machine.objects import call_of_main, entry_of, main_of  # noqa: PLC0415

        task = self._task
        entry = entry_of(task.mm)
        if entry is None:
            return
        if task.regs.ip != entry:
            self._run_to(entry)
        if not to_main or task.program_ended:
            return
        main = main_of(task.mm)
        call = call_of_main(task.mm, entry)
        if main is None and call is not None:
            self._run_to(call)
            if not task.program_ended:
                narrow = task.mm.task_size <= 1 << 32
                main = int.from_bytes(task.mm.peek(task.regs.sp, 4), "little") if narrow else task.regs.di
        if main is not None:
            self._run_to(main)

    def _run_to(self, address: int) -> None:
        """Run the program to an address, or to its end."""
        from ring3.kernel import points  # noqa: PLC0415

        assert self._computer
        kernel, task = self._computer.kernel, self._task

        def arrived(_task: object, _address: int) -> None:
            kernel.preempt(task)
            raise SessionOver

        with (
            kernel.probes.attach(points.Address(address, task.mm), arrived),
            contextlib.suppress(SessionOver),
        ):
            self._computer.run(task)
        kernel.left_cpu(task)

    def leave(self) -> None:
        """The session is over: leave the machine, if it runs."""
        if self._running:
            raise SessionOver

    def run(self, finished: Callable[[], bool], flush: Callable[[], None]) -> None:
        """Run the program until it ends or the session does; without one, wait for the clock."""
        if self._task is None or self._computer is None:
            super().run(finished, flush)
            return
        if finished():
            return
        from ring3.kernel import points  # noqa: PLC0415
        from ring3.trace.dtrace.machine import ending  # noqa: PLC0415

        self._running = True
        ticks = self._computer.kernel.probes.attach(points.Tick(_FLUSH), lambda _task: flush())
        try:
            with self._following():
                self._computer.run(self._task)
            self.ended = ending.told(self._task, self.system)
        except SessionOver:
            pass
        except Deadlock as error:
            raise DtraceError(str(error)) from None
        finally:
            ticks.detach()
            self._running = False

    def _following(self) -> AbstractContextManager[object]:
        """While the program runs: that its addresses have names when it has ended."""
        from ring3.trace.dtrace.machine.target import MachineTarget  # noqa: PLC0415 - imports a kernel

        if self._task is None or not isinstance(self.target, MachineTarget):
            return contextlib.nullcontext()
        return self.target.follow(self._task)

    def close(self) -> None:
        """Switch the machine off."""
        if self._computer is not None:
            self._computer.close()
