"""What a target is to stop for: ::bp, ::wp, ::sysbp, ::sigbp, ::events, ::delete."""

from __future__ import annotations

from ring3.abi import tbl
from ring3.abi.signals import Sig
from ring3.abi.tbl import Abi
from ring3.debug.mdb.call import Call, Options
from ring3.debug.mdb.dcmds.control import need_words, process_of, signal_number
from ring3.debug.mdb.errors import NOT_SUPPORTED, UNKNOWN_SYMBOL, MdbError, UsageError
from ring3.debug.mdb.numbers import with_base
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.targets.events import Event

_OPTIONS = "dDestTc:n:"


def _event(session: Session, text: str) -> Event:
    resident = session.resident
    return resident.add_event(text) if resident is not None else process_of(session).add_event(text)


def _events(session: Session) -> dict[int, Event]:
    resident = session.resident
    return resident.events if resident is not None else process_of(session).events


def _apply(call: Call, event: Event, options: Options) -> None:
    """What the options of all these commands mean."""
    event.is_enabled = "e" not in options.flags
    event.is_temporary = bool(options.flags & {"t", "D"})
    event.is_sticky = "T" in options.flags
    event.action = str(options.values.get("c", ""))
    event.limit = call.number(options.values["n"]) if "n" in options else int("d" in options.flags)


@dcmd(":b", ":[cmd...]", "breakpoint at the specified address")
def address_breakpoint(call: Call) -> None:
    """Stops at an address."""
    session = call.session
    event = _event(session, f"stop at {session.symbolic(call.address)}")
    event.address = call.address
    event.action = " ".join(call.text(n) for n in range(len(call.arguments)))


@dcmd("bp", "?[+/-dDestT] [-c cmd] [-n count] sym ...", "breakpoint at the specified addresses or symbols")
def breakpoint_(call: Call) -> None:
    """Stops at addresses and symbols, those that are not there yet included."""
    session = call.session
    options = call.options(_OPTIONS, plus=True)
    if not options.rest and not call.given:
        raise UsageError
    if call.given:
        event = _event(session, f"stop at {session.symbolic(call.address)}")
        event.address = call.address
        _apply(call, event, options)
    for word in options.rest:
        _symbol_breakpoint(call, word, options)


def _symbol_breakpoint(call: Call, word: str | int, options: Options) -> None:
    session = call.session
    if isinstance(word, int):
        event = _event(session, f"stop at {session.symbolic(word)}")
        event.address = word
    else:
        found = session.target.symbol(word)
        is_live = not session.target.is_idle
        if found is None and "`" not in word and (is_live or word.isdigit()):
            raise MdbError(f"failed to add breakpoint at {word}: {UNKNOWN_SYMBOL}")
        event = _event(session, f"stop at {word}")
        event.symbol = word
        event.address = found.value if found is not None and is_live else None
    _apply(call, event, options)


@dcmd("wp", ":[+/-dDelstT] [-rwx] [-c cmd] [-n count] [-L size]", "set a watchpoint at the specified address")
def watchpoint(call: Call) -> None:
    """Stops when memory is read, written or executed."""
    options = call.options("dDelstTrwxc:n:L:", plus=True)
    access = "".join(letter for letter in "rwx" if letter in options.flags)
    if not access or options.rest:
        raise UsageError
    size = call.number(options.values["L"]) if "L" in options else 1
    _watch(call, access, size, options)


def _watch(call: Call, access: str, size: int, options: Options) -> None:
    if call.session.resident is not None:
        raise MdbError(f"failed to add watchpoint: {NOT_SUPPORTED}")
    letters = "/".join(access)
    event = _event(
        call.session, f"stop on {letters} of [{with_base(call.address)}, {with_base(call.address + size)})"
    )
    event.address = call.address
    if access != "x":
        event.size, event.access = size, access
    _apply(call, event, options)


@dcmd(":a", ":[cmd...]", "set read access watchpoint")
def read_watchpoint(call: Call) -> None:
    """Stops when a byte is read."""
    _watch(call, "r", 1, Options(set(), {}, []))


