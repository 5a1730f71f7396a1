"""A process under control: ``:r``, ``:c``, ``:s``, ``:e``, ``:u``, ``:k``."""

from __future__ import annotations

from pathlib import Path

from ring3.abi.signals import Sig
from ring3.debug import Reason
from ring3.debug.gcore import write_core
from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import NOT_SUPPORTED, MdbError, UsageError
from ring3.debug.mdb.formats import disassembled
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.stopping import report
from ring3.debug.mdb.targets.process import ProcessTarget
from ring3.debug.mdb.targets.stack import return_address
from ring3.errors import Deadlock


def process_of(session: Session) -> ProcessTarget:
    """The target, if it is a program.

    Raises:
        MdbError: It is something else.
    """
    if not isinstance(session.target, ProcessTarget):
        raise MdbError(f"command is not supported by current target: {NOT_SUPPORTED}")
    return session.target


@dcmd("run :r", "[ args ... ]", "run a new target process")
def run(call: Call) -> None:
    """Starts the program, and lets it run."""
    target = process_of(call.session)
    target.start([call.text(n) for n in range(len(call.arguments))])
    target.resume()
    _go_on(call.session)


@dcmd("cont :c", "[SIG]", "continue target execution")
def cont(call: Call) -> None:
    """Lets the process go on."""
    resident = call.session.resident
    if resident is not None:
        resident.leave()
        return
    target = process_of(call.session)
    target.resume(_delivered(call, target))
    _go_on(call.session)


def _delivered(call: Call, target: ProcessTarget) -> int:
    """The signal to go on with: one that was named, or what has stopped the process."""
    target.active()
    return signal_number(call.text(0, str(target.signal)))


@dcmd("step :s :S", "[ over | out ] [SIG]", "single-step target to next instruction")
def step(call: Call) -> None:
    """Executes one instruction."""
    words = [call.text(n) for n in range(len(call.arguments))]
    if words[:1] == ["over"]:
        over(call)
        return
    if words[:1] == ["out"]:
        out(call)
        return
    if words[:1] == ["branch"]:
        raise MdbError(f"failed to single-step target: {NOT_SUPPORTED}")
    resident = call.session.resident
    if resident is not None:
        resident.step()
        return
    target = process_of(call.session)
    target.step(_delivered(call, target))
    _go_on(call.session)


@dcmd("next :e", "[SIG]", "step target over next instruction")
def over(call: Call) -> None:
    """Executes one instruction, and a function that it calls."""
    session = call.session
    registers = session.target.registers()
    text, after = disassembled(session, registers["rip"], session.target.read)
    if not text.startswith(("call", "lcall", "rep", "int")):
        call.arguments = []
        step(call)
        return
    _to(session, after, registers["rsp"])


@dcmd(":u", "[SIG]", "step target out of current function")
def out(call: Call) -> None:
    """Lets the function return."""
    session = call.session
    found = return_address(session.target, session.target.registers())
    if found is None:
        raise MdbError("failed to step out: no return address")
    _to(session, *found)


def _to(session: Session, address: int, stack: int) -> None:
    if session.resident is not None:
        session.resident.run_to(address, stack)
        return
    target = process_of(session)
    target.active()
    target.run_to(address, stack)
    try:
        _go_on(session)
    finally:
        target.end_run_to()


@dcmd("kill :k", "", "forcibly kill and release target")
def kill(call: Call) -> None:
    """Ends the process."""
    process_of(call.session).kill()


@dcmd("release :R", "[-a]", "release the previously attached process")
def release(call: Call) -> None:
    """Lets the process go on without the debugger."""
    options = call.options("a")
    if options.rest:
        raise UsageError
    process_of(call.session).release()


@dcmd("attach :A", "?[core|pid]", "attach to process or core file")
def attach(call: Call) -> None:
    """Stops a process that runs already."""
    session = call.session
    word = "" if call.given else need_words(call)[0]  # a word is decimal, as of -p
    if word and not word.isdigit():
        raise MdbError(f"failed to attach to {word}: it is no process id")
    number = int(word) if word else call.address
    if session.attach is None:
        raise MdbError(f"failed to attach to {number}: {NOT_SUPPORTED}")
    before = session.target
    session.target = session.attach(number)
    before.close()
    modules_are_loaded(session)


@dcmd("gcore", "[-o file]", "create a core file of the process")
def gcore(call: Call) -> None:
    """Writes a core file to the host: ``core.PID``, unless another name is given."""
    options = call.options("o:")
    if options.rest:
        raise UsageError
    target = process_of(call.session)
    thread = target.active()
    if target.system != "linux":
        raise MdbError(f"failed to create a core file: {NOT_SUPPORTED}")
    name = str(options.values.get("o", f"core.{thread.pid}"))
    try:
        with Path(name).open("wb") as stream:
            write_core(thread, stream, target.signal)
    except OSError as error:
        raise MdbError(f"failed to create {name}: {error.strerror}") from None
    call.write(f"Created core file: {name}\n")


def signal_number(text: str) -> int:
    """The number of a signal, by name or number.

    Raises:
        MdbError: There is none.
    """
    if text.isdigit():
        return int(text)
    name = text.upper() if text.upper().startswith("SIG") else f"SIG{text.upper()}"
    if name not in Sig.__members__:
        raise MdbError(f"invalid signal name -- {text}")
    return int(Sig[name])


def _go_on(session: Session) -> None:
    """Waits for the process to stop, and tells why it has."""
    target = process_of(session)
    session.flush()
    had_symbols = target.has_symbols
    try:
        stop, is_linker = target.wait()
    except Deadlock as error:
        target.give_up()
        raise MdbError(f"target cannot go on: {error}") from None
    if stop is None:
        session.out.text(f"{session.name}: target has terminated\n")
        return
    events = [] if is_linker else target.matched(stop)
    texts = [event.text for event in events]
    if stop.reason is Reason.SIGNAL and not texts:
        texts = [f"stop on {Sig(stop.signal).name}"]
    session.dot = stop.thread.registers.pc
    report(session, session.dot, texts)
    if target.has_symbols and not had_symbols:
        session.out.text(f"{session.name}: You've got symbols!\n")
        modules_are_loaded(session)
    for event in events:
        if event.action:
            session.run(event.action)


def modules_are_loaded(session: Session) -> None:
    """Tells somebody who types which libraries there are."""
    target = session.target
    if isinstance(target, ProcessTarget) and not target.is_idle and session.interactive:
        names = sorted(each.name for each in target.loaded() if not each.is_executable)
        session.out.text(f"Loading modules: [ {' '.join(names)} ]\n")


def need_words(call: Call) -> list[str]:
    """The arguments, of which there has to be one.

    Raises:
        UsageError: There is none.
    """
    if not call.arguments:
        raise UsageError
    return [call.text(n) for n in range(len(call.arguments))]
