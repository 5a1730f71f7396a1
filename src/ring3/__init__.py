"""Ring3: the system-call machine of x86, whole and real, in Python.

    import ring3

    with ring3.Linux() as linux:
        program = linux.spawn(["/bin/busybox", "echo", "hello"], stdout=ring3.PIPE)
        print(program.run(), program.stdout)

docs/python.md shows the rest. A name is imported when it is first used: the commands pay for none that they leave out.
"""

from __future__ import annotations

import sys

if (
    sys.argv[:1] == ["-m"]
    and sys.orig_argv[sys.orig_argv.index("-m") :][1:2] == ["ring3"]
    and sys.path[:1] != [__path__[0].rpartition("/")[0]]
    and not sys.flags.safe_path
):  # modules of the working directory, which may be anybody's, would come before those of Python
    del sys.path[0]

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ring3.abi.errno import E, Errno
    from ring3.abi.tbl import Abi
    from ring3.computer import TableRow, shell_status
    from ring3.errors import Deadlock, KernelPanic, Ring3Error, UserError
    from ring3.fleet.sweep import Sweep, sweep
    from ring3.kernel.signature import Support
    from ring3.loader.host import system_of
    from ring3.loader.personality import System
    from ring3.machine.board import CpuKind
    from ring3.machine.descriptors import Gate, Segment
    from ring3.machine.msr import Msr
    from ring3.python.calls import SystemCall
    from ring3.python.coverage import Coverage
    from ring3.python.crash import Crash
    from ring3.python.events import After, At, Call, Exit, Instructions, KernelFunction, Return, Signal, Stop
    from ring3.python.hooks import Hook
    from ring3.python.machine import PIPE, Linux, Machine, Solaris
    from ring3.python.memory import Mapping, Memory, Registers
    from ring3.python.process import Instruction, Process
    from ring3.python.snapshot import Snapshot
    from ring3.python.trace import Trace, TracedCall

__version__ = "0.1.0"

__all__ = [
    "PIPE",
    "Abi",
    "After",
    "At",
    "Call",
    "Coverage",
    "CpuKind",
    "Crash",
    "Deadlock",
    "E",
    "Errno",
    "Exit",
    "Gate",
    "Hook",
    "Instruction",
    "Instructions",
    "KernelFunction",
    "KernelPanic",
    "Linux",
    "Machine",
    "Mapping",
    "Memory",
    "Msr",
    "Process",
    "Registers",
    "Return",
    "Ring3Error",
    "Segment",
    "Signal",
    "Snapshot",
    "Solaris",
    "Stop",
    "Support",
    "Sweep",
    "System",
    "SystemCall",
    "TableRow",
    "Trace",
    "TracedCall",
    "UserError",
    "shell_status",
    "sweep",
    "system_of",
]  # fmt: skip

_HOMES: Final = {
    "abi.errno": "E Errno",
    "abi.tbl": "Abi",
    "computer": "TableRow shell_status",
    "errors": "Deadlock KernelPanic Ring3Error UserError",
    "fleet.sweep": "Sweep sweep",
    "kernel.signature": "Support",
    "loader.host": "system_of",
    "loader.personality": "System",
    "machine.board": "CpuKind",
    "machine.descriptors": "Gate Segment",
    "machine.msr": "Msr",
    "python.calls": "SystemCall",
    "python.coverage": "Coverage",
    "python.crash": "Crash",
    "python.events": "After At Call Exit Instructions KernelFunction Return Signal Stop",
    "python.hooks": "Hook",
    "python.machine": "Linux Machine PIPE Solaris",
    "python.memory": "Mapping Memory Registers",
    "python.process": "Instruction Process",
    "python.snapshot": "Snapshot",
    "python.trace": "Trace TracedCall",
}
"""In which module each name is."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- mypy sees the imports above
    for module, names in _HOMES.items():
        if name in names.split():
            value = globals()[name] = getattr(import_module(f"ring3.{module}"), name)
            return value
    raise AttributeError(f"module 'ring3' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
