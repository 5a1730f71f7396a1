"""The dcmds and walkers there are, and how functions become them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ring3.debug.mdb.call import Call
    from ring3.debug.mdb.session import Session

OUR_OWN = "mdb"
"""The module of commands that are there from the start."""
DcmdFunction = Callable[["Call"], None]
WalkFunction = Callable[["Session", "int | None"], Iterable[int]]


class Dcmd(NamedTuple):
    """A command.

    Attributes:
        name: As it is called: ``print``, or ``$c``.
        usage: Its arguments; a leading ``:`` says that it needs an address, ``?`` that it takes one.
        description: One line.
        function: What it does.
        help: More lines.
        module: Who brought it.
    """

    name: str
    usage: str
    description: str
    function: DcmdFunction
    help: str = ""
    module: str = OUR_OWN


class Walker(NamedTuple):
    """A way through a data structure, from an address or from where it begins."""

    name: str
    description: str
    function: WalkFunction
    module: str = OUR_OWN


DCMDS: dict[str, Dcmd] = {}
"""All commands that modules brought, by name."""
WALKERS: dict[str, Walker] = {}
"""All walkers."""


def dcmd(
    names: str,
    usage: str = "",
    description: str = "",
    *,
    help: str = "",  # noqa: A002 - what the field calls it
) -> Callable[[DcmdFunction], DcmdFunction]:
    """Makes a function a command.

    Args:
        names: One name or several, with blanks between them: ``"stack $c"``.
        usage: Its arguments, as ::help shows them.
        description: One line.
        help: More.
    """

    def register(function: DcmdFunction) -> DcmdFunction:
        for name in names.split():
            DCMDS[name] = Dcmd(name, usage, description, function, help, _module_of(function))
        return function

    return register


def walker(name: str, description: str = "") -> Callable[[WalkFunction], WalkFunction]:
    """Makes a function that yields addresses a walker."""

    def register(function: WalkFunction) -> WalkFunction:
        WALKERS[name] = Walker(name, description, function, _module_of(function))
        return function

    return register


def _module_of(function: Callable[..., object]) -> str:
    module = function.__module__
    return OUR_OWN if module.startswith("ring3.debug.mdb.") else module.rsplit(".", 1)[-1]


def usage(dcmd: Dcmd) -> str:
    """A dcmd with its arguments, as help and complaints show it."""
    words = dcmd.usage
    before = {":": "address ", "?": "[ address ] "}.get(words[:1], "")
    name = dcmd.name if not dcmd.name[0].isalpha() else f"::{dcmd.name}"
    return f"{before}{name} {words.lstrip(':?')}".rstrip()
