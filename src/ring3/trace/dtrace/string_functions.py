"""D's functions on strings: bytes without their NUL; None is NULL, which is a fault but where it says something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring3.trace.dtrace import json_path
from ring3.trace.dtrace.errors import Fault, FaultKind

String = bytes | None
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _there(value: String) -> bytes:
    if value is None:
        raise Fault(FaultKind.BADADDR, 0)
    return value


def basename(path: String) -> bytes:
    """The last component of a path, as basename(1): `/` for the root, `.` for nothing."""
    path = _there(path)
    if not path:
        return b"."
    stripped = path.rstrip(b"/")
    return stripped.rsplit(b"/", 1)[-1] if stripped else b"/"


def dirname(path: String) -> bytes:
    """A path without its last component, as dirname(1)."""
    path = _there(path)
    stripped = path.rstrip(b"/")
    if not stripped:
        return b"/" if path else b"."
    head, slash, _ = stripped.rpartition(b"/")
    if not slash:
        return b"."
    return head.rstrip(b"/") or b"/"


def cleanpath(path: String) -> bytes:
    """A path without `//`, `/./` and `x/..`."""
    path = _there(path)
    absolute = path.startswith(b"/")
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part in (b"", b"."):
            continue
        if part == b".." and (parts and parts[-1] != b".."):
            parts.pop()
        elif part != b".." or not absolute:
            parts.append(part)
    joined = b"/".join(parts)
    trailing = b"/" if path.endswith(b"/") and joined else b""
    return (b"/" if absolute else b"") + joined + trailing


def index(string: String, wanted: String, start: int | None = None) -> int:
    """Where a string first occurs at or after `start`; -1 if nowhere."""
    string, wanted = _there(string), _there(wanted)
    position = max(start or 0, 0)
    if start is not None and not wanted and position > len(string):
        return len(string)
    return string.find(wanted, position)


def rindex(string: String, wanted: String, start: int | None = None) -> int:
    """Where a string last occurs at or before `start`; -1 if nowhere."""
    string, wanted = _there(string), _there(wanted)
    if start is None:
        return string.rfind(wanted)
    if start < 0:
        return -1 if wanted else 0
    return string.rfind(wanted, 0, min(start, len(string)) + len(wanted))


def strchr(string: String, char: int) -> String:
    """The string from the first occurrence of a character on; NULL without one."""
    position = _there(string).find(char & 0xFF)
    return None if position < 0 else _there(string)[position:]


def strrchr(string: String, char: int) -> String:
    """The string from the last occurrence of a character on; NULL without one."""
    position = _there(string).rfind(char & 0xFF)
    return None if position < 0 else _there(string)[position:]


def strstr(string: String, wanted: String) -> String:
    """The string from the first occurrence of another on; NULL without one."""
    position = _there(string).find(_there(wanted))
    return None if position < 0 else _there(string)[position:]


def strjoin(left: String, right: String) -> bytes:
    """Both strings."""
    return _there(left) + _there(right)


def strlen(string: String) -> int:
    """The number of bytes."""
    return len(_there(string))


def substr(string: String, start: int, length: int | None = None) -> bytes:
    """A part of a string, as Perl's substr: negative numbers count from the end."""
    string = _there(string)
    size = len(string)
    position = start + size if start < 0 else start
    if length is None:
        end = size
    elif length < 0:
        end = size + length
    else:
        end = position + length
    position = max(position, 0)
    return string[position:end] if end > position else b""


def tolower(string: String) -> bytes:
    """ASCII letters in lower case."""
    return _there(string).lower()


def toupper(string: String) -> bytes:
    """ASCII letters in upper case."""
    return _there(string).upper()


def lltostr(value: int, base: int = 10) -> bytes:
    """A number as text; only base 10 knows signs, bases 8 and 16 have C's prefix.

    Raises:
        Fault: ILLOP for a base outside of 2 to 36.
    """
    if not 2 <= base <= 36:
        raise Fault(FaultKind.ILLOP)
    negative = base == 10 and value < 0
    number = -value if negative else value & 0xFFFF_FFFF_FFFF_FFFF
    digits = ""
    while number or not digits:
        number, digit = divmod(number, base)
        digits = _DIGITS[digit] + digits
    prefix = {16: "0x", 8: "0"}.get(base, "")
    return (("-" if negative else prefix) + digits).encode()


def strtoll(string: String, base: int = 10) -> int:
    """The number a string begins with, as strtoll(3); base 10 if none is given.

    Raises:
        Fault: ILLOP for a base outside of 2 to 36.
    """
    if not 2 <= base <= 36:
        raise Fault(FaultKind.ILLOP)
    text = _there(string).decode("latin-1").lstrip(" \t\n\r\f\v").lower()
    negative = text.startswith("-")
    text = text[1:] if text[:1] in ("-", "+") else text
    if base == 16 and text.startswith("0x"):
        text = text[2:]
    value = 0
    for char in text:
        digit = _DIGITS.find(char)
        if not 0 <= digit < base:
            break
        value = value * base + digit
    value = -value if negative else value
    value &= 0xFFFF_FFFF_FFFF_FFFF
    return value - (1 << 64) if value >> 63 else value


def json(string: String, path: String) -> String:
    """What a path (`a.b[0]`) names in a JSON text; NULL if there is nothing."""
    return json_path.find(_there(string), _there(path))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        basename,
        cleanpath,
        dirname,
        index,
        lltostr,
        rindex,
        strchr,
        strjoin,
        strlen,
        strrchr,
        strstr,
        strtoll,
        substr,
        tolower,
        toupper,
    )
}
