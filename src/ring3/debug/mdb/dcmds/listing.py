"""What there is: dcmds, walkers, modules, formats, disassemblers, and help."""

from __future__ import annotations

from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, version

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import UNKNOWN_DCMD, MdbError, UsageError
from ring3.debug.mdb.format_letters import DESCRIPTIONS, PLAIN
from ring3.debug.mdb.registry import dcmd, usage


@dcmd("dcmds", "[[-n] pattern]", "list available debugger commands")
def dcmds(call: Call) -> None:
    """Lists commands."""
    _list(call, {d.name: d.description for d in call.session.dcmds.values() if d.description})


@dcmd("walkers", "[[-n] pattern]", "list available walkers")
def walkers(call: Call) -> None:
    """Lists walkers."""
    _list(call, {w.name: w.description for w in call.session.walkers.values()})


def _list(call: Call, entries: dict[str, str]) -> None:
    options = call.options("n")
    if len(options.rest) > 1:
        raise UsageError
    pattern = str(options.rest[0]) if options.rest else "*"
    for name in sorted(entries):
        if fnmatch(name, pattern) or pattern in name:
            call.write(f"{name}\n" if "n" in options else f"{name:<24} - {entries[name]}\n")


@dcmd("dmods", "[-l] [mod]", "list loaded debugger modules")
def dmods(call: Call) -> None:
    """Lists modules, with what they brought."""
    options = call.options("l")
    session = call.session
    names = sorted({d.module for d in session.dcmds.values()} | {w.module for w in session.walkers.values()})
    wanted = [name for name in names if not options.rest or name == options.rest[0]]
    if options.rest and not wanted:
        raise MdbError(f"{options.rest[0]} module is not loaded")
    for name in wanted:
        call.write(f"{name}\n")
        if "l" in options:
            for command in sorted(
                d.name for d in session.dcmds.values() if d.module == name and d.description
            ):
                call.write(f"    dcmd {command:<15} - {session.dcmds[command].description}\n")
            for way in sorted(w.name for w in session.walkers.values() if w.module == name):
                call.write(f"    walk {way:<15} - {session.walkers[way].description}\n")


@dcmd("which whence", "[-v] name ...", "show source of walk or dcmd")
def which(call: Call) -> None:
    """Says which module a command is of."""
    options = call.options("v")
    if not options.rest:
        raise UsageError
    for word in map(str, options.rest):
        command, way = call.session.dcmds.get(word), call.session.walkers.get(word)
        if command is None and way is None:
            raise MdbError(f"{word} not found")
        if command is not None:
            call.write(f"{word} is a dcmd from module {command.module}\n")
        if way is not None:
            call.write(f"{word} is a walker from module {way.module}\n")


@dcmd("help", "[cmd]", "list commands/command help")
def help_(call: Call) -> None:
    """Says how mdb, or one command, is used."""
    if not call.arguments:
        call.write(
            "\nEach debugger command in mdb is structured as follows:\n\n"
            "      [ address [, count]] verb [ arguments ... ]\n"
            "             ^       ^      ^      ^\n"
            " the start --+       |      |      +-- arguments are strings which can be\n"
            " address can be an   |      |          quoted using \"\" or '' or\n"
            " expression          |      |          expressions enclosed in $[ ]\n"
            "                     |      |\n"
            " the repeat count  --+      +--------- the verb is a name which begins\n"
            " is also an expression                 with either $, :, or ::.  it can also\n"
            "                                       be a format verb (/ \\ ? or =)\n\n"
            "For information on debugger commands (dcmds) and walkers, type:\n\n"
            "      ::help cmdname ... for more detailed information on a command\n"
            "      ::dcmds        ... for a list of dcmds and their descriptions\n"
            "      ::walkers      ... for a list of walkers and their descriptions\n"
            "      ::dmods -l     ... for a list of modules and their dcmds and walkers\n"
            "      ::formats      ... for a list of format characters for / \\ ? and =\n\n"
        )
        return
    name = call.text(0).removeprefix("::")
    found = call.session.dcmds.get(name)
    if found is None:
        raise MdbError(f"unknown command: {name}: {UNKNOWN_DCMD}")
    call.write(f"\nNAME\n  {name} - {found.description}\n\nSYNOPSIS\n  {usage(found)}\n\n")
    if found.help:
        call.write(f"DESCRIPTION\n{found.help.rstrip()}\n\n")
    call.write(f"ATTRIBUTES\n\n  Target: {'kernel' if call.session.target.is_kernel else 'any'}\n"
               f"  Module: {found.module}\n  Interface Stability: Evolving\n\n")  # fmt: skip


@dcmd("formats", "", "list format specifiers")
def formats(call: Call) -> None:
    """Lists the letters of formats."""
    entries = {letter: (plain.help, plain.size) for letter, plain in PLAIN.items()} | DESCRIPTIONS
    entries["v"] = ("write decimal signed int", 1)
    entries["w"] = ("write default radix unsigned short", 2)
    entries["W"] = ("write default radix unsigned int", 4)
    for letter in sorted(entries):
        text, size = entries[letter]
        plural = "s" if size > 1 else ""
        call.write(f"{letter} - {text}{f' ({size} byte{plural})' if size else ''}\n")


_MODES = {"amd64": 64, "ia32": 32, "ia16": 16}


@dcmd("disasms", "", "list available disassemblers")
def disasms(call: Call) -> None:
    """Lists disassemblers."""
    for name, bits in _MODES.items():
        call.write(f"{name:<8} - Intel {bits}-bit disassembler\n")


@dcmd("dismode $V", "[mode]", "get/set disassembly mode")
def dismode(call: Call) -> None:
    """Says or sets for which width instructions are taken."""
    if not call.arguments:
        mode = next(name for name, bits in _MODES.items() if bits == call.session.code_bits)
        call.write(f"disassembly mode is {mode} (Intel {call.session.code_bits}-bit disassembler)\n")
        return
    bits = _MODES.get(call.text(0))
    if bits is None:
        raise MdbError(f"failed to set disassembly mode: invalid disassembler mode -- {call.text(0)}")
    call.session.code_bits = bits


@dcmd("version", "", "print debugger version string")
def version_(call: Call) -> None:
    """Says which debugger this is."""
    try:
        found = version("ring3")
    except PackageNotFoundError:
        found = "unknown"
    call.write(f"{call.session.name} of Ring3 {found}\n")
