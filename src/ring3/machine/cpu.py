"""The CPU behind one small protocol: run until something happens; what happened comes back as a value.

A CPU never calls the kernel. It knows user code and ring-0 code, segments, paging and MSRs, but it delivers nothing:
when an instruction would enter ring 0 (an exception, an interrupt, ``syscall``, ``sysenter``) it stops *before* the
change of privilege and says so. `machine.microcode` then makes that change as the manuals define it, or the kernel
takes its short path and lets the program go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ring3.abi.kinds import Enum, NamedTuple
from ring3.machine.descriptors import Segment
from ring3.machine.pmap import Pmap
from ring3.machine.registers import Seg


class Event(Enum):
    """The stops that carry nothing more than their kind."""

    SYSCALL = "syscall"
    """A ``syscall`` instruction in 64-bit code; RIP is that of the next instruction."""
    SYSCALL_COMPAT = "syscall in compatibility mode"
    """The same in compatibility mode."""
    SYSENTER = "sysenter"
    """A ``sysenter`` instruction; RIP is that of the instruction itself."""
    HALT = "hlt"
    """``hlt`` in ring 0; RIP is that of the next instruction."""
    INTERRUPTED = "interrupted"
    """`Cpu.interrupt` was called from another thread."""
    STEPPED = "stepped"
    """One instruction was executed, by `Cpu.step` or `Cpu.pass_stop`."""
    BREAKPOINT = "breakpoint"
    """RIP is a stop address of `Cpu.stop_at`; the instruction there was not executed."""


class Trap(NamedTuple):
    """An exception or an ``int`` instruction, not yet delivered.

    Attributes:
        vector: 0 to 255.
        error: The error code; 0 for vectors that push none.
        software: It comes from ``int n``, ``int3`` or ``into``: the gate's DPL counts, and RIP is that of the next
            instruction. Otherwise RIP is that of the instruction that failed (of the next one for a #DB trap).
        address: For a page fault the linear address, what CR2 gets; else 0.
    """

    vector: int
    error: int = 0
    software: bool = False
    address: int = 0


Stop = Event | Trap


class Registers(Protocol):
    """The registers of a stopped CPU.

    Attributes:
        rip: The instruction pointer.
        rflags: The flags.
        cr2: Linear address of the last page fault.
        fs_base: Base of FS.
        gs_base: Base of GS.
    """

    def gpr(self, number: int) -> int:
        """General register by its encoding (`Gpr`), 0 to 2**64-1."""

    def set_gpr(self, number: int, value: int) -> None:
        """Sets a general register; the value is reduced to 64 bits."""

    rip: int
    rflags: int
    cr2: int
    fs_base: int
    gs_base: int

    @property
    def cr3(self) -> int:
        """Physical address of the top page table."""

    @property
    def cpl(self) -> int:
        """Current privilege level, 0 to 3."""

    @property
    def long_mode(self) -> bool:
        """The CPU runs 64-bit code (CS.L), not code of compatibility mode."""

    def selector(self, segment: Seg) -> int:
        """The visible part of a segment register."""

    def load_segment(self, segment: Seg, selector: int, descriptor: Segment) -> None:
        """Sets a segment register, visible and hidden part, without any check; CS also sets mode and privilege."""

    @property
    def task_register(self) -> int:
        """The visible part of TR: the selector of the task-state segment."""

    def table_register(self, name: str) -> tuple[int, int]:
        """Base and limit of ``gdtr``, ``idtr``, ``tr`` or ``ldtr``."""

    def set_table_register(self, name: str, selector: int, base: int, limit: int, flags: int = 0) -> None:
        """Loads ``gdtr``, ``idtr``, ``tr`` or ``ldtr`` as lgdt, lidt, ltr and lldt do, without any check.

        Args:
            name: Which.
            selector: For ``tr`` and ``ldtr``, the visible part.
            base: Linear address of the table.
            limit: Offset of its last byte.
            flags: For ``tr`` and ``ldtr``, bits 8 to 23 of the descriptor's second half.
        """

    def control(self, number: int) -> int:
        """CR0, CR2, CR3 or CR4."""

    def set_control(self, number: int, value: int) -> None:
        """Sets CR0, CR3 or CR4 as a move to it does."""

    def rdmsr(self, number: int) -> int:
        """Value of an MSR, 0 to 2**64-1; it must be one of `Msr`."""

    def wrmsr(self, number: int, value: int) -> None:
        """Sets an MSR of `Msr`."""


class CpuState(NamedTuple):
    """Everything that a CPU holds.

    Attributes:
        registers: All registers, as `Cpu.save` gives them.
        pmap: The address space in use.
    """

    registers: bytes
    pmap: Pmap | None


class VectorState(Protocol):
    """The x87, SSE and wider vector registers of the program in the CPU, as XSAVE stores them.

    Images are in the standard format: FXSAVE's 512 bytes, the header, then what the processor has (SDM 1, 13.4).

    Attributes:
        clean: The state that programs start with; nothing of it is in use.
        features: Which components an image has: XCR0.
    """

    @property
    def clean(self) -> bytes:
        """See the class."""

    @property
    def features(self) -> int:
        """See the class."""

    def read(self) -> bytes:
        """The state now."""

    def write(self, image: bytes) -> None:
        """Sets it; the image has the size of `clean`, and only what processors take."""


class Counter(Protocol):
    """Counts what ring 3 executes, the same in every run, in a unit of the CPU's own (such as bytes of code)."""

    @property
    def executed(self) -> int:
        """How much was counted."""

    def start_counting(self) -> None:
        """Counts from now on."""

    def advance(self, amount: int) -> None:
        """Counts as much as if that had been run."""

    def limit(self, amount: int) -> None:
        """Stops the program when that much more was counted."""


class EdgeCounter(Protocol):
    """Counts edges between blocks of code."""

    def begin(self) -> None:
        """A run begins: no edge was taken, and no block was there before."""

    def taken(self) -> bytes:
        """How often each edge was taken."""


class Cpu(Registers, Protocol):
    """A processor that can be run, stopped and looked at.

    Attributes:
        words: Registers as 64-bit words, in use only while the CPU stands still: RAX lies at index `base`, the other
            general registers and RIP follow in encoding order.
        flags: One word, RFLAGS; to change it, set `rflags`.
        ahead: How many pages are worth mapping ahead of a program: `Pmap.ahead`.
        translates: It translates code: `Pmap.translated`.
        feature_bits: EDX of CPUID leaf 1, as programs see it.
        vectors: The floating-point and vector state as XSAVE has it; None where the CPU has no XSAVE, but only `fpu`.
        booted: All registers as they were when it was made, as `save` gives them.
    """

    @property
    def ahead(self) -> int:
        """See the class."""

    @property
    def translates(self) -> bool:
        """See the class."""

    @property
    def feature_bits(self) -> int:
        """See the class."""

    @property
    def vectors(self) -> VectorState | None:
        """See the class."""

    @property
    def booted(self) -> bytes:
        """See the class."""

    @property
    def words(self) -> memoryview:
        """See the class."""

    @property
    def flags(self) -> memoryview:
        """See the class."""

    @property
    def base(self) -> int:
        """Index of RAX in `words`."""

    def run(self) -> Stop:
        """Runs from the present registers until something happens."""

    def step(self) -> Stop:
        """Runs one instruction: `Event.STEPPED`, or what happened instead."""

    def stop_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Makes runs stop before an instruction at one of these addresses, with `Event.BREAKPOINT`.

        Nothing in memory shows it, thousands cost as little as one, and an address that is not met costs nothing.

        Args:
            addresses: Linear addresses, of ring 3 or ring 0.
            pmap: The address space they are meant for; None for every one.
        """

    def stop_no_more_at(self, addresses: Iterable[int], pmap: Pmap | None = None) -> None:
        """Undoes `stop_at` with the same address space."""

    def pass_stop(self) -> Stop:
        """Runs the one instruction that RIP is at, stop address or not: `Event.STEPPED`, or what happened instead.

        All iterations of a repeated instruction are one here.
        """

    def make_countable(self) -> Counter:
        """Lets programs be stopped after so much code, from now on, at some cost; can be called again."""

    def make_repeatable(self, tsc: Callable[[], int]) -> None:
        """Takes the host out of what instructions give: they are the same in every run.

        Args:
            tsc: The time-stamp counter.
        """

    def interrupt(self) -> None:
        """Makes a `run` in another thread return `Event.INTERRUPTED` soon.

        The program can only go on after that if the CPU was made interruptible before. A `run` that is just about to
        begin may not notice: who must be sure asks again.
        """

    def hook_blocks(self, hook: Callable[[int, int], None], first: int, last: int) -> Callable[[], None]:
        """Calls a function with address and size of each block of code that begins in a range, before it runs.

        Returns:
            What ends that.
        """

    def hook_accesses(
        self,
        hook: Callable[[int, int, int, int | None], None],
        pmap: Pmap | None,
        address: int,
        size: int,
        *,
        read: bool,
        write: bool,
    ) -> Callable[[], None]:
        """Calls a function before each access to a range of memory by an instruction.

        If that function calls `interrupt`, the program stops behind the instruction that makes the access.

        Args:
            hook: Gets the instruction's address, the linear address, the size in bytes, and the value that is written,
                None for a load.
            pmap: The address space; None for every one, as for addresses of the kernel.
            address: Of the first byte.
            size: Bytes.
            read: Whether loads count.
            write: Whether stores count.

        Returns:
            What ends that.
        """

    def count_edges(self, at: int) -> EdgeCounter:
        """Counts in a map how often each edge between blocks of ring-3 code is taken, as AFL has it.

        Args:
            at: Address in this process of the map, `machine.edges.SIZE` bytes.

        Raises:
            UserError: This kind of CPU has no blocks.
        """

    def prepare_confinement(self) -> tuple[int, ...]:
        """Starts what cannot be started any more when this process has given up its rights.

        Returns:
            Numbers of the requests of ptrace(2) that it makes of processes of its own, while programs run.
        """

    def rest(self) -> None:
        """Lets other threads of Python look at everything and change it: nothing runs until the next `run`.

        That may be another thread's too.
        """

    def spent(self) -> int:
        """Nanoseconds of the host's CPU time that this process has used, and what else runs programs."""

    def wants_ticks(self) -> bool:
        """Whether it wants to be interrupted now and then: it looks how long the program computes."""

    def make_interruptible(self) -> None:
        """Lets programs be stopped where that does not harm them, from now on: they may be slower on some hosts."""

    def use(self, pmap: Pmap) -> None:
        """Switches to another address space."""

    def save(self) -> bytes:
        """All registers, of every kind, as one opaque value."""

    def load(self, saved: bytes) -> None:
        """Sets a program's registers to what `save` gave.

        What belongs to the processor stays: the address space, CR0 and CR4, the descriptor-table registers, and the
        MSRs but the segment bases. So a value written there holds for every program, as on real hardware.
        """

    def state(self) -> CpuState:
        """Everything that it holds, to go back to: also what `load` leaves alone.

        Raises:
            UserError: This kind of CPU cannot tell.
        """

    def put_state(self, state: CpuState) -> None:
        """Goes back to what `state` gave on this CPU; it looks at page tables anew."""

    def fpu(self) -> memoryview:
        """The x87 and SSE state in the CPU's own form; it can be copied from one saved state to another."""

    def close(self) -> None:
        """Switches the CPU off; it lets go of guest RAM."""

    def forget_code(self) -> None:
        """Memory that held code was changed from outside: drops every translation."""
