"""Processes that another one controls by /proc: which events stop their lwps, and how they go on.

An lwp that stops leaves the processor, and nothing makes it ready before it is run again (`SolarisKernel.ready`). In
ring 0 the handler that has met the event waits; in ring 3, on the short path, the lwp looks again for what there is
when it runs (`SolarisKernel.run_task`). With one lwp all others of the process stop, unless PR_ASYNC says otherwise.
While calls are traced, ``t_pre_sys`` is set in each kthread_t, and all go through ring 0.

Sources: usr/src/uts/common/os/sig.c (issig_forreal, stop), fs/proc/prcontrol.c of illumos-gate; proc(5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.tracing import PR_ASYNC, PR_BPTADJ, Fault, Why
from ring3.image.solaris.boot import L
from ring3.kernel.wait import UNTIL_READY, WaitQueue
from ring3.machine.registers import Flags, Vector
from ring3.solaris import signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.waiting import Waiting
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_FAULTS: Final = {
    Vector.DE: Fault.FLTIZDIV,
    Vector.DB: Fault.FLTTRACE,
    Vector.BP: Fault.FLTBPT,
    Vector.OF: Fault.FLTIOVF,
    Vector.BR: Fault.FLTBOUNDS,
    Vector.UD: Fault.FLTILL,
    Vector.TS: Fault.FLTBOUNDS,
    Vector.NP: Fault.FLTBOUNDS,
    Vector.SS: Fault.FLTBOUNDS,
    Vector.GP: Fault.FLTBOUNDS,
    Vector.PF: Fault.FLTBOUNDS,
    Vector.MF: Fault.FLTFPE,
    Vector.AC: Fault.FLTACCESS,
    Vector.XM: Fault.FLTFPE,
}


class Stop(NamedTuple):
    """Why an lwp is stopped.

    Attributes:
        why: The kind of event.
        what: Which: a signal, a call, a fault; 0 where somebody asked for it.
        asleep: It was waiting in a call, and goes on with that.
    """

    why: Why
    what: int
    asleep: bool = False


class Tracing:
    """What is traced of a process; sets have bit N-1 for number N.

    Attributes:
        signals: Signals.
        faults: Faults.
        entries: Calls, when they begin.
        exits: Calls, when they end.
        modes: What PCSET has set.
        controllers: How many have it open to control it.
        changed: Woken when an lwp has stopped or the process has ended.
    """

    def __init__(self) -> None:
        self.signals = 0
        self.faults = 0
        self.entries = 0
        self.exits = 0
        self.modes = 0
        self.controllers = 0
        self.changed = WaitQueue()

    def inherited(self) -> Tracing:
        """What a child of fork has of it (PR_FORK)."""
        child = Tracing()
        child.signals, child.faults, child.modes = self.signals, self.faults, self.modes
        child.entries, child.exits = self.entries, self.exits
        return child

    def adopt(self, lwp: SolarisTask) -> None:
        """Has an lwp's calls go through ring 0, if some are traced."""
        lwp.kernel.machine.ram.bytes[lwp.stack + L["T_PRE_SYS"]] = bool(self.entries | self.exits)


def tracing_of(process: Process) -> Tracing:
    """What is traced of a process, to be changed."""
    if process.tracing is None:
        process.tracing = Tracing()
    return process.tracing


# -- stopping and going on -----------------------------------------------------------------------------------------


def stop(lwp: SolarisTask, why: Why, what: int) -> None:
    """Stops an lwp that has met an event, and with it all others of its process."""
    process = lwp.process
    tracing = tracing_of(process)
    lwp.stop_requested = False
    lwp.stop = Stop(why, what)
    if not tracing.modes & PR_ASYNC:
        for other in process.lwps.values():
            if other is not lwp:
                direct(other)
    tracing.changed.wake()


def direct(lwp: SolarisTask) -> None:
    """Asks an lwp to stop: at once, but for the one that runs."""
    kernel = lwp.kernel
    if lwp.stop is not None:
        return
    if lwp is kernel.current:
        lwp.stop_requested = True
        lwp.set_sig_check()
        return
    waits = lwp.pending is not None
    lwp.stop = Stop(Why.PR_REQUESTED, 0, waits)
    kernel.suspend(lwp)
    tracing_of(lwp.process).changed.wake()


