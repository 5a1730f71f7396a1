"""Messages of netlink(7) as strace writes them: their heads, what rtnetlink(7) has behind them, attributes.

Attributes of links, addresses, routes and neighbours have their names, and values of the kinds that `_VALUES` lists;
others, nested ones among them, are bytes. Messages of other protocols than NETLINK_ROUTE are heads with bytes.

Sources: linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h and linux/neighbour.h.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Meaning
from ring3.trace.addresses import ipv4, ipv6
from ring3.trace.strace import tables
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.scalars import SCALARS
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

NETLINK_ROUTE: Final = 0
_ERROR: Final = 2
_DONE: Final = 3
_HEAD: Final = 16
_ATTRIBUTE: Final = 4
_TYPE_MASK: Final = 0x3FFF
_NESTED: Final = 0x8000
_NET_ORDER: Final = 0x4000
_MOST: Final = 65536
_RTM_BASE: Final = 16
_CACHE_INFO: Final = 16


class _Family(NamedTuple):
    """What four message types in a row have behind their heads.

    Attributes:
        struct: The struct that comes first.
        attributes: The set that types of attributes are of.
        unknown: What stands behind those without a name.
    """

    struct: str
    attributes: str
    unknown: str


_FAMILIES: Final = {
    0: _Family("ifinfomsg", "link_attribute", "IFLA_???"),
    1: _Family("ifaddrmsg", "address_attribute", "IFA_???"),
    2: _Family("rtmsg", "route_attribute", "RTA_???"),
    3: _Family("ndmsg", "neighbour_attribute", "NDA_???"),
}
"""By how many fours of types a message is behind the first one, RTM_NEWLINK."""
_OWN_FLAGS: Final = {0: "netlink_new_flags", 1: "netlink_delete_flags", 2: "netlink_get_flags"}
"""Flags that depend on what is done, by the last bits of a message's type: NEW, DEL, GET."""
_VALUES: Final = {
    **dict.fromkeys(("IFLA_IFNAME", "IFLA_QDISC", "IFLA_IFALIAS", "IFA_LABEL", "IFLA_PHYS_PORT_NAME"), "string"),
    **dict.fromkeys(
        (
            "IFLA_MTU", "IFLA_TXQLEN", "IFLA_WEIGHT", "IFLA_PROMISCUITY", "IFLA_NUM_TX_QUEUES", "IFLA_NUM_RX_QUEUES",
            "IFLA_CARRIER_CHANGES", "IFLA_GSO_MAX_SEGS", "IFLA_GSO_MAX_SIZE", "IFLA_GRO_MAX_SIZE", "IFLA_GROUP",
            "IFLA_CARRIER_UP_COUNT", "IFLA_CARRIER_DOWN_COUNT", "IFLA_MIN_MTU", "IFLA_MAX_MTU", "IFLA_TSO_MAX_SIZE",
            "IFLA_TSO_MAX_SEGS", "IFLA_ALLMULTI", "IFLA_NUM_VF", "IFA_RT_PRIORITY", "RTA_PRIORITY", "NDA_PROBES",
        ),
        "u32",
    ),
    **dict.fromkeys(("IFLA_OPERSTATE", "IFLA_LINKMODE", "IFLA_CARRIER", "IFLA_PROTO_DOWN"), "u8"),
    **dict.fromkeys(("IFLA_LINK", "IFLA_MASTER", "RTA_IIF", "RTA_OIF", "NDA_IFINDEX", "NDA_MASTER"), "interface"),
    **dict.fromkeys(
        (
            "IFA_ADDRESS", "IFA_LOCAL", "IFA_BROADCAST", "IFA_ANYCAST", "IFA_MULTICAST", "RTA_DST", "RTA_SRC",
            "RTA_GATEWAY", "RTA_PREFSRC", "NDA_DST",
        ),
        "address",
    ),
    "IFA_FLAGS": "flags interface_address_flags", "RTA_TABLE": "enum route_table",
}  # fmt: skip


def messages(text: Text, address: int, size: int, protocol: int) -> str:
    """The messages in so many bytes at an address.

    Raises:
        Errno: They cannot be read.
    """
    raw = text.read(address, min(size, _MOST))
    found: list[str] = []
    at = 0
    while at < len(raw):
        rest = raw[at:]
        length = int.from_bytes(rest[:4], "little") if len(rest) >= _HEAD else 0
        if length < _HEAD:
            found.append(
                quoted(rest[: text.style.length], text.style.in_hex) + "..." * (len(rest) > text.style.length)
            )
            break
        if len(found) >= text.style.length and not text.style.verbose:
            found.append("...")
            break
        found.append(_message(text, rest[:length], protocol))
        at += length + -length % 4
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _message(text: Text, raw: bytes, protocol: int) -> str:
    kind = int.from_bytes(raw[4:6], "little")
    head, body = _head(text, raw, kind, protocol), raw[_HEAD:]
    return f"[{head}, {_body(text, kind, body, protocol)}]" if body else head


