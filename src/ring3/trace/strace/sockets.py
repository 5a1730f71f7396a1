"""What sockets have beside data: addresses, control messages (cmsg(3)), values of options (setsockopt(2))."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.linux import structs
from ring3.trace.addresses import FAMILY_STRUCTS
from ring3.trace.strace import tables
from ring3.trace.strace.bpf_filters import fprog
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_SOL_SOCKET: Final = 1
_SOL_NETLINK: Final = 270
_AF_UNIX: Final = 1
_SOCKADDR_MAX: Final = 128
_LEAST: Final = {"sockaddr_in6": 24}
"""Bytes of an address at least, where that is less than the struct has (SIN6_LEN_RFC2133)."""
_MOST: Final = 4096
"""Bytes of control messages that are looked at."""
_SOCKET_STRUCTS: Final = {13: "linger", 17: "ucred"}
"""Options of SOL_SOCKET that are structs: SO_LINGER, SO_PEERCRED."""
_FILTERS: Final = frozenset({26, 51})
"""Those that are filters: SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF."""
_SOCKET_NAMES: Final = frozenset({25})
"""Those that are strings: SO_BINDTODEVICE."""
_IP_STRUCTS: Final = {35: "ip_mreq", 36: "ip_mreq", 32: "ip_mreqn"}
"""Options of SOL_IP: IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_IF."""


def _type_set(level: int) -> str:
    return {1: "cmsg_socket", 0: "sockopt_ip", 41: "sockopt_ipv6"}.get(level, "")


def control_messages(text: Text, address: int, size: int) -> str:
    """The messages in a buffer of control data.

    Raises:
        Errno: It cannot be read.
    """
    row = structs.every()["cmsghdr"]
    head, word = row.size(text.bits), text.bits // 8
    if size < head:
        return f"{address:#x}"
    raw = text.read(address, min(size, _MOST))
    found, at = [], 0
    while at + head <= len(raw):
        length, level, kind = map(int, row.unpack(text.bits, raw[at:]))
        fields = [f"cmsg_len={length}", f"cmsg_level={text.named(tables.sets()['socket_level'], level)}"]
        of = tables.sets().get(_type_set(level))
        fields.append(
            f"cmsg_type={text.named(of, kind) if of is not None else f'{kind:#x}' if kind else '0'}"
        )
        data = raw[at + head : at + length]
        if data:
            fields.append(f"cmsg_data={_data(text, level, kind, data)}")
        found.append("{" + ", ".join(fields) + "}")
        if length < head:
            break
        at += length + -length % word
    return f"[{', '.join(found)}]"


def _data(text: Text, level: int, kind: int, data: bytes) -> str:
    """What one message carries."""
    if level == _SOL_SOCKET and kind == 1:
        return _integers(data, text.descriptor)
    name = {2: "ucred", 29: "timeval", 35: "timespec"}.get(kind) if level == _SOL_SOCKET else None
    if name is not None and len(data) >= text.row(name).size(text.bits):
        return text.fields(text.row(name), data)
    if level != _SOL_SOCKET and len(data) == 4:
        return _integers(data, str)
    return quoted(data, InHex.ALL)


def _integers(data: bytes, show: Callable[[int], str]) -> str:
    values = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in range(0, len(data) & -4, 4))
    return f"[{', '.join(map(show, values))}]"


def option(text: Text, level: int, name: int, address: int, size: int, *, is_got: bool) -> str:
    """The value of a socket's option.

    Raises:
        Errno: It cannot be read.
    """
    size = size & 0xFFFF_FFFF
    if size >> 31 or (not size and is_got):
        return f"{address:#x}"
    if level == _SOL_SOCKET and name in _FILTERS and not is_got and size >= 2 * text.bits // 8:
        return fprog(text, address, is_seccomp=False)
    struct = (
        _SOCKET_STRUCTS.get(name) if level == _SOL_SOCKET else _IP_STRUCTS.get(name) if level == 0 else None
    )
    if struct is not None and size >= text.row(struct).size(text.bits):
        return text.struct(text.row(struct), address)
    if level == _SOL_SOCKET and name in _SOCKET_NAMES:
        return text.bytes_at(address, size)
    if level == _SOL_NETLINK and size >= 4:
        size = 4
    if size == 4:
        return f"[{int.from_bytes(text.read(address, 4), 'little', signed=True)}]"
    return text.bytes_at(address, size)


def socket_address(text: Text, address: int, size: int | None) -> str:
    """A socket's address, by its family; one that is too short for its family as bytes."""
    if size is None or size < 2:
        return f"{address:#x}"
    size = min(size, _SOCKADDR_MAX)
    raw = text.read(address, size)
    family = int.from_bytes(raw[:2], "little")
    row = structs.every()[FAMILY_STRUCTS.get(family, "sockaddr")]
    if row.name == "sockaddr_un":
        return _unix_address(text, raw)
    least = _LEAST.get(row.name, row.size(text.bits))
    if row.name == "sockaddr" or size < least:
        shown = text.named(tables.sets()["family"], family)
        data = f", sa_data={quoted(raw[2:], text.in_hex)}" if raw[2:] else ""
        return f"{{sa_family={shown}{data}}}"
    whole = text.fields(row, raw.ljust(row.size(text.bits), b"\0"))
    return "{sa_family=" + whole.partition("=")[2]


def _unix_address(text: Text, raw: bytes) -> str:
    family = text.named(tables.sets()["family"], _AF_UNIX)
    path = raw[2:]
    if not path:
        return f"{{sa_family={family}}}"
    named = "@" + quoted(path[1:]) if path[0] == 0 else quoted(path.split(b"\0")[0])
    return f"{{sa_family={family}, sun_path={named}}}"
