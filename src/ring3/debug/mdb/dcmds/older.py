"""Commands that came from adb(1), and small ones beside them: files, signals, faults, floating point."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import Sig
from ring3.debug.mdb.call import Call
from ring3.debug.mdb.dcmds.control import process_of
from ring3.debug.mdb.dcmds.events import OPTIONS, add_signal
from ring3.debug.mdb.dcmds.fpregs import fpregs
from ring3.debug.mdb.errors import NOT_SUPPORTED, MdbError, UsageError
from ring3.debug.mdb.registry import dcmd

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNAL_FAULTS: Final = {
    "FLTILL": Sig.SIGILL, "FLTPRIV": Sig.SIGILL, "FLTBPT": Sig.SIGTRAP, "FLTTRACE": Sig.SIGTRAP,
    "FLTACCESS": Sig.SIGBUS, "FLTBOUNDS": Sig.SIGSEGV, "FLTIZDIV": Sig.SIGFPE, "FLTFPE": Sig.SIGFPE,
    "FLTPAGE": Sig.SIGSEGV,
}  # fmt: skip
"""Faults of sys/fault.h, and the signals by which a program of Linux is told of them."""


@dcmd("files $f", "[object]", "print listing of source files")
def files(call: Call) -> None:
    """Prints the source files that symbol tables name."""
    if call.given or len(call.arguments) > 1:
        raise UsageError
    for number, name in enumerate(call.session.target.source_files(call.text(0, "")), start=1):
        call.write(f"{number}\t{name}\n")


@dcmd("term", "", "display current terminal type")
def term(call: Call) -> None:
    """Prints what the terminal is."""
    call.write(f"{os.environ.get('TERM', 'unknown')}\n")


@dcmd("$x $X $y $Y", "", "print floating point registers")
def floating(call: Call) -> None:
    """Prints them."""
    fpregs(call)


@dcmd("$i", "", "print signals that are ignored")
def ignored(call: Call) -> None:
    """Prints the signals that no event is for."""
    traced = {event.signal for event in process_of(call.session).events.values()}
    names = (f"{signal.name.removeprefix('SIG')}" for signal in Sig if signal not in traced)
    call.write(f"{' '.join(names)}\n")


@dcmd(":i", ":", "ignore signal (delete all matching events)")
def ignore(call: Call) -> None:
    """Takes the events of a signal away."""
    if call.arguments:
        raise UsageError
    target = process_of(call.session)
    if not 1 <= call.address <= max(Sig):
        raise MdbError(f"invalid signal number -- 0t{call.address}")
    for number in [n for n, event in target.events.items() if event.signal == call.address]:
        target.delete_event(number)


@dcmd("fltbp", "?[+/-dDestT] [-c cmd] [-n count] fault ...", "stop on machine fault")
def fault_breakpoint(call: Call) -> None:
    """Stops at the signals that faults become."""
    options = call.options(OPTIONS, plus=True, mixed=True)
    if not options.rest:
        raise UsageError
    for word in map(str, options.rest):
        name = word.upper() if word.upper().startswith("FLT") else f"FLT{word.upper()}"
        signal = _SIGNAL_FAULTS.get(name)
        if signal is None:
            raise MdbError(f"invalid fault name -- {word}")
        add_signal(call, int(signal), f"stop on {name}", options)


@dcmd("context $p", ":", "change debugger target context")
def context(call: Call) -> None:
    """Would look at a process of the kernel's: there is ``mdb -p`` for that."""
    raise MdbError(f"failed to change context: {NOT_SUPPORTED}")


@dcmd("dem", "name ...", "demangle C++ symbol names")
def demangle(call: Call) -> None:
    """Prints names of C++ as c++filt(1) of the host does."""
    convert = _demangler()
    if not call.arguments:
        raise UsageError
    for number in range(len(call.arguments)):
        name = call.text(number)
        found = convert(name)
        call.write(f"{name} == {found}\n")


def _demangler() -> Callable[[str], str]:
    """What the C++ runtime of the host has for it (__cxa_demangle of cxxabi.h)."""
    import ctypes  # noqa: PLC0415 - few names are those of C++
    import ctypes.util  # noqa: PLC0415

    path = ctypes.util.find_library("stdc++")
    if path is None:
        raise MdbError("failed to load C++ demangler: library is missing")
    demangle_name = ctypes.CDLL(path)["__cxa_demangle"]
    demangle_name.restype = ctypes.c_void_p
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]

    def convert(name: str) -> str:
        raw = demangle_name(name.encode(), None, None, None)
        if not raw:
            return name
        text = ctypes.string_at(raw).decode()
        free(raw)
        return text

    return convert
