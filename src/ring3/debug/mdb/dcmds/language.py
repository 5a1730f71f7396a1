"""Commands of the language itself: evaluation, pipes, walks, shell, log, the end."""

from __future__ import annotations

import runpy
from pathlib import Path

from ring3.debug.mdb import registry
from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import UNKNOWN_WALKER, MdbError, Quit, UsageError
from ring3.debug.mdb.numbers import digits
from ring3.debug.mdb.registry import dcmd


@dcmd("quit $q $Q $%", "", "quit debugger")
def quit_(call: Call) -> None:
    """Ends the debugger."""
    raise Quit


@dcmd("echo", "args ...", "echo arguments")
def echo(call: Call) -> None:
    """Prints its arguments."""
    if call.given:
        raise UsageError
    for argument in call.arguments:
        call.write(f"{argument if isinstance(argument, str) else digits(argument, call.session.radix)} ")
    call.write("\n")


@dcmd("eval", "command", "evaluate the specified command")
def eval_(call: Call) -> None:
    """Runs a command."""
    if len(call.arguments) != 1:
        raise UsageError
    if not call.session.run(call.text(0)):
        raise MdbError("")


@dcmd("grep", "?expr", "print dot if expression is true")
def grep(call: Call) -> None:
    """Lets addresses through for which an expression is not 0."""
    if len(call.arguments) != 1:
        raise UsageError
    if _value(call):
        call.emit_bare(call.address)


@dcmd("map", "?expr", "print dot after evaluating expression")
def map_(call: Call) -> None:
    """Makes of each address the value of an expression."""
    if len(call.arguments) != 1:
        raise UsageError
    call.emit_bare(_value(call))


def _value(call: Call) -> int:
    """The value of an expression, or what dot is after a command."""
    session = call.session
    text = call.text(0)
    session.dot = call.address
    try:
        return session.evaluate(text)
    except MdbError:
        if not any(mark in text for mark in ("::", "$", "/", "=")):
            raise
        session.run(text)
        return session.dot


@dcmd("head", "-num|-n num", "limit number of elements in pipe")
def head(call: Call) -> None:
    """Lets the first addresses through."""
    if not call.reads_pipe:
        raise UsageError
    words = [call.text(n) for n in range(len(call.arguments))]
    count = 10
    if words[:1] == ["-n"] and len(words) == 2:
        count = call.session.evaluate(words[1])
    elif len(words) == 1 and words[0][:1] == "-":
        count = call.session.evaluate(words[0][1:])
    elif words:
        raise UsageError
    if call.first:
        call.session.head_passed = 0
    passed = call.session.head_passed
    if passed < count:
        call.session.head_passed = passed + 1
        call.emit_bare(call.address)


@dcmd("walk", "?name [variable]", "walk data structure")
def walk(call: Call) -> None:
    """Prints each address of a walk."""
    session = call.session
    if not 1 <= len(call.arguments) <= 2:
        raise UsageError
    name = call.text(0)
    found = session.walkers.get(name) or session.walkers.get(name.rpartition("`")[2])
    if found is None:
        raise MdbError(f"failed to perform walk: {UNKNOWN_WALKER}")
    variable = call.text(1) if len(call.arguments) == 2 else None
    for address in found.function(session, call.address if call.given else None):
        if variable is not None:
            session.variables.set(variable, address)
        call.emit(address)


@dcmd("load", "[-s] module", "load debugger module")
def load(call: Call) -> None:
    """Runs a file of Python, whose dcmds and walkers are there from then on."""
    options = call.options("s")
    if len(options.rest) != 1:
        raise UsageError
    path = str(options.rest[0])
    if not Path(path).is_file():
        raise MdbError(f"failed to load {path}: no such module")
    before = set(registry.DCMDS), set(registry.WALKERS)
    name = Path(path).stem
    try:
        runpy.run_path(path, run_name=name)
    except Exception as error:  # noqa: BLE001 - whatever the user's file does wrong
        raise MdbError(f"failed to load {path}: {type(error).__name__}: {error}") from None
    session = call.session
    for command in [d for key, d in registry.DCMDS.items() if key not in before[0] or d.module == name]:
        session.dcmds[command.name] = command
    for way in [w for key, w in registry.WALKERS.items() if key not in before[1] or w.module == name]:
        session.walkers[way.name] = way


@dcmd("unload", "module", "unload debugger module")
def unload(call: Call) -> None:
    """Forgets the dcmds and walkers of a module."""
    name = Path(call.text(0)).stem
    session = call.session
    gone = [d.name for d in session.dcmds.values() if d.module == name]
    ways = [w.name for w in session.walkers.values() if w.module == name]
    if name == "mdb" or not gone + ways:
        raise MdbError(f"failed to unload {name}: no such module")
    for each in gone:
        del session.dcmds[each]
        registry.DCMDS.pop(each, None)
    for each in ways:
        del session.walkers[each]
        registry.WALKERS.pop(each, None)


@dcmd("log $>", "[-d | [-e] file]", "log session to a file")
def log(call: Call) -> None:
    """Writes the session to a file too, or no more; says which without arguments."""
    session = call.session
    options = call.options("de")
    if call.given or len(options.rest) > 1 or ("d" in options and (options.rest or "e" in options)):
        raise UsageError
    if "d" in options or (call.name == "$>" and not call.arguments):
        if not session.is_logged:
            raise MdbError("logging is already disabled")
        session.log_to(None)
        return
    if not call.arguments:
        state = "enabled" if session.is_logged else "disabled"
        name = session.log_name
        active = f'logging to "{name}" is currently {state}' if name else "no log is active"
        call.write(f"{session.name}: {active}\n")
        return
    name = str(options.rest[0]) if options.rest else session.log_name
    if not name:
        raise MdbError("no log file has been selected")
    try:
        stream = Path(name).open("a", buffering=1)  # noqa: SIM115 - it stays open for the session
    except OSError as error:
        raise MdbError(f"failed to open {name}: {error.strerror}") from None
    session.log_to(stream)
    session.log_name = name
    call.write(f'{session.name}: logging to "{name}"\n')


@dcmd("cat", "[file ...]", "concatenate and display files")
def cat(call: Call) -> None:
    """Prints files."""
    for number in range(len(call.arguments)):
        path = call.text(number)
        try:
            call.write(Path(path).read_text(errors="replace"))
        except OSError as error:
            raise MdbError(f"failed to open {path}: {error.strerror}") from None


@dcmd("$<", "macro-name", "replace input with macro")
def replace_input(call: Call) -> None:
    """Runs the commands of a file."""
    source(call)


@dcmd("$<<", "macro-name", "source macro")
def source(call: Call) -> None:
    """Runs the commands of a file, or prints what is at the address as the struct of that name."""
    if len(call.arguments) != 1:
        raise UsageError
    path = call.text(0)
    try:
        text = Path(path).read_text()
    except OSError:
        text = _of_type(call, path)
    if not call.session.run(text):
        raise MdbError("")


def _of_type(call: Call, name: str) -> str:
    """The command that prints a type by its short name (print_type of mdb_cmds.c).

    Raises:
        MdbError: There is none.
    """
    for written in (f"struct {name}", f"union {name}", f"{name}_t", f"struct {name}s", f"union {name}s"):
        if call.session.catalog.find(written) is not None:
            return f"{call.address:#x}::print {written}\n"
    raise MdbError(f"failed to open {name} (see ::help '$<')")
