"""Options of -x, `#pragma D option` and setopt(): names, kinds of values, and who may set them when."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ring3.trace.dtrace import dialect
from ring3.trace.dtrace.errors import ConsumerFault, DtraceError

_TRUE = frozenset(("yes", "true", "on", "enable", "enabled", "set", "1"))
_FALSE = frozenset(("no", "false", "off", "disable", "disabled", "unset", "0"))
_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SECOND = 1_000_000_000
_UNITS = {
    "ns": 1,
    "nsec": 1,
    "us": 1000,
    "usec": 1000,
    "ms": 1_000_000,
    "msec": 1_000_000,
    "s": _SECOND,
    "sec": _SECOND,
    "m": 60 * _SECOND,
    "min": 60 * _SECOND,
    "h": 3600 * _SECOND,
    "hour": 3600 * _SECOND,
    "d": 86400 * _SECOND,
    "day": 86400 * _SECOND,
}
_NUMBER = re.compile(r"([0-9]{1,30})([a-zA-Z]*)")


class Kind(NamedTuple):
    """An option: what its value is, its default, and whether it is the compiler's, the run time's, or dynamic."""

    value: str
    default: object
    phase: str


_COMPILE, _RUN, _DYNAMIC = "compile", "run", "dynamic"
KINDS = {
    **{
        name: Kind("bool", False, _COMPILE)
        for name in [
            "aggpercpu",
            "argref",
            "cpp",
            "cpphdrs",
            "debug",
            "defaultargs",
            "droptags",
            "empty",
            "errtags",
            "knodefs",
            "lazyload",
            "nolibs",
            "pspec",
            "unodefs",
            "verbose",
            "xdefs",
            "zdefs",
            "disasm",
            "debugassert",
            "iregs",
            "kdefs",
            "udefs",
            "preallocate",
            "strip",
            "temporal",
        ]
    },
    **{
        name: Kind("word", "", _COMPILE)
        for name in [
            "amin",
            "core",
            "cppargs",
            "cpppath",
            "ctypes",
            "ctfpath",
            "define",
            "dtypes",
            "encoding",
            "incdir",
            "late",
            "ldpath",
            "libdir",
            "linkmode",
            "linktype",
            "modpath",
            "procfspath",
            "syslibdir",
            "sysslice",
            "tree",
            "tregs",
            "undef",
            "useruid",
            "version",
        ]
    },
    "evaltime": Kind("evaltime", "", _COMPILE),
    "setenv": Kind("setting", "", _COMPILE),
    "unsetenv": Kind("variable", "", _COMPILE),
    "pgmax": Kind("number", 8, _COMPILE),
    "stdc": Kind("stdc", "a", _COMPILE),
    "dialect": Kind("dialect", dialect.SUN.name, _COMPILE),
    "bufsize": Kind("size", 4 << 20, _RUN),
    "aggsize": Kind("size", 4 << 20, _RUN),
    "bufpolicy": Kind("policy", "switch", _RUN),
    "bufresize": Kind("resize", "auto", _RUN),
    "buflimit": Kind("percent", 50, _RUN),
    "cleanrate": Kind("time", _SECOND // 101, _RUN),
    "cpu": Kind("cpu", -1, _RUN),
    "destructive": Kind("bool", False, _RUN),
    "dynvarsize": Kind("size", 1 << 20, _RUN),
    "grabanon": Kind("bool", False, _RUN),
    "jstackframes": Kind("number", 50, _RUN),
    "jstackstrsize": Kind("size", 512, _RUN),
    "lockmem": Kind("word", "", _RUN),
    "maxframes": Kind("number", 127, _RUN),
    "noresolve": Kind("bool", False, _RUN),
    "noerror": Kind("bool", False, _RUN),
    "nspec": Kind("number", 1, _RUN),
    "pcapsize": Kind("size", 64, _RUN),
    "printsize": Kind("size", 8192, _DYNAMIC),
    "scratchsize": Kind("size", 4 << 20, _RUN),
    "specsize": Kind("size", 4 << 20, _RUN),
    "stackframes": Kind("number", 20, _RUN),
    "statusrate": Kind("time", _SECOND, _RUN),
    "strsize": Kind("size", 256, _RUN),
    "ustackframes": Kind("number", 100, _RUN),
    "zone": Kind("word", "", _RUN),
    "aggrate": Kind("time", _SECOND, _DYNAMIC),
    "agghist": Kind("bool", False, _DYNAMIC),
    "aggpack": Kind("bool", False, _DYNAMIC),
    "aggsortkey": Kind("bool", False, _DYNAMIC),
    "aggsortkeypos": Kind("number", 0, _DYNAMIC),
    "aggsortpos": Kind("number", 0, _DYNAMIC),
    "aggsortrev": Kind("bool", False, _DYNAMIC),
    "aggzoom": Kind("bool", False, _DYNAMIC),
    "flowindent": Kind("bool", False, _DYNAMIC),
    "quiet": Kind("bool", False, _DYNAMIC),
    "quietresize": Kind("bool", False, _DYNAMIC),
    "rawbytes": Kind("bool", False, _DYNAMIC),
    "stackindent": Kind("number", 14, _DYNAMIC),
    "stacksymbols": Kind("bool", True, _DYNAMIC),
    "switchrate": Kind("time", _SECOND, _DYNAMIC),
}
"""All options."""

_NOT_IN_PROGRAMS = frozenset(
    [
        "core",
        "cpp",
        "cpphdrs",
        "cpppath",
        "cppargs",
        "ctypes",
        "define",
        "dialect",
        "dtypes",
        "incdir",
        "iregs",
        "kdefs",
        "knodefs",
        "ldpath",
        "libdir",
        "linkmode",
        "linktype",
        "modpath",
        "stdc",
        "syslibdir",
        "tree",
        "udefs",
        "undef",
        "unodefs",
        "version",
        "empty",
        "setenv",
        "unsetenv",
    ]
)
_INVALID = "Invalid value for specified option"
_LISTS = frozenset(("define", "incdir", "libdir", "undef", "setenv", "unsetenv", "cppargs"))
"""Options that add to what was set before."""


class Options:
    """The values of the options of one session."""

    def __init__(self, usual_dialect: str = dialect.SUN.name) -> None:
        """Nothing is set; the dialect is what is usual until it is."""
        self._values: dict[str, object] = {"dialect": usual_dialect}
        self.lists: dict[str, list[str]] = {name: [] for name in _LISTS}

    def set(self, name: str, value: str | None, *, in_program: bool = False) -> None:
        """Set an option before the session starts.

        Raises:
            DtraceError: with the text dtrace(1M) prints after the option's name.
        """
        kind = KINDS.get(name)
        if kind is None:
            raise DtraceError("Invalid option name")
        if in_program and name in _NOT_IN_PROGRAMS:
            raise DtraceError("Option cannot be used from within a D program")
        parsed = _PARSERS[kind.value](value)
        if name in _LISTS:
            self.lists[name].append(value or "")
        self._values[name] = parsed

    def set_dynamic(self, name: str, value: str | None) -> None:
        """Set an option while the session runs.

        Raises:
            ConsumerFault: for one that cannot change any more.
        """
        kind = KINDS.get(name)
        try:
            if kind is None:
                raise DtraceError("Invalid option name")
            if kind.phase != _DYNAMIC:
                raise DtraceError("Operation illegal when tracing is active")
            self._values[name] = _PARSERS[kind.value](value)
        except DtraceError as error:
            shown = "1" if value is None else value
            raise ConsumerFault(f'couldn\'t set option "{name}" to "{shown}": {error}') from None

    def was_set(self, name: str) -> bool:
        """Whether somebody set the option."""
        return name in self._values

    def is_set(self, name: str) -> bool:
        """The value of a boolean option."""
        return bool(self._values.get(name, KINDS[name].default))

    def number(self, name: str) -> int:
        """The value of an option that is a number, a size in bytes, or a time in nanoseconds."""
        value = self._values.get(name, KINDS[name].default)
        assert isinstance(value, int)
        return value

    def word(self, name: str) -> str:
        """The value of an option that is a word."""
        return str(self._values.get(name, KINDS[name].default))

    @property
    def environment(self) -> dict[str, str | None]:
        """What is different in the environment of a program that -c starts; None for what is not in it.

        Sun's has LD_NOLAZYLOAD, so that what a program calls is there when its probes are looked for.
        """
        changes: dict[str, str | None] = {"LD_NOLAZYLOAD": "1"} if self.dialect.sets_lazyload else {}
        for setting in self.lists["setenv"]:
            name, _, value = setting.partition("=")
            changes[name] = value
        return {**changes, **dict.fromkeys(self.lists["unsetenv"])}

    @property
    def dialect(self) -> dialect.Dialect:
        """The dialect of D that programs are in."""
        return dialect.BY_NAME[self.word("dialect")]


def _bool(value: str | None) -> bool:
    if value is None or value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise DtraceError(_INVALID)


def _needed(value: str | None) -> str:
    if not value:
        raise DtraceError(_INVALID)
    return value


def _number(value: str | None) -> int:
    text = _needed(value)
    try:
        number = int(text.replace("_", "?"), 0)
    except ValueError:
        raise DtraceError(_INVALID) from None
    if not 0 <= number < 1 << 31:
        raise DtraceError(_INVALID)
    return number


def _setting(value: str | None) -> str:
    text = _needed(value)
    if text.find("=") < 1:
        raise DtraceError(_INVALID)
    return text


def _variable(value: str | None) -> str:
    text = _needed(value)
    if "=" in text:
        raise DtraceError(_INVALID)
    return text


def _percent(value: str | None) -> int:
    number = _number(value)
    if not 0 < number < 100:
        raise DtraceError(_INVALID)
    return number


def _cpu(value: str | None) -> int:
    return -1 if value == "all" else _number(value)


def _size(value: str | None) -> int:
    match = _NUMBER.fullmatch(_needed(value))
    if not match or match[2].lower() not in _SIZES:
        raise DtraceError(_INVALID)
    number = int(match[1]) * _SIZES[match[2].lower()]
    if number >= 1 << 63:
        raise DtraceError(_INVALID)
    return number


def interval(text: str) -> int | None:
    """A rate (`997hz`, or a bare number) or a time (`10ms`) as nanoseconds; None if it is neither."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return None
    number, unit = int(match[1]), match[2].lower()
    if unit in ("", "hz"):
        return _SECOND // number if number else None
    return number * _UNITS[unit] if unit in _UNITS else None


def _time(value: str | None) -> int:
    found = interval(_needed(value))
    if found is None:
        raise DtraceError(_INVALID)
    return found


def _one_of(*words: str) -> Callable[[str | None], object]:
    def parse(value: str | None) -> str:
        if value not in words:
            raise DtraceError(_INVALID)
        return value

    return parse


_PARSERS: dict[str, Callable[[str | None], object]] = {
    "bool": _bool,
    "number": _number,
    "cpu": _cpu,
    "percent": _percent,
    "setting": _setting,
    "size": _size,
    "time": _time,
    "variable": _variable,
    "word": lambda value: value or "",
    "policy": _one_of("switch", "fill", "ring"),
    "resize": _one_of("auto", "manual"),
    "stdc": _one_of("a", "c", "s", "t"),
    "evaltime": _one_of("exec", "preinit", "postinit", "main"),
    "dialect": _one_of(*dialect.BY_NAME),
}