@dcmd(":w", ":[cmd...]", "set write access watchpoint")
def write_watchpoint(call: Call) -> None:
    """Stops when a byte is written."""
    _watch(call, "w", 1, Options(set(), {}, []))


@dcmd(":p", ":[cmd...]", "set execute access watchpoint")
def execute_watchpoint(call: Call) -> None:
    """Stops when an instruction is executed."""
    _watch(call, "x", 1, Options(set(), {}, []))


@dcmd("sigbp :t", "?[+/-dDestT] [-c cmd] [-n count] SIG ...", "stop on delivery of the specified signals")
def signal_breakpoint(call: Call) -> None:
    """Stops before a signal is delivered."""
    options = call.options(_OPTIONS, plus=True)
    for word in options.rest:
        number = signal_number(str(word))
        event = _event(call.session, f"stop on {Sig(number).name}")
        event.signal = number
        _apply(call, event, options)
    if not options.rest:
        raise UsageError


@dcmd("sysbp", "?[+/-dDestT] [-io] [-c cmd] [-n count] syscall ...", "stop on entry or exit from system call")
def call_breakpoint(call: Call) -> None:
    """Stops before a system call, or behind it."""
    options = call.options(f"io{_OPTIONS}", plus=True)
    target = process_of(call.session)
    if not options.rest:
        raise UsageError
    if getattr(target, "system", "linux") != "linux":
        raise MdbError(f"failed to add system call event: {NOT_SUPPORTED}")
    rows = tbl.sys_call_table(Abi.X86_64 if target.bits == 64 else Abi.I386)
    for word in map(str, options.rest):
        number = next((row.number for row in rows if row.name == word), None)
        if number is None:
            raise MdbError(f"invalid system call -- {word}")
        is_return = "o" in options.flags
        event = _event(call.session, f"stop on {'exit from' if is_return else 'entry to'} {word}")
        event.call, event.at_return = number, is_return
        _apply(call, event, options)


@dcmd("events $b", "[-av]", "list traced software events")
def events(call: Call) -> None:
    """Lists what the target is to stop for."""
    call.write(f"{'ID':>5} S TA HT LM {'Description':<40} Action\n")
    call.write(f"{'-' * 5} - -- -- -- {'-' * 40} {'-' * 35}\n")
    for number, event in sorted(_events(call.session).items()):
        left, right = "[]" if event.is_enabled else "()"
        sticky = "T" if event.is_sticky else "t" if event.is_temporary else " "
        call.write(
            f"{left}{number:>2} {right} {event.state} {sticky}  {event.hits:>2} {event.limit:>2} "
            f"{event.text:<40} {event.action or '-'}\n"
        )


@dcmd("delete :d", "?[id|all]", "delete traced software events")
def delete(call: Call) -> None:
    """Takes events away, by number, address or all."""
    found = _events(call.session)
    if call.arguments:
        (word,) = need_words(call)[:1]
        numbers = [n for n, e in found.items() if word == "all" and not e.is_sticky] or (
            [] if word == "all" else [call.session.evaluate(f"0t{word}" if word.isdigit() else word)]
        )
    elif call.given:
        numbers = [n for n, e in found.items() if e.address == call.address]
    else:
        raise UsageError
    for number in numbers:
        _delete(call.session, number)


@dcmd(":z", "", "delete all traced software events")
def zap(call: Call) -> None:
    """Takes all away that are not sticky."""
    for number, event in list(_events(call.session).items()):
        if not event.is_sticky:
            _delete(call.session, number)


def _delete(session: Session, number: int) -> None:
    resident = session.resident
    if resident is not None:
        resident.delete_event(number)
    else:
        process_of(session).delete_event(number)


@dcmd("evset", "?[+/-dDestT] [-c cmd] [-n count] id ...", "set software event specifier attributes")
def evset(call: Call) -> None:
    """Changes events."""
    options = call.options(_OPTIONS, plus=True)
    found = _events(call.session)
    for word in options.rest:
        event = found.get(call.number(word))
        if event is None:
            raise MdbError(f"no event with id {word}")
        if options.flags & {"e", "+e"}:
            event.is_enabled = "+e" in options.flags
        event.action = str(options.values.get("c", event.action))
        event.limit = call.number(options.values["n"]) if "n" in options else event.limit
