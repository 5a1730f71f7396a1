"""Structs, sets of values and commands that only traces have, by family: what drivers, bpf(2) and the like are told.

Each file of `data/families` holds blocks, whose first lines are not indented::

    enum rtc_param "RTC_PARAM_???"      a set of values, as `ring3.abi.values` has it (flags and table, too)
        RTC_PARAM_FEATURES 0            and what stands behind one without a name, if its names do not say that
    struct rtc_pll                      a struct, as `ring3.abi.structs` has it, and how it is shown
        int pll_ctrl
        s64 pll_clock: number if pll_ctrl=1
        show pll_ctrl (pll_clock)
        answer pll_clock
    ioctl                               commands of ioctl(2), as `ring3.abi.rows` has them
        RTC_PLL_GET (arg: out struct rtc_pll)

``show`` lists the fields in the order in which they are shown; without it, all are, in theirs. Those in brackets are
shown with ``-v`` alone, and so are those behind a ``~``, for which there are no dots without it; those behind ``->``
when the call has succeeded. ``answer`` lists what a call that has succeeded is said to have answered, behind ``=>``;
with ``!`` at its end, one that has failed has the address there, and ``[NAME]`` is a value alone. ``NAME=LABEL`` shows
a field by another name, ``NAME=?LABEL`` only if it has changed, ``NAME=>`` as it was and as it is now, ``NAME=>!`` even
if the call has failed, ``NAME=[...]`` without its elements unless ``-v`` is given. ``...`` alone stands for what is
never shown.

A struct may embed those above it. Words behind its name: ``packed``, nothing is aligned; ``32`` or ``64``, it is for
programs of that width; ``like NAME``, it has the fields of another one, of which it shows others; ``bare``, its fields
have no names; ``dated``, it is a time, with the date behind it; ``open``, it has no brackets; ``inside=NAME``, its
brackets are a field of that name. ``sized=ARGUMENT``, as much of it counts as the call's argument says: fields behind
``@N`` in ``show`` are shown if that is more than N, and what is behind the fields that are known is shown, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux import structs, values
from ring3.abi.structs import Struct
from ring3.abi.values import ValueSet, parse

_FOLDER: Final = "trace/strace/data/families"
_WORDS: Final = ("show ", "answer ")
_ALWAYS: Final = "!"
_EMBEDS: Final = re.compile(r"struct (\w+) [\w.]+(?:\[|:|$)")


class Item(NamedTuple):
    """A field as it is shown.

    Attributes:
        name: The field's name.
        label: What it is called.
        verbose: Whether it is shown with ``-v`` alone.
        silent: Whether nothing says that it is not shown.
        succeeded: Whether it is shown only if the call has succeeded.
        changes: Whether it is shown as it was and as it is.
        anyway: Whether that is so even if the call has failed.
        if_changed: Whether it is shown only if it has changed.
        abbreviated: Whether it is an array whose elements are shown with ``-v`` alone.
        beyond: How many bytes must count and one more, for it to be shown.
    """

    name: str
    label: str
    verbose: bool
    silent: bool
    succeeded: bool
    changes: bool
    anyway: bool
    if_changed: bool
    abbreviated: bool
    beyond: int


class Described(Struct):
    """A struct with what is shown of it.

    Attributes:
        shown: The fields that are shown.
        answer: Those that a call which has succeeded is said to have answered.
        always_answers: Whether one that has failed is said to have answered the address.
        is_bare: Whether its fields are shown without names.
        is_dated: Whether its first fields are seconds since 1970 and nanoseconds, of which the date is shown.
        is_open: Whether it has no brackets.
        inside: The field whose value its brackets are; empty if there is none.
        sized_by: The argument that says how much of it counts; empty if all does.
    """

    def __init__(
        self, name: str, lines: Sequence[str], known: Mapping[str, Struct], words: Sequence[str]
    ) -> None:
        lists: dict[str, list[str]] = {word: [] for word in _WORDS}
        text = []
        for line in lines:
            word = next((word for word in _WORDS if line.startswith(word)), None)
            if word is None:
                text.append(line)
            else:
                lists[word] += line.removeprefix(word).split()
        embedded = [known[inner] for line in text for inner in _EMBEDS.findall(line)]
        widths = tuple(int(word) for word in words if word.isdecimal()) or (64, 32)
        super().__init__(name, "\n".join(text), *embedded, packed="packed" in words, widths=widths)
        self._lists = lists
        self.always_answers = _ALWAYS in lists["answer "]
        self.is_bare = "bare" in words
        self.is_dated = "dated" in words
        self.is_open = "open" in words
        self.inside = _after("inside=", words)
        self.sized_by = _after("sized=", words)

    @property
    def shown(self) -> Sequence[Item]:
        """The fields that are shown, in their order."""
        return _items(self._lists["show "] or [place.field.name for place in self.layout(64).places])

    @property
    def answer(self) -> Sequence[Item]:
        """The fields that are shown as an answer."""
        return _items(self._lists["answer "])


_MORE: Final = Item(
    "",
    "...",
    verbose=False,
    silent=False,
    succeeded=False,
    changes=False,
    anyway=False,
    if_changed=False,
    abbreviated=False,
    beyond=0,
)
"""That there is more, which is never shown."""


def _after(prefix: str, words: Sequence[str]) -> str:
    return next((word.removeprefix(prefix) for word in words if word.startswith(prefix)), "")


def _items(words: Sequence[str]) -> Sequence[Item]:
    found = []
    verbose = succeeded = False
    beyond = 0
    for word in words:
        verbose = verbose or word[0] == "("
        if word == "->":
            succeeded = True
        elif word == "...":
            found.append(_MORE._replace(succeeded=succeeded))
        elif word[0] == "@":
            beyond = int(word[1:])
        elif word != _ALWAYS:
            found.append(_item(word, beyond, verbose=verbose, succeeded=succeeded))
        verbose = verbose and word[-1] != ")"
    return found


def _item(word: str, beyond: int, *, verbose: bool, succeeded: bool) -> Item:
    silent = word[0] == "~"
    name, equals, label = word.strip("~()[]").replace("[", "").partition("=")
    mark, shown = label[:1], label.removeprefix("?")
    abbreviated = label == "..."
    if word[0] == "[":
        shown = "[]"
    elif abbreviated or mark == ">" or not equals:
        shown = name
    verbose = verbose or silent
    return Item(
        name, shown, verbose, silent, succeeded, mark == ">", label == ">!", mark == "?", abbreviated, beyond
    )


class Family(NamedTuple):
    """What the files hold.

    Attributes:
        sets: Sets of values, as text.
        unknown: What stands behind values without a name, by their set.
        structs: Structs by name: the lines of each, and the words behind its name.
        commands: The commands of ioctl(2).
    """

    sets: str
    unknown: Mapping[str, str]
    structs: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    commands: Sequence[str]


@cache
def _every() -> Family:
    sets: list[str] = []
    unknown: dict[str, str] = {}
    rows: dict[str, tuple[Sequence[str], Sequence[str]]] = {}
    commands: list[str] = []
    for name in sorted(os.listdir(os.path.join(resources.ROOT, *_FOLDER.split("/")))):
        for head, lines in _blocks(resources.read_text(f"{_FOLDER}/{name}")):
            words = head.split()
            if words[0] == "struct":
                own = [line.strip() for line in lines]
                like = rows[words[3]] if words[2:3] == ["like"] else None
                rows[words[1]] = (
                    (own, words[2:])
                    if like is None
                    else ([*_fields_of(like[0]), *own], [*like[1], *words[4:]])
                )
            elif words[0] == "ioctl":
                commands += [line.strip() for line in lines]
            else:
                bare, quote, remark = head.partition(' "')
                if quote:
                    unknown[words[1]] = remark.removesuffix('"')
                sets += [bare, *lines]
    return Family("\n".join(sets), unknown, rows, commands)


def _fields_of(lines: Sequence[str]) -> Sequence[str]:
    return [line for line in lines if not line.startswith(_WORDS)]


def _blocks(text: str) -> Iterator[tuple[str, Sequence[str]]]:
    """The blocks of a file: the first line of each, and the others."""
    head, lines = "", []
    for line in [*text.splitlines(), "end"]:
        if not line or line.startswith("#"):
            continue
        if line.startswith(" "):
            lines.append(line)
            continue
        if head:
            yield head, lines
        head, lines = line, []


def sets() -> Mapping[str, ValueSet]:
    """The sets of values by name."""
    return parse(_every().sets)


def unknown(name: str) -> str | None:
    """What stands behind values of a set that have no name; None where its names say that."""
    return _every().unknown.get(name)


def described() -> Mapping[str, Described]:
    """The structs by name."""
    found: dict[str, Described] = {}
    known: dict[str, Struct] = dict(structs.every())
    for name, (lines, words) in _every().structs.items():
        known[name] = found[name] = Described(name, lines, known, words)
    return found


def commands() -> Sequence[str]:
    """The lines of the commands of ioctl(2)."""
    return _every().commands


@cache
def named_commands() -> ValueSet:
    """The commands of ioctl(2) that strace knows by name."""
    return parse(resources.read_text("trace/strace/data/ioctls"))["ioctl_command"]


@cache
def command_set() -> ValueSet:
    """The commands of ioctl(2) of which rows may speak."""
    return ValueSet("ioctl", (*values.every()["ioctl"].values, *named_commands().values))
