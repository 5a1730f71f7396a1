"""The command line of mdb(1), and the loop that reads commands."""

from __future__ import annotations

import getopt
from functools import partial
from typing import Final, NamedTuple

from ring3.debug.core_file import CoreFile
from ring3.debug.mdb.completion import completions
from ring3.debug.mdb.console import Console
from ring3.debug.mdb.dcmds.control import modules_are_loaded
from ring3.debug.mdb.errors import Quit
from ring3.debug.mdb.host import Host
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.targets.base import Target
from ring3.debug.mdb.targets.core import CoreTarget
from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.mdb.targets.kernel import KernelTarget
from ring3.debug.mdb.targets.process import ProcessTarget
from ring3.debug.mdb.targets.program import program_of
from ring3.debug.object_file import ObjectFile
from ring3.errors import UserError

USAGE: Final = (
    "usage: ring3 mdb [-fkmuwyAFKMS] [+/-o option] [-p pid] [-s dist] [-I path] [-L path] [-P prompt]\n"
    "                 [-R root] [-V dis-version] [-e expr] [object [core] | core | suffix]"
)
LETTERS: Final = "fkmuwyAFKMSUo:p:s:I:L:P:R:V:e:"
"""mdb's options, as getopt(3) has them."""


class Words(NamedTuple):
    """The command line, taken apart.

    Attributes:
        flags: Letters without a value.
        values: Letters with one.
        options: What -o (True) and +o (False) name.
        expressions: What -e says, one after the other.
        operands: Files.
    """

    flags: set[str]
    values: dict[str, str]
    options: list[tuple[str, bool]]
    expressions: list[str]
    operands: list[str]


def parse(words: list[str]) -> Words:
    """Takes the command line apart.

    Raises:
        UserError: It is not one of mdb's.
    """
    found = Words(set(), {}, [], [], [])
    rest: list[str] = []
    pending = list(words)
    while pending:
        if pending[0] == "+o" and len(pending) > 1:
            found.options.append((pending[1], False))
            pending = pending[2:]
            continue
        try:
            pairs, after = getopt.getopt(pending, LETTERS)
        except getopt.GetoptError as error:
            raise UserError(f"{error.msg}\n{USAGE}", 2) from None
        for key, value in pairs:
            _take(found, key[1:], value)
        if after and after[0] == "+o":
            pending = after
            continue
        rest, pending = after, []
    found.operands.extend(rest)
    return found


def _take(found: Words, letter: str, value: str) -> None:
    if letter == "o":
        found.options.append((value, True))
    elif letter == "e":
        found.expressions.append(value)
    elif value:
        found.values[letter] = value
    else:
        found.flags.add(letter)


def main(words: list[str], console: Console, host: Host) -> int:
    """Runs mdb; returns its status."""
    found = parse(words)
    if "K" in found.flags:
        path = found.operands[0] if found.operands else ""
        return host.resident(path, found.operands[1:], console, found.expressions)
    session = Session(target_of(found, host), console.write, console.complain)
    session.flush = console.flush
    session.attach = lambda number: attached(host, number)
    session.interactive = console.interactive and not found.expressions
    try:
        session.target.writable = session.target.writable or "w" in found.flags
        _apply(session, found)
        if found.expressions:
            return int(not session.run_all(found.expressions))
        modules_are_loaded(session)
        return converse(session, console)
    except Quit:
        return 0
    finally:
        session.close()
        console.flush()


def _apply(session: Session, found: Words) -> None:
    for text, on in found.options:
        if not session.run(f"::set {'-' if on else '+'}o {text}"):
            raise UserError(f"invalid option {text}", 2)
    if "P" in found.values:
        session.settings.prompt = found.values["P"]


def target_of(found: Words, host: Host) -> Target:
    """What a command line points at.

    Raises:
        UserError: There is no such file, or it is none of ELF.
    """
    if "k" in found.flags:
        programs = host.boot("")
        return KernelTarget(programs.kernel, programs.system, programs.close)
    if "p" in found.values:
        return attached(host, _process_id(found.values["p"]))
    if not found.operands:
        return Target()
    path = found.operands[0]
    raw = _contents(host, path)
    file = ObjectFile(path, raw)
    core = found.operands[1] if len(found.operands) > 1 else path if file.is_core else ""
    if core:
        left = CoreFile(core, raw if core == path else _contents(host, core))
        return CoreTarget(left, None if core == path else file, lambda name: host.read(host.locate(name)))
    if file.kind == "executable":
        return ProcessTarget(file, lambda: host.boot(path), writable="w" in found.flags)
    return FileTarget(file, writable="w" in found.flags)


def _contents(host: Host, path: str) -> bytes:
    try:
        return host.read(host.locate(path))
    except OSError as error:
        raise UserError(f"failed to open {path}: {error.strerror}") from None


def _process_id(text: str) -> int:
    if not text.isdigit():
        raise UserError(f"{text} is no process id", 2)
    return int(text)


def attached(host: Host, number: int) -> ProcessTarget:
    """A process that runs already, stopped.

    Raises:
        UserError: There is none of that number, or somebody else debugs it.
    """
    task = host.task(number)
    file = program_of(task)
    if file is None:
        raise UserError(f"failed to grab {number}: its program cannot be read", 1)
    target = ProcessTarget(file, lambda: host.boot(file.name), writable=False)
    target.attach(task)
    return target


def converse(session: Session, console: Console) -> int:
    """Runs the commands that somebody types or that come from a pipe; returns mdb's status."""
    while True:
        try:
            line = console.line(session.settings.prompt, partial(completions, session))
            if line is None:
                if console.interactive:
                    console.write("\n")
                return 0
            session.run(line)
        except KeyboardInterrupt:  # the key ends what is typed, or what a command does
            if not console.interactive:
                raise
            console.write("\n")
        console.flush()
