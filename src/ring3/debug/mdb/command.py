"""The command line of mdb(1), and the loop that reads commands."""

from __future__ import annotations

import getopt
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from ring3.debug.mdb.errors import MdbError, Quit
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.targets.base import Target
from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.object_file import ObjectFile
from ring3.errors import UserError

USAGE: Final = (
    "usage: ring3 mdb [-fkmuwyAFKMS] [+/-o option] [-p pid] [-s dist] [-I path] [-L path] [-P prompt]\n"
    "                 [-R root] [-V dis-version] [-e expr] [object [core] | core | suffix]"
)
_LETTERS: Final = "fkmuwyAFKMSUo:p:s:I:L:P:R:V:e:"


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
            pairs, after = getopt.getopt(pending, _LETTERS)
        except getopt.GetoptError as error:
            raise UserError(f"mdb: {error.msg}\n{USAGE}", 2) from None
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


def main(words: list[str], source: TextIO, out: TextIO, err: TextIO) -> int:
    """Runs mdb; returns its status."""
    found = parse(words)

    def complain(text: str) -> None:
        out.flush()
        err.write(text)
        err.flush()

    session = Session(target_of(found), out.write, complain)
    try:
        session.target.writable = "w" in found.flags
        _apply(session, found)
        if found.expressions:
            worked = [session.run(text) for text in found.expressions]
            return int(not all(worked))
        return converse(session, source, out)
    except Quit:
        return 0
    finally:
        session.close()


def _apply(session: Session, found: Words) -> None:
    for text, on in found.options:
        if not session.run(f"::set {'-' if on else '+'}o {text}"):
            raise UserError(f"invalid option {text}", 2)
    if "P" in found.values:
        session.settings.prompt = found.values["P"]


def target_of(found: Words) -> Target:
    """What a command line points at.

    Raises:
        UserError: There is no such file, or it is none of ELF.
    """
    if not found.operands:
        return Target()
    path = found.operands[0]
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"failed to open {path}: {error.strerror}") from None
    return FileTarget(ObjectFile(path, raw), writable="w" in found.flags)


def converse(session: Session, source: TextIO, out: TextIO) -> int:
    """Runs the commands that somebody types or that come from a pipe; returns mdb's status."""
    session.interactive = source.isatty()
    while True:
        if session.interactive:
            out.write(session.settings.prompt)
            out.flush()
        line = source.readline()
        if not line:
            return 0
        try:
            session.run(line)
        except MdbError as error:
            session.warn(str(error))
        out.flush()