def _head(text: Text, raw: bytes, kind: int, protocol: int) -> str:
    length, flags = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[6:8], "little")
    number, pid = int.from_bytes(raw[8:12], "little"), int.from_bytes(raw[12:16], "little", signed=True)
    fields = [
        f"nlmsg_len={length}",
        f"nlmsg_type={_kind(text, kind, protocol)}",
        f"nlmsg_flags={_flags(text, kind, flags, protocol)}",
        f"nlmsg_seq={number}",
        f"nlmsg_pid={pid}",
    ]
    return "{" + ", ".join(fields) + "}"


def _kind(text: Text, kind: int, protocol: int) -> str:
    of = "netlink_control" if kind < _RTM_BASE else "route_message" if protocol == NETLINK_ROUTE else ""
    return text.named(tables.sets()[of], kind) if of else f"{kind:#x}"


def _flags(text: Text, kind: int, flags: int, protocol: int) -> str:
    """The flags, of which some depend on what is done."""
    own = "netlink_ack_flags" if kind == _ERROR else ""
    if kind >= _RTM_BASE and protocol == NETLINK_ROUTE:
        own = _OWN_FLAGS.get(kind & 3, "")
    parts = tables.sets()["netlink_flags"].split(flags)
    names, rest = list(parts.names), parts.rest
    if own:
        inner = tables.sets()[own].split(rest)
        names, rest = [*names, *inner.names], inner.rest
    shown = "|".join([*names, *([f"{rest:#x}"] if rest else [])])
    return (f"{rest:#x} /* NLM_F_??? */" if rest and not names else shown) or "0"


def _body(text: Text, kind: int, raw: bytes, protocol: int) -> str:
    if kind == _DONE and len(raw) >= 4:
        return str(int.from_bytes(raw[:4], "little", signed=True))
    if kind == _ERROR and len(raw) >= 4 + _HEAD:
        error = int.from_bytes(raw[:4], "little", signed=True)
        shown = f"-{SCALARS[Meaning.ERRNO](-error)}" if error < 0 else str(error)
        return f"{{error={shown}, msg={_message(text, raw[4:], protocol)}}}"
    family = (
        _FAMILIES.get((kind - _RTM_BASE) // 4) if protocol == NETLINK_ROUTE and kind >= _RTM_BASE else None
    )
    row = text.row(family.struct) if family is not None else None
    if family is None or row is None:
        return quoted(raw[: text.style.length], text.style.in_hex) + "..." * (len(raw) > text.style.length)
    size = row.size(text.bits)
    name = row.layout(text.bits).places[0].field.name
    if len(raw) < size:
        shown = text.named(tables.sets()["family"], raw[0])
        return f"{{{name}={shown}" + (", ..." if len(raw) > 1 else "") + "}"
    shown = text.fields(row, raw[:size])
    rest = raw[size + -size % 4 :]
    return f"{shown}, {_attributes(text, family, raw[0], rest)}" if rest else shown


def _attributes(text: Text, family: _Family, kind: int, raw: bytes) -> str:
    found: list[str] = []
    at = 0
    while at + _ATTRIBUTE <= len(raw):
        length = int.from_bytes(raw[at : at + 2], "little")
        if length < _ATTRIBUTE:
            break
        found.append(_attribute(text, family, kind, raw[at : at + length]))
        at += length + -length % 4
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _attribute(text: Text, family: _Family, kind: int, raw: bytes) -> str:
    length, number = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[2:4], "little")
    bits = "NLA_F_NESTED|" * bool(number & _NESTED) + "NLA_F_NET_BYTEORDER|" * bool(number & _NET_ORDER)
    name = tables.sets()[family.attributes].by_value().get(number & _TYPE_MASK)
    shown = name or f"{number & _TYPE_MASK:#x} /* {family.unknown} */"
    head = f"{{nla_len={length}, nla_type={bits}{shown}}}"
    data = raw[_ATTRIBUTE:]
    return f"[{head}, {_value(text, name or '', kind, data)}]" if data else head


def _value(text: Text, name: str, kind: int, data: bytes) -> str:
    """What an attribute carries."""
    what = _VALUES.get(name, "")
    number = int.from_bytes(data, "little")
    if what == "string":
        return quoted(data.split(b"\0")[0], text.style.in_hex)
    if (what == "u32" and len(data) == 4) or (what == "u8" and len(data) == 1):
        return str(number)
    if what == "interface" and len(data) == 4:
        return text.interface(number)
    if what == "address" and (kind, len(data)) == (socket.AF_INET, 4):
        return ipv4(number)
    if what == "address" and (kind, len(data)) == (socket.AF_INET6, 16):
        return ipv6(data)
    if " " in what and len(data) == 4:
        return text.named(tables.sets()[what.split()[1]], number)
    if name == "IFA_CACHEINFO" and len(data) >= _CACHE_INFO:
        names = ("ifa_prefered", "ifa_valid", "cstamp", "tstamp")
        words = (int.from_bytes(data[at : at + 4], "little") for at in range(0, _CACHE_INFO, 4))
        return "{" + ", ".join(f"{name}={word}" for name, word in zip(names, words, strict=True)) + "}"
    shown = data[: text.style.length]
    return quoted(shown, InHex.ALL) + "..." * (len(data) > len(shown))
