"""What a target is to stop for: ::bp, ::wp, ::sysbp, ::sigbp, ::events, ::delete."""

from __future__ import annotations

from ring3.abi import tbl
from ring3.abi.signals import Sig
from ring3.abi.tbl import Abi
from ring3.debug.mdb.call import Argument, Call, Options
from ring3.debug.mdb.dcmds.control import process_of, signal_number
from ring3.debug.mdb.errors import (
    NO_SYMBOL_THERE,
    NOT_SUPPORTED,
    UNKNOWN_SYMBOL,
    Enough,
    MdbError,
    UsageError,
)
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.targets.events import Event
from ring3.debug.mdb.targets.process import ProcessTarget

OPTIONS = "dDestTc:n:"
_ACCESSES = {"r": "read", "w": "write", "x": "exec"}
"""How one kind of access alone is called."""
_SEPARATOR = f"----- - -- -- -- {'-' * 40} --{'-' * 20}\n"


def _event(session: Session, text: str) -> Event:
    resident = session.resident
    return resident.add_event(text) if resident is not None else process_of(session).add_event(text)


def _events(session: Session) -> dict[int, Event]:
    resident = session.resident
    return resident.events if resident is not None else process_of(session).events


def _apply(call: Call, event: Event, options: Options, *, is_new: bool = True) -> None:
    """What the options of all these commands mean; -d without -n puts off one that is there already (mdb_evset.c)."""
    flags = options.flags
    is_off = "d" in flags and "n" not in options and not is_new
    event.is_enabled = "e" in flags or (event.is_enabled and not is_off and "+e" not in flags)
    event.is_temporary = "t" in flags or (event.is_temporary and "+t" not in flags)
    event.is_sticky = "T" in flags or (event.is_sticky and "+T" not in flags)
    for letter in "sDd":
        if letter in flags and not (letter == "d" and is_off):
            event.at_limit = letter
        elif f"+{letter}" in flags and event.at_limit == letter:
            event.at_limit = ""
    limit = call.number(options.values["n"]) if "n" in options else event.limit
    event.limit = max(limit, 1) if event.at_limit else 0
    event.action = str(options.values.get("c", event.action))


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
    options = call.options(OPTIONS, plus=True, mixed=True)
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
    """Stops when memory is read, written or executed: so many bytes as the count, -L or with -l the symbol says."""
    options = call.options(f"irwxlL:{OPTIONS}", plus=True, mixed=True)
    access = "".join(letter for letter in "rwx" if letter in options.flags)
    if options.rest or "i" in options:
        raise UsageError
    if not access:
        raise UsageError("at least one of -r, -w, or -x must be specified")
    if ("l" in options) + ("L" in options) + (call.count != 1) > 1:
        raise MdbError("only one of -l, -L, or command count can be specified")
    _watch(call, access, _watched_size(call, options), options)


def _watched_size(call: Call, options: Options) -> int:
    if "L" in options:
        return call.number(options.values["L"])
    if "l" not in options:
        return call.count
    symbol = call.session.target.symbol_at(call.address)
    if symbol is None or symbol.value != call.address:
        raise MdbError(f"failed to lookup symbol at {call.address:x}: {NO_SYMBOL_THERE}")
    if not symbol.size:
        raise MdbError(f"cannot set watchpoint: symbol '{symbol.name}' has zero size")
    return symbol.size


def _watch(call: Call, access: str, size: int, options: Options) -> None:
    session = call.session
    if call.address + size > 1 << session.target.bits:
        raise MdbError(
            f"failed to set watchpoint at {call.address:x}: watchpoint size exceeds address space limit"
        )
    first, end = (session.symbolic(address) for address in (call.address, call.address + size))
    event = _event(session, f"stop on {_ACCESSES.get(access, '/'.join(access))} of [{first}, {end})")
    event.address, event.size, event.access = call.address, size, access
    _apply(call, event, options)
    raise Enough


@dcmd(":a", ":[cmd...]", "set read access watchpoint")
def read_watchpoint(call: Call) -> None:
    """Stops when memory is read, so many bytes as the count says."""
    _old_watch(call, "r")


@dcmd(":w", ":[cmd...]", "set write access watchpoint")
def write_watchpoint(call: Call) -> None:
    """Stops when memory is written."""
    _old_watch(call, "w")


@dcmd(":p", ":[cmd...]", "set execute access watchpoint")
def execute_watchpoint(call: Call) -> None:
    """Stops when an instruction is executed."""
    _old_watch(call, "x")


def _old_watch(call: Call, access: str) -> None:
    command = " ".join(call.text(n) for n in range(len(call.arguments)))
    _watch(call, access, call.count, Options(set(), {"c": command} if command else {}, []))


