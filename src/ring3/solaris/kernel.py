"""The Solaris kernel on a machine: its image, its functions, its processes.

`SolarisKernel` ties the rooms together: it boots the image, binds each stub to the function that its symbol names, and
says how a thread enters and leaves. What the functions do is in the files by family; `solaris.table` imports them all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

from ring3.abi.c_types import Address
from ring3.abi.errno import Errno
from ring3.abi.solaris import modules
from ring3.abi.solaris.sysent import NSYSCALL, Flavour, SysentKind, SysentRow
from ring3.fs.namei import FsContext
from ring3.fs.vfs import Vfs
from ring3.image.solaris import boot
from ring3.image.solaris.boot import L
from ring3.kernel.fpu import Fpu, FpuCode
from ring3.kernel.functions import FunctionTable
from ring3.kernel.mm.objects import Objects
from ring3.kernel.reach import Reach
from ring3.kernel.regs import UserRegs, WindowRegs
from ring3.kernel.signature import Handler, Result, Support
from ring3.kernel.task import Task, TaskState
from ring3.kernel.two_ways import TwoWays
from ring3.machine.board import Machine
from ring3.machine.descriptors import Tss
from ring3.solaris import structures, table, uname
from ring3.solaris.definition import SolarisFunction
from ring3.solaris.errors import solaris_number
from ring3.solaris.exec import Start, setregs
from ring3.solaris.frames import STRUCT_REGS, USER_SEGMENTS, initial_state, narrow_state
from ring3.solaris.modctl import mod_info
from ring3.solaris.nosys import absent
from ring3.solaris.parts import Parts
from ring3.solaris.process import INIT, Process
from ring3.solaris.segments import describe_lwp
from ring3.solaris.short_path import complete, run_short
from ring3.solaris.signals import issig
from ring3.solaris.task import T_PRE_POST, SolarisTask

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.descriptors import FdTable
    from ring3.kernel.probes import Attacher
    from ring3.kernel.watched_stubs import StubRow
    from ring3.solaris.call_rows import CallRow
    from ring3.solaris.credentials import Cred


class SolarisKernel(Parts, TwoWays[SolarisTask]):
    """Solaris on one machine.

    Attributes:
        solaris: The booted image: sysent, descriptors, entry state.
        modules: The modules that modctl speaks of.
        domain: The secure RPC domain.
        objects: What concerns all memory objects.
        vfs: All files.
        cwd: Where programs start that nobody forked.
        processes: All processes by number, zombies included.
        fpu: The floating-point state of the thread that runs.
        window: The user registers while the short path works on them, ring 0's while it calls a stub.
    """

    frame_size = L["REGS_SIZE"]

    def __init__(self, machine: Machine, full_path: bool = False, flavour: Flavour = "illumos") -> None:
        """Boots Solaris.

        Args:
            machine: A computer of `boot.make_machine` that is on.
            full_path: Run ring 0's code for every event instead of only when it matters.
            flavour: Whose system calls: those of illumos or of Solaris 11.
        """
        self.solaris = boot.boot(machine, flavour)
        super().__init__(machine, self.solaris.kernel, full_path)
        self.window = WindowRegs(machine.cpu, USER_SEGMENTS)
        self._functions = table.FUNCTIONS.copy()
        self.modules = modules.load()
        structures.enter_modules(self, self.modules)
        self.domain = b""
        self.reach = Reach.LOOPBACK
        self.objects = Objects()
        self.vfs = Vfs(machine.ram, self.objects, lambda: self.clocks.realtime())  # noqa: PLW0108 -- the clocks may be exchanged
        self.processes: dict[int, Process] = {}
        self._reported: set[str] = set()
        self._bind_stubs()
        uname.set_names(self)
        self._birth = initial_state(self)
        self.fpu = Fpu(self, FpuCode("fpxsave", "fpxrestore", L["KCS_SEL"], L["KDS_SEL"]))
        self.open_short_path(self.solaris.entry, self._run_short)

    # -- functions ---------------------------------------------------------------------------------------------

    @property
    def function_table(self) -> FunctionTable[SolarisFunction]:
        """The kernel's functions, those of its modules and of calls defined since boot included."""
        return self._functions

    def _bind_stubs(self) -> None:
        for row in self.modules:
            if row.linkinfo:
                self._make_info(row)
        symbols = self.image.symbols
        for made in self._functions:
            if made.signature:
                continue  # handlers alone call it
            address = symbols.get(made.key)
            if address is None:
                address = self.image.add_stub(made.name, made.module)
            self.stubs[address] = partial(self._first_call, address, made)
        for address, name in self.solaris.handlers.items():
            if address not in self.stubs:
                self.stubs[address] = partial(self._absent_call, name)

    def _make_info(self, row: modules.ModuleRow) -> None:
        """Makes a module's ``_info``, which tells the kernel about it."""

        def _info(task: SolarisTask, modinfop: Address) -> Result:
            return mod_info(task, row.id, modinfop)

        self._functions.add(SolarisFunction("_info", row.name, _info, calls={"mod_info": 0x1F}))

    def _first_call(
        self, address: int, made: SolarisFunction, task: Task, regs: UserRegs, argument: int
    ) -> Result:
        """Binds the stub to its function when it is first used, so that booting compiles none."""
        stub = made.stub()
        self.bind(address, stub)
        return stub(task, regs, argument)

    def _absent_call(self, name: str, task: Task, regs: UserRegs, argument: int) -> Result:
        self.report_once(f"{name} is not implemented: SIGSYS")
        assert isinstance(task, SolarisTask)
        absent(task)

    def report_once(self, line: str) -> None:
        """Tells the user something that he need not hear twice."""
        if line not in self._reported:
            self._reported.add(line)
            self.log(f"{line} (reported once)")

    def define(
        self,
        handler: Handler,
        number: int,
        kind: SysentKind = SysentKind.CL,
        *,
        name: str = "",
        module: str = "genunix",
    ) -> int:
        """Adds a call of one's own: makes its stub and fills the element of sysent in RAM.

        Args:
            handler: What does the work; it gets the calling thread and up to six arguments with C types.
            number: Its number, 0 to 255.
            kind: How it returns: CI, CL or 2CI.
            name: What to call it, by default the handler's own name.
            module: The module it is in.

        Returns:
            The stub's address.

        Raises:
            ValueError: The number is outside the table, or the kind is for calls that are not there.
            TypeError: An argument has no C type.
        """
        if not 0 <= number < NSYSCALL:
            raise ValueError(f"sysent has the numbers 0 to {NSYSCALL - 1}, not {number}")
        if kind not in (SysentKind.CI, SysentKind.CL, SysentKind.TWO_CI):
            raise ValueError(f"a call is CI, CL or 2CI, not {kind}")
        made = SolarisFunction(name or handler.__name__, module, handler, Support.FULL)
        row = SysentRow(number, made.name, len(made.parameters), made.name, kind, "")
        address = self.image.add_stub(made.name, module)
        self._functions.add(made)
        self.bind(address, made.stub())
        self.machine.write(
            self.image.symbols["sysent"] + (number << L["SYSENT_SIZE_SHIFT"]),
            boot.sysent_bytes(row, False, lambda _: address, 0),
        )
        return address

    def calls(self) -> tuple[CallRow, ...]:
        """The table as it is now, row by row: what ``ring3 tables`` shows."""
        from ring3.solaris import call_rows  # noqa: PLC0415 -- most programs run without

        return call_rows.calls(self)

    def stub_rows(self) -> Mapping[int, StubRow]:
        """The handlers in sysent and sysent32, and the other functions that ring 0 calls."""
        from ring3.solaris import call_rows  # noqa: PLC0415 -- most programs run without

        return call_rows.stub_rows(self)

    def own_points(self) -> Mapping[type, Attacher]:
        """Those of the files and sockets that it uses, of its signals and of its programs."""
        from ring3.fs.probes import at_host_data  # noqa: PLC0415 -- most programs run without
        from ring3.kernel import points  # noqa: PLC0415
        from ring3.net.probes import at_packets  # noqa: PLC0415
        from ring3.solaris.probes import at_exec, at_forced, at_signal, at_taken  # noqa: PLC0415

        return {
            points.HostData: at_host_data,
            points.Packet: at_packets,
            points.SignalSent: at_signal,
            points.SignalForced: at_forced,
            points.SignalDelivered: at_taken,
            points.TaskExec: at_exec,
        }

    # -- memory of the kernel ----------------------------------------------------------------------------------

    def load(self, address: int, size: int) -> bytes:
        """Bytes of ring 0's memory."""
        start = address - self.machine.direct_map
        if 0 <= start <= self.machine.ram.size - size:
            return bytes(self.machine.ram.bytes[start : start + size])
        return self.machine.read(address, size)

    def store(self, address: int, data: bytes) -> None:
        """Writes to ring 0's memory."""
        start = address - self.machine.direct_map
        if 0 <= start <= self.machine.ram.size - len(data):
            self.machine.ram.bytes[start : start + len(data)] = data
        else:
            self.machine.write(address, data)

    def load_string(self, address: int) -> bytes:
        """A string of ring 0's memory, without its NUL."""
        return self.load(address, 257).split(b"\0", 1)[0]

    def reading(self, address: int, size: int) -> None:
        """What is told of processes is brought up to date (`told`)."""
        start = address - self.machine.direct_map
        if 0 <= start < self.machine.ram.size:
            from ring3.solaris.told import tell  # noqa: PLC0415 -- most programs are not looked at

            tell(self, address, size)

    def written(self, address: int, size: int) -> None:
        """A store into the structures of a process has its effect (`heard`)."""
        start = address - self.machine.direct_map
        if 0 <= start < self.machine.ram.size:
            from ring3.solaris.heard import hear  # noqa: PLC0415 -- most programs are not changed

            hear(self, address, size)

    # -- programs ----------------------------------------------------------------------------------------------

    @cached_property
    def cwd(self) -> Dentry:
        """The place of the host's working directory; asking for it first builds the tree of files."""
        from ring3.solaris.view import mount  # noqa: PLC0415 -- it needs the calls

        return mount(self, os.getcwdb())

    def running_process(self) -> Process:
        """The process that has the CPU."""
        assert self.current is not None
        return self.current.process

    def spawn(self, start: Start, exe: str, args: bytes, files: FdTable, cred: Cred) -> SolarisTask:
        """Makes a process that runs a prepared program.

        Args:
            start: The program in memory.
            exe: Its absolute path; of its name 16 bytes are kept (PSFNSIZ).
            args: Its arguments, as ps shows them.
            files: Its descriptors.
            cred: Whom it runs as.

        Raises:
            OutOfFrames: There is no frame for its kernel stack.
        """
        pid = self.new_tid()
        process = Process(pid, INIT, files, FsContext(self.vfs.root, self.cwd), cred, self.clocks.realtime())
        process.exe, process.args = exe, args
        process.stack_prot, process.ilp32, process.start = start.stack_prot, start.ilp32, start
        task = SolarisTask(self, process, pid, os.path.basename(exe)[:16], start.mm, self.machine.ram.alloc())
        self.enter(process)
        setregs(task.frame, start)
        self.add(task, self._birth32 if start.ilp32 else None)
        return task

    @cached_property
    def _birth32(self) -> bytes:
        return narrow_state(self, self._birth)

    def enter(self, process: Process) -> None:
        """A new process is there.

        Raises:
            OutOfFrames: There is no frame for its ``proc_t``.
        """
        structures.enter_process(self, process)
        self.processes[process.pid] = process

    def forget(self, process: Process) -> None:
        """A process is gone, and nobody waits for it."""
        if self.processes.pop(process.pid, None) is not None:
            structures.leave_process(self, process)

    def number_in_use(self, number: int) -> bool:
        """Whether a process or a group has a number."""
        return any(number in (process.pid, process.pgid, process.sid) for process in self.processes.values())

    def suspend(self, task: SolarisTask) -> None:
        """Takes a thread from the processor or out of the run queue; one that waits stays where it is."""
        if task.on_cpu:
            task.on_cpu = False
        elif task.state is TaskState.READY:
            self._ready.remove(task)
        task.state = TaskState.WAITING

    def unsuspend(self, task: SolarisTask) -> None:
        """Puts it back, unless its process is stopped."""
        self.ready(task)

    def ready(self, task: SolarisTask) -> None:
        """Puts a thread that waited into the run queue; one that is suspended or stopped stays where it is."""
        if not task.suspended and not task.process.stopped and task.stop is None:
            super().ready(task)

    def run_task(self, task: SolarisTask) -> None:
        """Runs the thread by the path in force."""
        if task.on_cpu and self.machine.cpu.cpl == 3 and self.machine.ram.q[task.struct + T_PRE_POST]:
            # it was preempted in ring 3, and a signal came: what the clock interrupt's way back would do
            task.regs = self.window
            task.clear_post_sys()
            issig(task)
        super().run_task(task)

    # -- entry and exit ----------------------------------------------------------------------------------------

    def frame_at(self, physical: int) -> UserRegs:
        """``struct regs`` at a physical address."""
        return STRUCT_REGS(self.machine.ram.q, physical >> 3)

    def stub_arguments(self, task: Task) -> tuple[UserRegs, int]:
        """The CPU's registers themselves, for ring 0 calls stubs as any function; and t_sysnum."""
        task.regs = task.frame
        return self.window, self.machine.ram.q[task.struct + (L["T_SYSNUM"] >> 3)] & 0xFFFF

    def failed(self, task: Task, error: Errno) -> int:
        """Notes the error for post_syscall and returns it (set_errno)."""
        assert isinstance(task, SolarisTask)
        task.errno = solaris_number(error)
        task.set_post_sys()
        return task.errno

    def switch_entry_stack(self, task: Task) -> None:
        """Sets the CPU's curthread and lwp, and where traps from ring 3 find the stack (resume)."""
        q, top = self.machine.ram.q, task.stack_top
        cpu, thread = self.solaris.cpu, self.machine.direct_map + task.stack
        q[(cpu + L["CPU_THREAD"]) >> 3] = thread
        q[(cpu + L["CPU_LWP"]) >> 3] = thread + L["LWP_OFFSET"]
        assert isinstance(task, SolarisTask)
        describe_lwp(task)
        d, at = self.machine.ram.d, (self.solaris.ktss + Tss.RSP0) >> 2
        d[at], d[at + 1] = top & 0xFFFF_FFFF, top >> 32

    def birth(self) -> tuple[bytes, int]:
        """Ring 0 with a clean floating-point state, about to run lwp_rtt."""
        return self._birth, self.image.symbols["lwp_rtt"]

    def _run_short(self, task: Task) -> None:
        """Runs the task without ring 0 as long as that is right."""
        assert isinstance(task, SolarisTask)
        if task.ilp32:
            from ring3.solaris.short_path32 import run_short32  # noqa: PLC0415 -- most programs have 64 bits

            run_short32(self, task)
        else:
            run_short(self, task)

    def resumed(self, task: Task) -> None:
        """Ends a call that waited on the short path."""
        assert isinstance(task, SolarisTask)
        task.regs = self.window
        if task.ilp32:
            from ring3.solaris.short_path32 import complete32  # noqa: PLC0415 -- see _run_short

            complete32(self, task, self.window.ax)
        else:
            complete(self, task, self.window.ax)

    def arguments_again(self, task: SolarisTask) -> tuple[UserRegs, int]:
        """The user registers, or what lies on the stack of a 32-bit program."""
        if not task.ilp32:
            return super().arguments_again(task)
        from ring3.solaris.syscall32 import arguments, element  # noqa: PLC0415 -- see _run_short

        return arguments(task, self.machine.ram.q[element(task, task.sysnum) >> 3] & 0xFF), 0