def go_on(lwp: SolarisTask) -> None:
    """Lets an lwp run that was stopped."""
    lwp.stop = None
    lwp.set_sig_check()
    lwp.kernel.ready(lwp)


def release(process: Process) -> None:
    """Lets all lwps run, whatever stopped them: SIGKILL has come, or nobody controls the process any more."""
    for lwp in list(process.lwps.values()):
        lwp.stop_requested = False
        if lwp.stop is not None:
            go_on(lwp)


def born(child: SolarisTask, call: int) -> None:
    """A child of a traced process stops at the end of the call that has made it, as its parent does."""
    tracing = child.process.tracing
    if tracing is not None and tracing.exits & signals.bit(call):
        child.stop = Stop(Why.PR_SYSEXIT, call)
        child.kernel.suspend(child)


# -- events --------------------------------------------------------------------------------------------------------


def take_signals(lwp: SolarisTask) -> bool:
    """Takes the signals that wait, until one stops the lwp; whether it is stopped.

    Raises:
        TaskExited: One has ended the process.
    """
    process = lwp.process
    while not process.stopped and lwp.stop is None:
        if lwp.stop_requested:
            stop(lwp, Why.PR_REQUESTED, 0)
            break
        info = lwp.cursig
        if info is None:
            info = signals.next_signal(lwp)
            if info is None:
                break
            lwp.cursig = info
            if tracing_of(process).signals & signals.bit(info.signo) and info.signo != _SIGKILL:
                stop(lwp, Why.PR_SIGNALLED, info.signo)
                break
        lwp.cursig = None
        signals.psig(lwp, info)
    return lwp.stop is not None


def issig(lwp: SolarisTask) -> None:
    """Takes the signals of an lwp that goes back to ring 3 at once; one that stops leaves the processor."""
    if take_signals(lwp):
        lwp.kernel.suspend(lwp)


async def _until_free(lwp: SolarisTask) -> int:
    """Takes the signals of an lwp in ring 0, which waits there while it is stopped."""
    while lwp.stop is not None or take_signals(lwp):
        await UNTIL_READY
    signals.restore_mask(lwp)
    return 0


def leave(lwp: SolarisTask) -> int | Waiting:
    """What stands before ring 3, after a trap or a call."""
    if lwp.kernel.machine.cpu.cpl != 3:
        return _until_free(lwp)
    signals.issig(lwp)
    return 0


def leave_call(lwp: SolarisTask, number: int) -> int | Waiting:
    """The end of a call, whose results are in the registers."""
    if tracing_of(lwp.process).exits & signals.bit(number):
        stop(lwp, Why.PR_SYSEXIT, number)
        if lwp.kernel.machine.cpu.cpl == 3:
            lwp.kernel.suspend(lwp)
            return 0
    return leave(lwp)


def enter_call(lwp: SolarisTask, number: int) -> int | Waiting:
    """The begin of a call, in ring 0; not 0 if it is not to be made."""
    lwp.set_post_sys()
    if not tracing_of(lwp.process).entries & signals.bit(number):
        return 0
    stop(lwp, Why.PR_SYSENTRY, number)
    return _enter(lwp)


async def _enter(lwp: SolarisTask) -> int:
    while lwp.stop is not None:
        await UNTIL_READY
    lwp.set_post_sys()
    if lwp.aborts_call:
        lwp.aborts_call = False
        lwp.kernel.failed(lwp, Errno(SolarisE.EINTR))
        return 1
    return 0


def at_fault(lwp: SolarisTask, vector: int, send: Callable[[], None]) -> int | Waiting:
    """A fault, in ring 0: stops if it is traced, and sends its signal unless the controller has cleared it."""
    regs, tracing = lwp.regs, tracing_of(lwp.process)
    fault = _FAULTS.get(Vector(vector))
    if vector == Vector.DB:
        regs.flags &= ~Flags.TF
    if fault is None or not tracing.faults & signals.bit(fault):
        send()
        return leave(lwp)
    if fault is Fault.FLTBPT and tracing.modes & PR_BPTADJ:
        regs.ip -= 1
    lwp.curfault = fault
    stop(lwp, Why.PR_FAULTED, fault)
    return _fault(lwp, send)


async def _fault(lwp: SolarisTask, send: Callable[[], None]) -> int:
    while lwp.stop is not None:
        await UNTIL_READY
    if lwp.curfault:
        lwp.curfault = 0
        send()
    return await _until_free(lwp)


_SIGKILL: Final = 9
