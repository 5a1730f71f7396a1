"""A process under control: ``:r``, ``:c``, ``:s``, ``:e``, ``:u``, ``:k``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ring3.abi.signals import Sig
from ring3.debug import Reason, Stop
from ring3.debug.gcore import write_core
from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import NOT_SUPPORTED, MdbError, UsageError
from ring3.debug.mdb.formats import disassembled
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.stopping import report
from ring3.debug.mdb.targets.events import Event
from ring3.debug.mdb.targets.process import ProcessTarget
from ring3.debug.mdb.targets.stack import return_address
from ring3.errors import Deadlock


def process_of(session: Session) -> ProcessTarget:
    """The target, if it is a program, which asks this session what it needs to know.

    Raises:
        MdbError: It is something else.
    """
    if not isinstance(session.target, ProcessTarget):
        raise MdbError(f"command is not supported by current target: {NOT_SUPPORTED}")
    target, values = session.target, session.settings.values
    target.tell = session.warn
    target.follows_child = lambda: values["follow_fork_mode"] == "child"
    target.stops_after_exec = lambda: values["follow_exec_mode"] == "stop"
    return target


@dcmd("run :r", "[ args ... ]", "run a new target process")
def run(call: Call) -> None:
    """Starts the program, and lets it run."""
    target = process_of(call.session)
    target.start([call.text(n) for n in range(len(call.arguments))])
    _go_on(call.session, target.resume)


@dcmd("cont :c", "[SIG]", "continue target execution")
def cont(call: Call) -> None:
    """Lets the process go on; one that is not there yet is started."""
    resident = call.session.resident
    if resident is not None:
        resident.leave()
        return
    target = process_of(call.session)
    if target.is_idle and target.ended is None:
        target.start([])
    signal = _delivered(call, target, "continue")
    _go_on(call.session, lambda: target.resume(signal))


def _delivered(call: Call, target: ProcessTarget, what: str) -> int:
    """The signal to go on with: one that was named, or what has stopped the process.

    Raises:
        MdbError: It has ended, so that it cannot do what was asked for.
    """
    if target.ended is not None:
        raise MdbError(f"failed to {what} target: target has completed execution")
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
    if target.is_idle and target.ended is None:
        target.start([])
        call.session.dot = target.active().registers.pc
        report(call.session, call.session.dot, [])
        return
    signal = _delivered(call, target, "single-step")
    _go_on(call.session, lambda: target.step(signal))


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
    try:
        _go_on(session, lambda: target.run_to(address, stack))
    finally:
        if session.wishes is None:
            target.end_run_to()


@dcmd("kill :k", "", "forcibly kill and release target")
def kill(call: Call) -> None:
    """Ends the process."""
    target = process_of(call.session)
    if target.is_idle and target.ended is None:
        raise MdbError("no victim process is currently under control")
    number = target.pid
    if target.ended is None:
        target.kill()
    target.ended = None
    call.session.warn(f"victim process PID {number} forcibly terminated")


@dcmd("release :R", "[-a]", "release the previously attached process")
def release(call: Call) -> None:
    """Lets the process go on without the debugger."""
    options = call.options("a")
    if options.rest:
        raise UsageError
    target = process_of(call.session)
    if target.is_idle:
        raise MdbError("debugger is not currently attached to a process or core file")
    target.release()


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


@dcmd("gcore", "[-o prefix]", "create a core file of the process")
def gcore(call: Call) -> None:
    """Writes a core file to the host: ``core.PID``, or another name before the point."""
    options = call.options("o:")
    if options.rest:
        raise UsageError
    target = process_of(call.session)
    thread = target.active()
    if target.system != "linux":
        raise MdbError(f"couldn't dump core: {NOT_SUPPORTED}")
    name = f"{options.values.get('o', 'core')}.{thread.pid}"
    try:
        with Path(name).open("wb") as stream:
            write_core(thread, stream, target.signal)
    except OSError as error:
        raise MdbError(f"couldn't dump core: {error.strerror}") from None
    call.session.warn(f"{name} dumped")


def signal_number(text: str) -> int:
    """The number of a signal, by name or number.

    Raises:
        MdbError: There is none.
    """
    if text.isdigit() and (int(text) == 0 or int(text) in list(Sig)):
        return int(text)
    name = text.upper() if text.upper().startswith("SIG") else f"SIG{text.upper()}"
    if name not in Sig.__members__:
        raise MdbError(f"invalid signal name -- {text}")
    return int(Sig[name])


def _go_on(session: Session, begin: Callable[[], None]) -> None:
    """Lets the process go on, and tells why it has stopped.

    What an event's own command asks for is done when all commands of the stop have been run, if each asks for it
    (tgt_request_continue of mdb_target.c); then nobody is told of the stop.

    Args:
        session: The debugger.
        begin: Has the process go on, at the next wait.
    """
    if session.wishes is not None:
        session.wishes.append(begin)
        return
    target = process_of(session)
    had_symbols = target.has_symbols
    again: Callable[[], None] | None = begin
    texts: list[str] = []
    while again is not None:
        again()
        stop, is_linker = _next_stop(session, target)
        if stop is None:
            session.out.text(f"{session.name}: target has terminated\n")
            return
        session.dot = stop.thread.registers.pc
        events = [] if is_linker else target.events.of(stop)
        texts = [event.text for event in events]
        if stop.reason is Reason.SIGNAL and not texts:
            texts = [f"stop on {Sig(stop.signal).name}"]
        again = _react(session, target, events)
        if target.is_idle:
            return
    report(session, session.dot, texts)
    if target.has_symbols and not had_symbols:
        session.out.text(f"{session.name}: You've got symbols!\n")
        modules_are_loaded(session)


def _next_stop(session: Session, target: ProcessTarget) -> tuple[Stop | None, bool]:
    session.flush()
    target.last_matched = []
    try:
        return target.wait()
    except Deadlock as error:
        target.give_up()
        raise MdbError(f"target cannot go on: {error}") from None


def _react(session: Session, target: ProcessTarget, events: list[Event]) -> Callable[[], None] | None:
    """Counts events that were met and runs their commands; gives how the process goes on, if all want that."""
    target.last_matched = events
    place, wishes = session.dot, [run_action(session, event) for event in events]
    session.dot = place
    target.drop_events(events)
    if not events or not all(wishes):
        return None
    return wishes[-1][-1] or (lambda: target.resume(target.signal))


def run_action(session: Session, event: Event) -> list[Callable[[], None] | None]:
    """An event was met: it is counted, and its command is run; gives the ways to go on that were asked for.

    None among them is that of an event which stops after so many times only.
    """
    wishes: list[Callable[[], None] | None] = [] if event.hit() else [None]
    session.variables.set("hits", event.hits)
    session.wishes = wishes
    try:
        if event.action and not session.run(event.action):
            session.warn(f'failed to eval [ {event.number} ] command "{event.action}"')
    finally:
        session.wishes = None
    return wishes


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
