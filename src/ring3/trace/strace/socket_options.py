"""Values of socket options (setsockopt(2), getsockopt(2)), by level and name.

A value that is set and is too short for its option is an address; one that was got is shown as far as it goes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E
from ring3.trace.strace import tables
from ring3.trace.strace.bpf_filters import fprog
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.socket_addresses import address_of, hardware_address, in4, in6
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_SOL_SOCKET: Final = 1
_SOL_NETLINK: Final = 270
_SO_BINDTODEVICE: Final = 25
_FILTERS: Final = frozenset({26, 51})
"""Options of SOL_SOCKET that are filters: SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF."""
_STRUCTS: Final = {
    (_SOL_SOCKET, 13): "linger",
    (_SOL_SOCKET, 17): "ucred",
    (263, 5): "tpacket_req",
    (263, 13): "tpacket_req",
}
"""Options that are structs: SO_LINGER, SO_PEERCRED, PACKET_RX_RING, PACKET_TX_RING."""
_ERRORS: Final = {int(error): error.name for error in E}


def option(text: Text, level: int, name: int, address: int, size: int, *, is_got: bool) -> str:
    """The value of a socket's option.

    Raises:
        Errno: It cannot be read.
    """
    size &= 0xFFFF_FFFF
    if is_got and (size >> 31 or not size):
        return f"{address:#x}"
    if level == _SOL_SOCKET and name in _FILTERS and not is_got and size >= 2 * text.bits // 8:
        return fprog(text, address, is_seccomp=False)
    row_name = _STRUCTS.get((level, name))
    if row_name is not None:
        return _struct(text, row_name, address, size, is_got=is_got)
    show = _SHOWN.get((level, name))
    if show is not None:
        least, text_of = show
        return text_of(text, text.read(address, least)) if size >= least else f"{address:#x}"
    group = _GROUPS.get((level, name))
    if group is not None and not is_got:
        return group(text, address, size)
    if level == _SOL_SOCKET and name == _SO_BINDTODEVICE:
        return text.bytes_at(address, size)
    if level == _SOL_NETLINK and size >= 4:
        size = 4
    if size == 4:
        number = int.from_bytes(text.read(address, 4), "little", signed=True)
        named = _NAMED.get((level, name))
        return f"[{named(text, number) if named is not None else number}]"
    return text.bytes_at(address, size)


def _struct(text: Text, name: str, address: int, size: int, *, is_got: bool) -> str:
    """A struct; of one that was got in part the fields that are there, the last of them as bytes."""
    row = text.row(name)
    whole = row.size(text.bits)
    if size >= whole:
        return text.struct(row, address)
    if not is_got:
        return f"{address:#x}"
    raw = text.read(address, size)
    places = row.layout(text.bits).places
    shown = text.fields(row, raw.ljust(whole, b"\0"), None, size)[1:-1]
    cut = [place for place in places if place.offset < size < place.offset + place.size]
    parts = [f"{place.field.name}={quoted(raw[place.offset :], InHex.ALL)}" for place in cut]
    return "{" + ", ".join([*([shown] if shown else []), *parts]) + "}"


def _membership(text: Text, raw: bytes) -> str:
    return f"{{imr_multiaddr={in4(text, raw[:4])}, imr_interface={in4(text, raw[4:8])}}}"


def _membership6(text: Text, raw: bytes) -> str:
    (index,) = struct.unpack_from("<i", raw, 16)
    return f"{{{in6(text, raw[:16], 'ipv6mr_multiaddr')}, ipv6mr_interface={text.interface(index)}}}"


def _packet_membership(text: Text, raw: bytes) -> str:
    index, kind, length = struct.unpack_from("<iHH", raw)
    shown = text.named(tables.sets()["packet_membership"], kind)
    host = hardware_address(raw[8 : 8 + min(length, 8)])
    return f"{{mr_ifindex={text.interface(index)}, mr_type={shown}, mr_alen={length}, mr_address={host}}}"


def _icmp_filter(text: Text, raw: bytes) -> str:
    bits = int.from_bytes(raw, "little")
    names = (text.named(tables.sets()["icmp_type"], at) for at in range(32) if bits >> at & 1)
    return f"[{' '.join(names)}]"


def _group_request(text: Text, address: int, size: int) -> str:
    """A group by the interface and the address of it."""
    word = text.bits // 8
    if size < word + 128:
        return f"{address:#x}"
    index = text.integer(address, 4)
    group = address_of(text, text.read(address + word, 128))
    return f"{{gr_interface={text.interface(index)}, gr_group={group}}}"


_SHOWN: Final[Mapping[tuple[int, int], tuple[int, Callable[[Text, bytes], str]]]] = {
    **dict.fromkeys(((0, 35), (0, 36)), (8, _membership)),
    **dict.fromkeys(((41, 20), (41, 21), (41, 27), (41, 28)), (20, _membership6)),
    **dict.fromkeys(((263, 1), (263, 2)), (16, _packet_membership)),
    (255, 1): (4, _icmp_filter),
}
"""Options that have at least so many bytes: IP_ADD_MEMBERSHIP and the like, PACKET_ADD_MEMBERSHIP, ICMP_FILTER."""
_GROUPS: Final = dict.fromkeys(((level, name) for level in (0, 41) for name in (42, 45)), _group_request)
"""MCAST_JOIN_GROUP and MCAST_LEAVE_GROUP."""
_NAMED: Final[Mapping[tuple[int, int], Callable[[Text, int], str]]] = {
    (_SOL_SOCKET, 4): lambda _text, number: _ERRORS.get(number, str(number)),
    (_SOL_SOCKET, 74): lambda _text, number: (
        tables.sets()["txrehash"].by_value().get(number) or f"{number} /* SOCK_TXREHASH_??? */"
    ),
}
"""Numbers that have names: SO_ERROR, SO_TXREHASH."""
