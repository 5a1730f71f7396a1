"""Stopping a program, or the whole machine, and looking: one engine for all debuggers.

Belongs here: threads that are stopped, stepped and let go, breakpoints and watchpoints, registers and memory, symbols
and stacks of programs and of the kernel; in folders of their own the debuggers that stand on it (``gdb``, ``mdb``).
Does not: how a kernel does what is debugged (linux/, solaris/), command lines (cli/).

A debugger makes a target and alternates between looking and waiting; the machine runs only in `Target.wait`::

    with Linux() as linux:
        program = linux.load("/bin/busybox", ["echo", "hello"])
        target = ProcessTarget(linux.kernel)        # programs, as ptrace(2) shows them
        target.attach(program)
        stop = target.wait()                        # Reason.INTERRUPT: before its first instruction
        target.breakpoints.add(0x401000, stop.thread.memory.mm)
        target.resume(stop.thread)
        stop = target.wait()                        # Reason.BREAKPOINT
        print(hex(stop.thread.registers["rip"]), stop.thread.memory.read(0x401000, 16))
        target.step(stop.thread)
        stop = target.wait()                        # Reason.STEP

`MachineTarget` has the same methods for the machine as a whole: its threads are all tasks of all programs, they stand
still together, and steps and breakpoints go through ring 0. `target.Target` is what both have in common.

`program.Program` shows a kernel, a thread's program or a core file as values of C: ``prog["sysent"][152].sy_callc``.
"""

from ring3.debug.breakpoints import Breakpoint
from ring3.debug.machine import MachineTarget
from ring3.debug.memory import Memory, NoMemory
from ring3.debug.processes import ProcessTarget
from ring3.debug.stops import Reason, Stop
from ring3.debug.target import Target
from ring3.debug.thread import Thread
from ring3.debug.watchpoints import Watchpoint

__all__ = [
    "Breakpoint", "MachineTarget", "Memory", "NoMemory", "ProcessTarget", "Reason", "Stop", "Target", "Thread",
    "Watchpoint",
]  # fmt: skip
