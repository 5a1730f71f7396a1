"""Values of a plan by name, each checked when it is taken; what is wrong is one line that says where."""

from __future__ import annotations

import difflib
import glob
import os
import shlex
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from ring3.errors import UserError
from ring3.fleet.run import Limits

_UNITS: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_LEAST_MEMORY: Final = 16 << 20
_LARGE_PAGE: Final = 2 << 20
_MOST: Final = 1 << 62


class Fields:
    """The values of one table of a plan.

    Attributes:
        values: The values as TOML has them.
        source: What messages call the table.
        folder: The directory that files are named from.
    """

    def __init__(self, values: Mapping[str, Any], source: str, folder: str) -> None:
        self.values = values
        self.source = source
        self.folder = folder

    def error(self, message: str) -> UserError:
        """What is wrong with the table."""
        return UserError(f"{self.source}: {message}")

    def allow(self, keys: Collection[str]) -> None:
        """Says which keys there are.

        Raises:
            UserError: There is another one.
        """
        for key in self.values:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                raise self.error(f"unknown key '{key}'" + (f": is {near[0]} meant?" if near else ""))

    def host(self, path: str) -> str:
        """A path of the plan as one of the host."""
        return os.path.normpath(os.path.join(self.folder, path))

    def matching(self, word: str) -> list[tuple[str, str]]:
        """The files that a path or a pattern stands for, each as the plan has it and as the host does.

        Raises:
            UserError: There is none.
        """
        path = self.host(word)
        if not any(letter in word for letter in "*?["):
            if not os.path.exists(path):
                raise self.error(f"{word}: there is no such file")
            return [(word, path)]
        found = sorted(match for match in glob.iglob(path, recursive=True) if os.path.isfile(match))
        if not found:
            raise self.error(f"{word}: no file matches")
        isabs = os.path.isabs(word)
        return [(match if isabs else os.path.relpath(match, self.folder), match) for match in found]

    # -- values ----------------------------------------------------------------------------------------------------

    def text(self, key: str, default: str) -> str:
        """A text that is not empty."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.error(f"{key} is no text")
        return value

    def texts(self, key: str) -> list[str]:
        """A text or a list of texts."""
        value = self.values.get(key, [])
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) and "\0" not in one for one in found):
            raise self.error(f"{key} is no text and no list of texts")
        return list(dict.fromkeys(found))

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key} is neither true nor false")
        return value

    def size(self, key: str, default: int) -> int:
        """A number, or one with a unit, such as ``"64K"``."""
        value = self.values.get(key, default)
        if isinstance(value, str) and value[:-1].isdecimal() and value[-1:] in _UNITS:
            value = int(value[:-1]) * _UNITS[value[-1]]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
            raise self.error(f'{key} is no number, such as 4096 or "64K"')
        return value

    def numbers(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """A number or a list of numbers."""
        value = self.values.get(key, list(default))
        found = value if isinstance(value, list) else [value]
        if not found or not all(isinstance(one, int) and not isinstance(one, bool) for one in found):
            raise self.error(f"{key} is no number and no list of numbers")
        return tuple(found)

    def table(self, key: str) -> dict[str, str]:
        """A table of texts."""
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(
            isinstance(one, str) and "\0" not in name + one for name, one in value.items()
        ):
            raise self.error(f"{key} is no table of texts")
        return value

    def labelled(self, key: str) -> list[tuple[str, str]]:
        """Files with names: a table of paths, or paths and patterns, which are their own names.

        Raises:
            UserError: There is none.
        """
        value = self.values.get(key)
        if isinstance(value, dict):
            found = [
                (label, path) for label, word in self.table(key).items() for _, path in self.matching(word)
            ]
            if len(found) != len(value):
                raise self.error(f"{key}: a name stands for one file")
        else:
            found = [pair for word in self.texts(key) for pair in self.matching(word)]
        if not found:
            raise self.error(f"{key} is empty")
        return found

    def lists(self, key: str, default: tuple[str, ...], *, words: bool) -> tuple[tuple[str, ...], ...]:
        """Several lists of texts, one run each.

        Args:
            key: The key.
            default: The one that there is without it.
            words: A text alone is split into words as a shell does; else it is one, and "" stands for no text.
        """
        value = self.values.get(key, [list(default)])
        if not isinstance(value, list) or not value:
            raise self.error(f"{key} is no list, one entry a run")
        found = []
        for one in value:
            if isinstance(one, str):
                try:
                    one = shlex.split(one) if words else [one] if one else []  # noqa: PLW2901
                except ValueError as error:
                    raise self.error(f"{key}: {one}: {error}") from None
            if not isinstance(one, list) or not all(
                isinstance(word, str) and "\0" not in word for word in one
            ):
                raise self.error(f"{key} has an entry that is no text and no list of texts")
            found.append(tuple(one))
        return tuple(dict.fromkeys(found))

    def seeds(self) -> tuple[range, ...]:
        """Numbers and ranges such as ``"0..999"``; 0 if there are none."""
        value = self.values.get("seeds", 0)
        found = []
        for one in value if isinstance(value, list) else [value]:
            first, dots, last = one.partition("..") if isinstance(one, str) else (one, "", one)
            try:
                if isinstance(one, bool) or (isinstance(one, str) and not dots):
                    raise ValueError
                seeds = range(int(first), int(last) + 1)
            except (TypeError, ValueError):
                raise self.error(f'seeds: {one!r} is no number and no range such as "0..99"') from None
            if not seeds:
                raise self.error(f"seeds: {one!r} is empty")
            found.append(seeds)
        if not found:
            raise self.error("seeds is empty")
        ordered = sorted(found, key=lambda seeds: seeds.start)
        for one, following in pairwise(ordered):
            if following.start < one.stop:
                raise self.error(f"seeds: {following.start} is there twice")
        return tuple(found)

    def inputs(self) -> Iterator[tuple[str, str | bytes]]:
        """What is on standard input: files, by paths and patterns, and texts, written ``{ text = "..." }``."""
        value = self.values.get("inputs", [])
        seen = set()
        for number, one in enumerate(value if isinstance(value, list) else [value], start=1):
            found: list[tuple[str, str | bytes]]
            if isinstance(one, dict):
                row = Fields(one, f"{self.source}: input {number}", self.folder)
                row.allow({"name", "text"})
                if not isinstance(one.get("text"), str):
                    raise row.error("text is no text")
                found = [(row.text("name", f"text {number}"), one["text"].encode("utf-8", "surrogateescape"))]
            elif isinstance(one, str):
                found = list(self.matching(one)) if one else [("", b"")]
            else:
                raise self.error('inputs has an entry that is no path and no { text = "..." }')
            for label, data in found:
                if label not in seen:
                    yield label, data
                seen.add(label)

    def limits(self) -> Limits:
        """How much a run may use."""
        given = self.values.get("limits", {})
        if not isinstance(given, dict):
            raise self.error("limits is no table")
        table = Fields(given, f"{self.source}: limits", self.folder)
        table.allow(Limits._fields)
        found = Limits(*(table.size(key, default) for key, default in Limits()._asdict().items()))
        if found.memory < _LEAST_MEMORY or not found.calls or not found.seconds:
            raise table.error(f"calls and seconds are at least 1, memory is at least {_LEAST_MEMORY >> 20}M")
        return found._replace(memory=found.memory // _LARGE_PAGE * _LARGE_PAGE)
