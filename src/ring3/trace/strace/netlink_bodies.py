"""What stands behind the heads of messages of netlink(7): a struct and attributes, or what a protocol has of its own.

Sources: linux/netlink.h, linux/sock_diag.h, linux/rtnetlink.h and runs of strace 6.1.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.trace.strace import tables
from ring3.trace.strace.netlink_attributes import Place, attributes, hexadecimal
from ring3.trace.strace.netlink_rows import Message, protocols
from ring3.trace.strace.netlink_rows import attributes as rows_of

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_REQUEST: Final = 1
_TCPDIAG: Final = (18, 19)
_AF_SMC: Final = 43
_AF_NETLINK: Final = 16
_AF_PACKET: Final = 17
_HARDWARE: Final = "ifinfomsg"
"""The struct of messages whose family strace takes for the kind of the hardware."""
_REQUESTS: Final[Mapping[int, Message]] = {
    socket.AF_UNIX: Message("unix_diag_req", "-"),
    socket.AF_INET: Message("inet_diag_req_v2", "inet_diag_req_attribute"),
    socket.AF_INET6: Message("inet_diag_req_v2_6", "inet_diag_req_attribute"),
    _AF_NETLINK: Message("netlink_diag_req", "-"),
    _AF_PACKET: Message("packet_diag_req", "-"),
    _AF_SMC: Message("smc_diag_req", "-"),
}
"""What sockets are asked for, by their family."""
_ANSWERS: Final[Mapping[int, Message]] = {
    socket.AF_UNIX: Message("unix_diag_msg", "unix_diag_attribute"),
    socket.AF_INET: Message("inet_diag_msg", "inet_diag_attribute"),
    socket.AF_INET6: Message("inet_diag_msg6", "inet_diag_attribute"),
    _AF_NETLINK: Message("netlink_diag_msg", "netlink_diag_attribute"),
    _AF_PACKET: Message("packet_diag_msg", "packet_diag_attribute"),
    _AF_SMC: Message("smc_diag_msg", "smc_diag_attribute"),
}
_OLD_REQUESTS: Final[Mapping[int, Message]] = {
    socket.AF_INET: Message("inet_diag_req", "inet_diag_req_attribute"),
    socket.AF_INET6: Message("inet_diag_req6", "inet_diag_req_attribute"),
}
_NOTHING: Final = "-"
"""Attributes of a message behind which nothing is shown."""


def body(text: Text, address: int, size: int, head: bytes, protocol: int) -> str:
    """What a protocol's message has behind its head.

    Raises:
        Errno: It cannot be read.
    """
    known = protocols().get(protocol)
    if known is None:
        return hexadecimal(text, address, size)
    own = _OWN.get(known.of)
    if own is not None:
        return own(text, address, size, head)
    message = known.message(tables.sets()[known.of].by_value().get(int.from_bytes(head[4:6], "little"), ""))
    return hexadecimal(text, address, size) if message is None else _known(text, address, size, message)


def _known(text: Text, address: int, size: int, message: Message) -> str:
    """A struct and the attributes behind it."""
    row = text.row(message.struct)
    places = row.layout(text.bits).places
    whole, first = row.size(text.bits), places[0].size
    if size < first:
        return hexadecimal(text, address, size)
    family = text.integer(address, first)
    head = f"{places[0].field.name}={text.named(tables.sets()['family'], family)}"
    if size < whole:
        return f"{{{head}, ...}}"
    try:
        raw = text.read(address, whole)
    except Errno:
        return f"{{{head}, {address + first:#x}}}"
    shown = text.fields(row, raw)
    start = whole + -whole % 4
    if size <= start or message.attributes == _NOTHING:
        return shown
    address, size = address + start, size - start
    if not message.attributes:
        return f"{shown}, {hexadecimal(text, address, size)}"
    hardware = family if message.struct == _HARDWARE else None
    place = Place({"family": str(family)}, family, hardware)
    return f"{shown}, {attributes(text, address, size, rows_of(message.attributes), place)}"


def _route(text: Text, address: int, size: int, head: bytes) -> str:
    """What rtnetlink(7) has behind the head of a message: at least a family."""
    known = protocols()[0]
    message = known.message(tables.sets()[known.of].by_value().get(int.from_bytes(head[4:6], "little"), ""))
    return _family(text, address, size) if message is None else _known(text, address, size, message)


def _family(text: Text, address: int, size: int) -> str:
    """A family of addresses, and bytes."""
    shown = f"family={text.named(tables.sets()['family'], text.integer(address, 1))}"
    if size > 1:
        shown += f", data={hexadecimal(text, address + 1, size - 1)}"
    return f"{{{shown}}}"


def _sock_diag(text: Text, address: int, size: int, head: bytes) -> str:
    """What sockets are asked for or answer, by their family."""
    kind, flags = int.from_bytes(head[4:6], "little"), int.from_bytes(head[6:8], "little")
    family = text.integer(address, 1)
    of = _REQUESTS if flags & _REQUEST else _ANSWERS
    if kind in _TCPDIAG and flags & _REQUEST:
        of = {**_REQUESTS, **_OLD_REQUESTS}
    message = of.get(family)
    if message is None or size == 1:
        return _family(text, address, size)
    return _known(text, address, size, message)


_OWN: Final[Mapping[str, Callable[[Text, int, int, bytes], str]]] = {
    "route_message": _route,
    "sock_diag_message": _sock_diag,
}
"""By the set that types of messages are of."""
