"""What Linux makes of an exception: a page brought in, a signal, or a panic.

Signals and codes: arch/x86/kernel/traps.c and arch/x86/mm/fault.c of Linux 6.x; si_code names of sigaction(2).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.signals import FpeCode, IllCode, SegvCode, SiCode, Sig, TrapCode
from ring3.errors import KernelPanic
from ring3.image.linux.boot import GATES, L
from ring3.kernel.functions import function
from ring3.kernel.mm.fault import FaultOutcome
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.kernel.regs import UserRegs, describe
from ring3.linux.entry.leave import undo_iret
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals.send import force_sig, force_sig_fault
from ring3.machine.paging import PF_FETCH, PF_PRESENT, PF_WRITE
from ring3.machine.registers import ERROR_CODE_VECTORS, Flags, Vector

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem

Stub = Callable[[LinuxTask, UserRegs, int], int | Coroutine[Any, Any, int]]

VECTORS: Final = {name: vector for vector, name in enumerate(GATES)}
VSYSCALL: Final = 0xFFFF_FFFF_FF60_0000
"""The page of the calls at fixed addresses (`vsyscall`), and the first address that no program can map."""
EXIT_WORK: Final = (1 << L["TIF_NOTIFY_RESUME"]) | (1 << L["TIF_SIGPENDING"]) | (1 << L["TIF_NEED_RESCHED"])

_SIGNALS: Final = {
    Vector.DE: (Sig.SIGFPE, FpeCode.FPE_INTDIV),
    Vector.DB: (Sig.SIGTRAP, TrapCode.TRAP_TRACE),
    Vector.BP: (Sig.SIGTRAP, SiCode.SI_KERNEL),
    Vector.OF: (Sig.SIGSEGV, SiCode.SI_KERNEL),
    Vector.BR: (Sig.SIGSEGV, SiCode.SI_KERNEL),
    Vector.UD: (Sig.SIGILL, IllCode.ILL_ILLOPN),
    Vector.TS: (Sig.SIGSEGV, SiCode.SI_KERNEL),
    Vector.NP: (Sig.SIGBUS, SiCode.SI_KERNEL),
    Vector.SS: (Sig.SIGBUS, SiCode.SI_KERNEL),
    Vector.GP: (Sig.SIGSEGV, SiCode.SI_KERNEL),
    Vector.AC: (Sig.SIGBUS, 1),
}
_DR6_BS: Final = 1 << 14
_WITH_ADDRESS: Final = (Vector.DE, Vector.UD, Vector.DB)

_OUTCOMES: Final = {
    FaultOutcome.SEGV_MAPERR: (Sig.SIGSEGV, SegvCode.SEGV_MAPERR),
    FaultOutcome.SEGV_ACCERR: (Sig.SIGSEGV, SegvCode.SEGV_ACCERR),
    FaultOutcome.BUS_ADRERR: (Sig.SIGBUS, 2),
    FaultOutcome.OOM: (Sig.SIGKILL, SiCode.SI_KERNEL),
}


def exception(vector: int, task: LinuxTask, regs: UserRegs, error: int) -> int:
    """The stub of every exception: ``exc_page_fault`` and its like."""
    if vector not in ERROR_CODE_VECTORS:
        error = 0
    if not regs.cs & 3:
        if regs.ip != task.kernel.image.symbols["native_irq_return_iret"]:
            _in_kernel(vector, task, regs, error)
            return 0
        regs = undo_iret(task, regs)
    if vector == Vector.PF:
        address = task.kernel.machine.cpu.cr2
        outcome = do_user_addr_fault(task, address, error, regs)
        if outcome is FaultOutcome.OK:
            regs.flags &= ~Flags.RF  # nothing depends on it, and the emulator's pushf would show it
        else:
            _bad_area(task, outcome, error, address)
    elif vector in (Vector.MF, Vector.XM):
        code = task.kernel.fpu.exception_code(vector)
        if code:  # else it is spurious: math_error of arch/x86/kernel/traps.c
            remember(task, vector, error, task.fault_address)
            force_sig_fault(task, Sig.SIGFPE, code, regs.ip)
    elif vector in _SIGNALS:
        remember(task, vector, error, task.fault_address)
        _send(task, Vector(vector), regs)
    else:
        raise KernelPanic(f"unexpected exception {vector} in ring 3", describe(regs))
    return 0


@function(
    "void do_user_addr_fault(struct pt_regs *regs, unsigned long error_code, unsigned long address)",
    calls={"emulate_vsyscall", "handle_mm_fault"},
)
def do_user_addr_fault(
    task: LinuxTask, address: int, error: int, regs: UserRegs | None = None
) -> FaultOutcome:
    """Makes a user access possible that faulted, or says why it is not allowed.

    Args:
        task: Whose access it was.
        address: Linear address.
        error: The page fault's error code.
        regs: The user registers, by default those of `Task.regs`.
    """
    if address >= VSYSCALL:
        from ring3.linux.entry.vsyscall import emulate_vsyscall  # noqa: PLC0415 -- few programs ever call there

        called = error & PF_FETCH and emulate_vsyscall(task, regs or task.regs, address)
        return FaultOutcome.OK if called else FaultOutcome.SEGV_MAPERR
    return handle_mm_fault(task, address, error)


@function(
    "vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address, "
    "unsigned int flags, struct pt_regs *regs)",
    calls={"expand_stack"},
)
def handle_mm_fault(task: LinuxTask, address: int, error: int) -> FaultOutcome:
    """Makes an access to user memory possible, or says why it is not."""
    memory = task.memory
    loaded = memory.major_faults
    outcome = memory.fault(address, write=bool(error & PF_WRITE), fetch=bool(error & PF_FETCH))
    if memory.major_faults != loaded:
        task.majflt += 1
    elif outcome is FaultOutcome.OK:
        task.minflt += 1
    return outcome


def _send(task: LinuxTask, vector: Vector, regs: UserRegs) -> None:
    """Sends the signal of an exception that always has the same one."""
    signal, code = _SIGNALS[vector]
    if vector == Vector.DB:
        task.debug_status = _DR6_BS
    if code == SiCode.SI_KERNEL:
        force_sig(task, signal)
    else:
        force_sig_fault(task, signal, int(code), regs.ip if vector in _WITH_ADDRESS else 0)


def _bad_area(task: LinuxTask, outcome: FaultOutcome, error: int, address: int) -> None:
    """Sends the signal of an access that is not allowed."""
    if address >= TASK_SIZE_64:  # whether a page of the kernel's is there is not told: sanitize_error_code
        error |= PF_PRESENT
    signal, code = _OUTCOMES[outcome]
    remember(task, Vector.PF, error, address)
    force_sig_fault(task, signal, int(code), address)


def _in_kernel(vector: int, task: LinuxTask, regs: UserRegs, error: int) -> None:
    """An exception in ring 0: the machine code touched user memory, or something is badly wrong."""
    symbols = task.kernel.image.symbols
    if vector == Vector.DB and symbols.covers("entry_SYSENTER_compat", regs.ip):
        return  # sysenter leaves TF as it was, until the entry code has cleared it (is_sysenter_singlestep)
    address = task.kernel.machine.cpu.cr2
    if (
        vector == Vector.PF
        and address < task.memory.task_size
        and regs.flags & Flags.AC  # it said that it means the user's memory (SMAP)
        and not error & PF_FETCH
        and handle_mm_fault(task, address, error) is FaultOutcome.OK
    ):
        return
    fixup = fixup_exception(task.kernel, regs.ip)
    if fixup is None:
        where = symbols.describe(regs.ip)
        raise KernelPanic(
            f"exception {vector} (error {error:#x}, cr2 {address:#x}) in ring 0 at {where}", describe(regs)
        )
    regs.ip = fixup


@function(
    "int fixup_exception(struct pt_regs *regs, int trapnr, unsigned long error_code, "
    "unsigned long fault_addr)",
)
def fixup_exception(kernel: LinuxSystem, ip: int) -> int | None:
    """Where the exception table says to go on after a fault at an instruction."""
    symbols = kernel.image.symbols
    for at in range(symbols["__start___ex_table"], symbols["__stop___ex_table"], 16):
        if kernel.machine.read_q(at) == ip:
            return kernel.machine.read_q(at + 8)
    return None


def remember(task: LinuxTask, vector: int, error: int, address: int) -> None:
    """Keeps what signal frames and ptrace show of the last exception."""
    task.trap_number, task.error_code, task.fault_address = vector, error, address


def spurious(task: LinuxTask, regs: UserRegs, argument: int) -> int:
    """The stub behind the gates of vectors that no device raises."""
    raise KernelPanic("an interrupt arrived that no device raises", describe(regs))
