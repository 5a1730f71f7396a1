"""What strace says behind the results of calls: which files are ready, how much time is left, which entry it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from ring3.abi.errno import Errno
from ring3.abi.linux import structs
from ring3.trace.strace import tables
from ring3.trace.strace.bit_sets import members
from ring3.trace.strace.scalars import sigset
from ring3.trace.strace.text import Text
from ring3.trace.strace.times import date

Arguments = Mapping[str, int]


def _time(text: Text, name: str, address: int) -> str:
    try:
        return f"left {text.struct(text.row(name), address)}"
    except Errno:
        return f"left {address:#x}"


def _poll(text: Text, given: Arguments, result: int) -> str:
    """The files that are ready, and what is left of ppoll's time."""
    if not result:
        return "Timeout"
    row = structs.every()["pollfd"]
    found: list[str] = []
    for at in range(given["nfds"]):
        address = given["ufds"] + at * row.size(64)
        raw = text.read(address, row.size(64))
        fd, _, revents = map(int, row.unpack(64, raw))
        if revents and len(found) == text.style.length and not text.style.verbose:
            found.append("...")
            break
        if revents:
            events = text.named(tables.sets()["poll"], revents & 0xFFFF)
            found.append(f"{{fd={fd}, revents={events}}}")
    if not found:
        return ""
    parts = [f"[{', '.join(found)}]"]
    if given.get("tsp"):
        parts.append(_time(text, "timespec", given["tsp"]))
    return ", ".join(parts)


def _select(text: Text, given: Arguments, result: int) -> str:
    """The sets as they are afterwards, and what is left of the time; nothing where the arguments could not be read."""
    if "n" not in given:
        return ""
    if not result:
        return "Timeout"
    count, left = given["n"], result
    parts = []
    for name, label in (("inp", "in"), ("outp", "out"), ("exp", "except")):
        size = (count + text.bits - 1) // text.bits * (text.bits // 8)
        with suppress(Errno):
            ready = members(text.read(given[name], size), count)[:left] if given[name] else []
            left -= len(ready)
            parts += [f"{label} [{' '.join(map(str, ready))}]"] if ready else []
    for name, kind in (("tvp", "timeval"), ("tsp", "timespec")):
        if given.get(name):
            parts.append(_time(text, kind, given[name]))
    return ", ".join(parts)


def _messages(text: Text, given: Arguments, result: int) -> str:
    """That recvmmsg(2) has waited in vain, or what is left of its time."""
    if not result:
        return "Timeout"
    return _time(text, "timespec", given["timeout"]) if given["timeout"] else ""


def _seconds(_text: Text, _given: Arguments, result: int) -> str:
    return date(result).removeprefix(" /* ").removesuffix(" */")


def _mask(_text: Text, _given: Arguments, result: int) -> str:
    return f"mask {sigset(result & 0xFFFF_FFFF, signals=32)}"


def _old_mask(_text: Text, _given: Arguments, result: int) -> str:
    return f"old mask {sigset(result & 0xFFFF_FFFF, signals=32)}"


def _buffers(text: Text, given: Arguments, _result: int) -> str:
    """Which buffers a video device has made."""
    command = given["cmd"] & 0xFFFF_FFFF
    if command not in _CREATE_BUFS:
        return ""
    raw = text.read(given["arg"], command >> 16 & 0x3FFF)
    index, count = (int.from_bytes(raw[at : at + 4], "little") for at in (0, 4))
    return f"{{index={index}, count={count}}}"


def _thread_area(text: Text, given: Arguments, _result: int) -> str:
    return f"entry_number={int.from_bytes(text.read(given['u_info'], 16)[:4], 'little')}"


_CREATE_BUFS: Final = frozenset({0xC100565C, 0xC0F8565C})
"""VIDIOC_CREATE_BUFS of both widths."""
_OUTCOMES: Final[Mapping[str, Callable[[Text, Arguments, int], str]]] = {
    "poll": _poll, "ppoll": _poll, "ppoll_time64": _poll, "select": _select, "_newselect": _select,
    "pselect6": _select, "pselect6_time64": _select, "set_thread_area": _thread_area,
    **dict.fromkeys(("recvmmsg", "recvmmsg_time64"), _messages), "time": _seconds, "stime": _seconds, "sgetmask": _mask,
    "ssetmask": _old_mask, "ioctl": _buffers,
}  # fmt: skip


def outcome(name: str, text: Text, given: Arguments, result: int) -> str:
    """What is said behind the result of a call that has succeeded; nothing for most calls.

    Args:
        name: The call.
        text: Of its program.
        given: Its arguments by name.
        result: What it returned.
    """
    say = _OUTCOMES.get(name)
    if say is None:
        return ""
    try:
        said = say(text, given, result)
        return f" ({said})" if said else ""
    except Errno:
        return ""
