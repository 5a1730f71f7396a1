"""What kmdb does in the machine it has stopped, ::call, ::switch, ::cpustack; what the kernel has said, ::msgbuf."""

from __future__ import annotations

from ring3.debug.mdb.call import Argument, Call
from ring3.debug.mdb.dcmds.registers import stack
from ring3.debug.mdb.dcmds.system import machine_of
from ring3.debug.mdb.errors import NOT_SUPPORTED, MdbError, UsageError
from ring3.debug.mdb.kmdb_call import ARGUMENTS
from ring3.debug.mdb.registry import dcmd


@dcmd("call", ":[arg ...]", "call a kernel function")
def call_(call: Call) -> None:
    """Calls a function with numbers, in the thread that the processor runs, and prints what it returns."""
    session = call.session
    if session.resident is None:
        raise MdbError(f"command is not supported by current target: {NOT_SUPPORTED}")
    if call.piped:
        raise UsageError
    function = call.address
    if len(call.arguments) > len(ARGUMENTS):
        raise MdbError(f"call failed: a function gets {len(ARGUMENTS)} arguments at most")
    symbol = session.target.symbol_at(function)
    if symbol is None or not symbol.is_function:
        raise MdbError(f"{session.symbolic(function)} is not a function")
    values = [call.number(argument) for argument in call.arguments]
    words = ", ".join(map(_shown, call.arguments))

    def told(value: int) -> None:
        session.out.text(f"{value:x} = {session.symbolic(function)}({words});\n")

    session.resident.call(function, values, told)


def _shown(argument: Argument) -> str:
    return argument if isinstance(argument, str) else f"{argument:x}"


@dcmd("switch :x", ":", "change the active CPU")
def switch(call: Call) -> None:
    """There is one processor."""
    if call.arguments:
        raise UsageError
    if call.session.resident is None:
        raise MdbError(f"command is not supported by current target: {NOT_SUPPORTED}")
    if call.address:
        raise MdbError(f"failed to switch to CPU {call.address}: there is no such CPU")


@dcmd("cpustack", "?[-v] [-c cpuid] [cnt]", "print stack backtrace for a specific CPU")
def cpustack(call: Call) -> None:
    """Prints the stack of the thread that the processor runs."""
    options = call.options("vc:")
    number = call.number(options.values["c"]) if "c" in options else call.address if call.given else 0
    machine_of(call.session)
    if number:
        raise MdbError(f"there is no CPU {number}")
    inner = Call(call.session, "$C" if "v" in options else "$c", call.address, options.rest)
    stack(inner)


@dcmd("msgbuf", "", "print most recent console messages")
def msgbuf(call: Call) -> None:
    """Prints what the kernel has told the user."""
    if call.arguments:
        raise UsageError
    messages = machine_of(call.session).kernel.messages
    if messages:
        call.write(f"{'MESSAGE':<70}\n")
    for line in messages:
        call.write(f"{line}\n")
