"""Control lines of a program: `#pragma D ...` and what else begins with `#`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ring3.trace.dtrace import stability
from ring3.trace.dtrace.errors import DtraceError, fail

_WORDS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_CPP = frozenset(("if", "ifdef", "ifndef", "else", "elif", "endif", "define", "undef", "include"))


class Directive(NamedTuple):
    """A control line without its `#`."""

    text: str
    line: int


class PragmaTargets(NamedTuple):
    """What pragmas act on."""

    set_option: Callable[[str, str | None], None]
    set_attributes: Callable[[stability.Attributes, str, int], None]
    check_dependency: Callable[[str, str, int], None]
    bind_version: Callable[[str, str, int], None]


def apply(directive: Directive, targets: PragmaTargets) -> None:
    """Do what a control line says.

    Raises:
        CompileError: D_PRAGCTL_INVAL, D_PRAGERR, D_PRAGMA_*.
    """
    words = _WORDS.findall(directive.text)
    line = directive.line
    if not words or words[0] == "ident":
        return
    if words[0] == "error":
        fail("D_PRAGERR", line, _message(words[1:]))
    if words[0] == "line":
        fail("D_PRAGMA_MALFORM", line, 'malformed #line <line> [ ["file"] state ]')
    if words[0] != "pragma":
        fail("D_PRAGCTL_INVAL", line, f"invalid control directive: #{words[0]}")
    if len(words) < 2 or words[1] != "D":
        if words[1:2] == ["ident"] or not words[1:]:
            return
        _bare_pragma(words[1:], line)
        return
    _d_pragma(words[2:], line, targets)


def _message(words: list[str]) -> str:
    """What #error says: its words without quotes, a blank behind each."""
    return "#error: " + "".join(f"{word.strip(chr(34))} " for word in words)


def _bare_pragma(words: list[str], line: int) -> None:
    """`#pragma error`, `#pragma line`, and others, which are other compilers'."""
    if words[0] == "error":
        fail("D_PRAGERR", line, _message(words[1:]))


def _d_pragma(words: list[str], line: int, targets: PragmaTargets) -> None:
    if not words:
        fail("D_PRAGMA_MALFORM", line, "malformed #pragma D directive")
    kind, arguments = words[0], words[1:]
    if kind == "option":
        _option(arguments, line, targets)
    elif kind == "attributes":
        _attributes(arguments, line, targets)
    elif kind == "depends_on":
        _depends_on(arguments, line, targets)
    elif kind == "binding":
        if len(arguments) != 2 or not arguments[0].startswith('"'):
            fail("D_PRAGMA_MALFORM", line, 'malformed #pragma binding "version" <ident>')
        targets.bind_version(arguments[0].strip('"'), arguments[1], line)
    elif kind == "error":
        fail("D_PRAGERR", line, _message(arguments))
    elif kind not in ("ident", "line"):
        fail("D_PRAGMA_INVAL", line, f"invalid D pragma: {kind}")


def _option(arguments: list[str], line: int, targets: PragmaTargets) -> None:
    if not arguments:
        fail("D_PRAGMA_MALFORM", line, "malformed #pragma option <option>=<val>")
    if len(arguments) > 1:
        fail("D_PRAGMA_MALFORM", line, "superfluous arguments specified for #pragma option")
    name, equals, value = arguments[0].strip('"').partition("=")
    try:
        targets.set_option(name, value if equals else None)
    except DtraceError as error:
        to = f" to '{value}'" if equals else ""
        fail("D_PRAGMA_OPTSET", line, f"failed to set option '{name}'{to}: {error}")


def _attributes(arguments: list[str], line: int, targets: PragmaTargets) -> None:
    usage = "malformed #pragma attributes <attributes> <ident>"
    if len(arguments) < 2:
        fail("D_PRAGMA_MALFORM", line, usage)
    attributes = stability.parse(arguments[0])
    if attributes is None:
        fail("D_PRAGMA_INVAL", line, "invalid attributes specified by #pragma attributes")
    targets.set_attributes(attributes, " ".join(arguments[1:]), line)


def _depends_on(arguments: list[str], line: int, targets: PragmaTargets) -> None:
    if len(arguments) != 2:
        fail("D_PRAGMA_MALFORM", line, "malformed #pragma depends_on <class> <name>")
    if arguments[0] not in ("library", "module", "provider"):
        fail("D_PRAGMA_INVAL", line, f"invalid class {arguments[0]} specified by #pragma depends_on")
    targets.check_dependency(arguments[0], arguments[1], line)