@dcmd("sigbp :t", "?[+/-dDestT] [-c cmd] [-n count] SIG ...", "stop on delivery of the specified signals")
def signal_breakpoint(call: Call) -> None:
    """Stops before a signal is delivered."""
    options = call.options(OPTIONS, plus=True, mixed=True)
    for word in options.rest:
        number = signal_number(str(word))
        add_signal(call, number, f"stop on {Sig(number).name}", options)
    if not options.rest:
        raise UsageError


def add_signal(call: Call, number: int, text: str, options: Options) -> None:
    """One more event, for a signal."""
    event = _event(call.session, text)
    event.signal = number
    _apply(call, event, options)


@dcmd("sysbp", "?[+/-dDestT] [-io] [-c cmd] [-n count] syscall ...", "stop on entry or exit from system call")
def call_breakpoint(call: Call) -> None:
    """Stops before a system call, or behind it."""
    options = call.options(f"io{OPTIONS}", plus=True, mixed=True)
    target = process_of(call.session)
    if not options.rest:
        raise UsageError
    if getattr(target, "system", "linux") != "linux":
        raise MdbError(f"failed to add system call event: {NOT_SUPPORTED}")
    rows = tbl.sys_call_table(Abi.X86_64 if target.bits == 64 else Abi.I386)
    for word in map(str, options.rest):
        number = next((row.number for row in rows if row.name == word), None)
        if number is None:
            raise MdbError(f"invalid system call name -- {word}")
        is_return = "o" in options.flags
        event = _event(call.session, f"stop on {'exit from' if is_return else 'entry to'} {word}")
        event.call, event.at_return = number, is_return
        _apply(call, event, options)


@dcmd("events $b", "[-av]", "list traced software events")
def events(call: Call) -> None:
    """Lists what the target is to stop for, with -v and why an event is idle."""
    options = call.options("av")
    if options.rest or call.given:
        raise UsageError
    is_long = "v" in options
    call.write(f"   ID S TA HT LM {'Description':<40} {'Status' if is_long else 'Action':<21}\n")
    if is_long:
        call.write(f"{'':<17}Action\n")
    call.write(_SEPARATOR)
    if call.session.resident is not None:
        call.session.resident.arm()
    elif not call.session.target.is_idle:
        process_of(call.session).arm()
    matched = _matched(call.session)
    for number, event in sorted(_events(call.session).items()):
        left, right = "<>" if event in matched else "[]" if event.is_enabled else "()"
        sticky = "t" if event.is_temporary else "T" if event.is_sticky else " "
        action = event.action or "-"
        last = _short(event.status if is_long else action)
        call.write(
            f"{left}{f'{number:>2} ' if number < 10 else f'{number:>3}'}{right} {event.state} "
            f"{sticky}{event.at_limit or ' '} {event.hits:>2} {event.limit:>2} {event.text[:40]:<40} {last:<21}\n"
        )
        if is_long:
            call.write(f"{'':<17}{action}\n{_SEPARATOR}")


def _short(text: str) -> str:
    """Text that fits the last column (strabbr of mdb_string.c)."""
    return text if len(text) <= 21 else f"{text[:18]}..."


def _matched(session: Session) -> list[Event]:
    """The events that have stopped the target where it stands."""
    resident = session.resident
    if resident is not None:
        return resident.matched
    target = session.target
    return target.last_matched if isinstance(target, ProcessTarget) else []


@dcmd("delete :d", "?[id|all]", "delete traced software events")
def delete(call: Call) -> None:
    """Takes events away: by number, all, or those at an address, which is dot where none is given."""
    found = _events(call.session)
    if len(call.arguments) > 1 or (call.arguments and call.given):
        raise UsageError
    if call.arguments == ["all"]:
        zap(call)
        return
    if call.arguments:
        word = call.arguments[0]
        number = int(word) if isinstance(word, str) and word.isdigit() else call.number(word)
        numbers = [number] if number in found else []
    else:
        numbers = [
            n for n, e in found.items()
            if e.address is not None and 0 <= call.address - e.address < max(e.size, 1)
        ]  # fmt: skip
    for number in numbers:
        _delete(call.session, number)
    if not numbers:
        raise MdbError("no traced events matched description")


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
    options = call.options(OPTIONS, plus=True, mixed=True)
    found = _events(call.session)
    words: list[Argument] = [call.address] if call.given else []
    words += [int(word) if isinstance(word, str) and word.isdigit() else word for word in options.rest]
    if not words:
        raise UsageError("expected one or more event IDs to be specified")
    for word in words:
        event = found.get(call.number(word))
        if event is None:
            raise MdbError(f"failed to modify event {word}: no such software event specifier")
        _apply(call, event, options, is_new=False)
