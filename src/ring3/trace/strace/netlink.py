"""Messages of netlink(7) as strace writes them: their heads, what `netlink_rows` knows of what is behind them.

Sources: linux/netlink.h and runs of strace 6.1.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.meaning import Meaning
from ring3.trace.strace import tables
from ring3.trace.strace.naming import styled
from ring3.trace.strace.netlink_attributes import Place, attributes, hexadecimal
from ring3.trace.strace.netlink_bodies import body
from ring3.trace.strace.netlink_rows import attributes as rows_of
from ring3.trace.strace.netlink_rows import protocols
from ring3.trace.strace.scalars import SCALARS

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

NETLINK_ROUTE: Final = 0
NETLINK_SOCK_DIAG: Final = 4
NETLINK_KOBJECT_UEVENT: Final = 15
_ERROR: Final = 2
_DONE: Final = 3
_HEAD: Final = 16
_LEAST: Final = 16
"""The first type of a message that is a protocol's (NLMSG_MIN_TYPE)."""
_CAPPED: Final = 0x100
_ROUTE_FLAGS: Final = {0: "netlink_new_flags", 1: "netlink_delete_flags", 2: "netlink_get_flags"}
"""Flags that depend on what is done, by the last bits of a type of rtnetlink(7)."""
_NAMED_FLAGS: Final = {"NEW": "netlink_new_flags", "DEL": "netlink_delete_flags", "GET": "netlink_get_flags"}
"""The same, by what the names of other types say."""


def messages(text: Text, address: int, size: int, protocol: int) -> str:
    """The messages in so many bytes at an address.

    Raises:
        Errno: The first one cannot be read.
    """
    if protocol == NETLINK_KOBJECT_UEVENT:
        return text.bytes_at(address, size)
    found: list[str] = []
    while True:
        rest = b""
        if size < _HEAD:
            shown = hexadecimal(text, address, size)
        elif len(found) >= text.style.length and not text.style.verbose:
            shown = "..."
        else:
            try:
                rest = text.read(address, _HEAD)
            except Errno:
                if not found:
                    raise
                shown = f"... /* {address:#x} */"
            else:
                shown = _message(text, address, rest, size, protocol)
        found.append(shown)
        length = min(int.from_bytes(rest[:4], "little"), size)
        step = length + -length % 4
        if length < _HEAD or step >= size:
            break
        address += step
        size -= step
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _message(text: Text, address: int, raw: bytes, size: int, protocol: int) -> str:
    head = _head(text, raw, protocol)
    length = min(int.from_bytes(raw[:4], "little"), size)
    if length <= _HEAD:
        return head
    return f"[{head}, {_body(text, address + _HEAD, length - _HEAD, raw, protocol)}]"


def _head(text: Text, raw: bytes, protocol: int) -> str:
    length, kind = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:6], "little")
    flags = int.from_bytes(raw[6:8], "little")
    number, pid = int.from_bytes(raw[8:12], "little"), int.from_bytes(raw[12:16], "little", signed=True)
    fields = [
        f"nlmsg_len={length}",
        f"nlmsg_type={_kind(text, kind, protocol)}",
        f"nlmsg_flags={_flags(text, kind, flags, protocol)}",
        f"nlmsg_seq={number}",
        f"nlmsg_pid={text.task(pid)}",
    ]
    return "{" + ", ".join(fields) + "}"


def _kind(text: Text, kind: int, protocol: int) -> str:
    """The type of a message."""
    known = protocols().get(protocol)
    of = known.of if known is not None and kind >= _LEAST else "netlink_control"
    return text.named(tables.sets()[of], kind)


def _flags(text: Text, kind: int, flags: int, protocol: int) -> str:
    """The flags, of which some depend on what is done."""
    own = "netlink_ack_flags" if kind == _ERROR else _own_flags(kind, protocol) if kind >= _LEAST else ""
    parts = tables.sets()["netlink_flags"].split(flags)
    names, rest = list(parts.names), parts.rest
    if own:
        inner = tables.sets()[own].split(rest)
        names, rest = [*names, *inner.names], inner.rest
    if rest and not names:
        return styled(text.style.names, f"{rest:#x} /* NLM_F_??? */", f"{flags:#x}")
    shown = "|".join([*names, *([f"{rest:#x}"] if rest else [])])
    return styled(text.style.names, shown, f"{flags:#x}") if shown else "0"


def _own_flags(kind: int, protocol: int) -> str:
    """The set of the flags that a protocol's type of message has of its own; empty if there is none."""
    if protocol == NETLINK_ROUTE:
        return _ROUTE_FLAGS.get(kind & 3, "")
    if protocol == NETLINK_SOCK_DIAG:
        return "netlink_get_flags"
    known = protocols().get(protocol)
    name = tables.sets()[known.of].by_value().get(kind, "") if known is not None else ""
    return next((of for done, of in _NAMED_FLAGS.items() if f"_{done}" in name), "")


def _body(text: Text, address: int, size: int, head: bytes, protocol: int) -> str:
    kind, flags = int.from_bytes(head[4:6], "little"), int.from_bytes(head[6:8], "little")
    if kind == _ERROR:
        return _error(text, address, size, flags, protocol)
    if kind == _DONE and size == 4:
        return str(int.from_bytes(text.read(address, 4), "little", signed=True))
    if kind < _LEAST:
        return hexadecimal(text, address, size)
    try:
        return body(text, address, size, head, protocol)
    except Errno:
        return f"{address:#x}"


def _error(text: Text, address: int, size: int, flags: int, protocol: int) -> str:
    """What the kernel answers: an errno, the message that it is about, and attributes."""
    if size < 4 + _HEAD:
        return hexadecimal(text, address, size)
    try:
        raw = text.read(address, 4 + _HEAD)
    except Errno:
        return f"{address:#x}"
    error, raw = int.from_bytes(raw[:4], "little", signed=True), raw[4:]
    name = f"-{SCALARS[Meaning.ERRNO](-error)}" if error < 0 else str(error)
    shown = styled(text.style.names, name, str(error))
    address, size = address + 4, size - 4
    length = _HEAD if flags & _CAPPED else min(int.from_bytes(raw[:4], "little"), size)
    shown = f"{{error={shown}, msg={_message(text, address, raw, length, protocol)}}}"
    step = length + -length % 4
    if step < _HEAD or size <= step:
        return shown
    rest = attributes(
        text,
        address + step,
        size - step,
        rows_of("netlink_error_attribute"),
        Place({}, socket.AF_UNSPEC, None),
    )
    return f"[{shown}, {rest}]"
