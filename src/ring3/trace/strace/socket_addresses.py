"""Addresses of sockets as strace writes them, by their families (address_families(7)).

An address that is too short for its family, and one of a family without a writer here, is its bytes. What is longer
than any address may be is cut off.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Meaning
from ring3.trace.strace import tables
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_SOCKADDR_MAX: Final = 128
_AX25: Final = 16
_CALL: Final = 7
"""Bytes of an address of AX.25, and of a station's name in it; and
"""
_DIGIPEATERS: Final = 8
"""how many other stations it may have."""
_LETTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_IN6_WITH_SCOPE: Final = 28
_LINK_ADDRESS: Final = 8
"""Bytes of a link's address at most."""


class _Writer(NamedTuple):
    """What writes addresses of a family.

    Attributes:
        sizes: How many bytes they have, the family among them.
        fields: Gives the fields behind the family, of the bytes behind it.
    """

    sizes: Container[int]
    fields: Callable[[Text, bytes], list[str]]


def socket_address(text: Text, address: int, size: int | None) -> str:
    """The socket's address of so many bytes at an address of a program.

    Raises:
        Errno: It cannot be read.
    """
    if size is None or not 2 <= size < 1 << 31:
        return f"{address:#x}"
    return address_of(text, text.read(address, min(size, _SOCKADDR_MAX)))


def address_of(text: Text, raw: bytes) -> str:
    """The same of its bytes, which are two at least."""
    family = int.from_bytes(raw[:2], "little")
    writer = _WRITERS.get(family)
    if writer is None or len(raw) not in writer.sizes:
        fields = [f"sa_data={quoted(raw[2:], text.in_hex)}"] if raw[2:] else []
    else:
        fields = writer.fields(text, raw[2:])
    return "{" + ", ".join([f"sa_family={text.named(tables.sets()['family'], family)}", *fields]) + "}"


def in4(text: Text, raw: bytes) -> str:
    """An address of IPv4 as the argument of a call."""
    return f"inet_addr({quoted(socket.inet_ntop(socket.AF_INET, raw).encode(), text.in_hex)})"


def in6(text: Text, raw: bytes, name: str) -> str:
    """An address of IPv6 as the argument of a call that fills a field of a name."""
    shown = quoted(socket.inet_ntop(socket.AF_INET6, raw).encode(), text.in_hex)
    return f"inet_pton(AF_INET6, {shown}, &{name})"


def hardware_address(raw: bytes) -> str:
    """The address of an interface, by its bytes."""
    return ":".join(f"{byte:02x}" for byte in raw)


def short_hex(number: int) -> str:
    """A byte as C's ``%#02x`` writes it."""
    return f"{number:#x}" if number else "00"


def _unix(text: Text, raw: bytes) -> list[str]:
    if not raw:
        return []
    return [
        "sun_path="
        + ("@" + quoted(raw[1:], text.in_hex) if raw[0] == 0 else quoted(raw.split(b"\0")[0], text.in_hex))
    ]


def _in(text: Text, raw: bytes) -> list[str]:
    (port,) = struct.unpack_from(">H", raw)
    return [f"sin_port=htons({port})", f"sin_addr={in4(text, raw[2:6])}"]


def _in6(text: Text, raw: bytes) -> list[str]:
    port, flow, host = struct.unpack_from(">HI16s", raw)
    fields = [f"sin6_port=htons({port})", f"sin6_flowinfo=htonl({flow})", in6(text, host, "sin6_addr")]
    if len(raw) >= _IN6_WITH_SCOPE - 2:
        (scope,) = struct.unpack_from("<I", raw, 22)
        is_local = (host[0] == 0xFE and host[1] & 0xC0 == 0x80) or (host[0] == 0xFF and host[1] & 0xF == 2)
        fields.append(f"sin6_scope_id={text.interface(scope) if is_local else scope}")
    return fields


def _ipx(_text: Text, raw: bytes) -> list[str]:
    port, network, node, kind = struct.unpack_from(">HI6sB", raw)
    return [
        f"sipx_port=htons({port})",
        f"sipx_network=htonl({network:#010x})" if network else "sipx_network=htonl(00000000)",
        f"sipx_node=[{', '.join(map(short_hex, node))}]",
        f"sipx_type={short_hex(kind)}",
    ]


_KERN_DRIVER_ONLY: Final = 0x1000
"""CRYPTO_ALG_KERN_DRIVER_ONLY (include/linux/crypto.h)."""
_RXRPC_SIZES: Final = {2: 16, 10: 28}
_RXRPC_NAMES: Final = {2: "sin", 10: "sin6"}
"""Transports of AF_RXRPC: how long their addresses are, and what they are called."""


def _rxrpc(text: Text, raw: bytes) -> list[str]:
    service, kind, length = struct.unpack_from("<HHH", raw)
    sets = tables.sets()
    family = int.from_bytes(raw[6:8], "little")
    inner = address_of(text, raw[6 : 6 + _RXRPC_SIZES[family]]) if family in _RXRPC_SIZES else ""
    name = _RXRPC_NAMES.get(family, "")
    transport = (
        f"{name}={inner}".replace("sa_family=", f"{name}_family=")
        if name
        else (f"family={text.named(sets['family'], family)}")
    )
    remark = sets["rxrpc_service"].by_value().get(service, "???_SERVICE")
    return [
        f"srx_service={service:#x} /* {remark} */" if service else f"srx_service=0 /* {remark} */",
        f"transport_type={text.named(sets['socket_kind'], kind)}",
        f"transport_len={length}",
        f"transport={{{transport}}}",
    ]


def _packet(text: Text, raw: bytes) -> list[str]:
    protocol, index, hardware, kind, length = struct.unpack_from("<HiHBB", raw)
    host = raw[10 : 10 + min(length, _LINK_ADDRESS)]
    more = ", ..." * (length > _LINK_ADDRESS)
    sets = tables.sets()
    shown = text.named(sets["ethernet_protocol"], socket.ntohs(protocol))
    return [
        f"sll_protocol=htons({shown})",
        f"sll_ifindex={text.interface(index)}",
        f"sll_hatype={text.named(sets['arp_hardware'], hardware)}",
        f"sll_pkttype={text.named(sets['packet_type'], kind)}",
        f"sll_halen={length}",
        f"sll_addr=[{', '.join(map(short_hex, host))}{more}]",
    ]


def _netlink(_text: Text, raw: bytes) -> list[str]:
    pad, pid, groups = struct.unpack_from("<HiI", raw)
    padding = [f"nl_pad={pad:#x}"] if pad else []
    return [*padding, f"nl_pid={pid}", f"nl_groups={groups:#08x}" if groups else "nl_groups=00000000"]


def _bluetooth(text: Text, raw: bytes) -> list[str]:
    """An address of one of four protocols, by its length."""
    sets = tables.sets()
    if len(raw) < 6:
        device, channel = (int.from_bytes(raw[at : at + 2], "little") for at in (0, 2))
        shown = [f"hci_channel={text.named(sets['hci_channel'], channel)}"] if raw[2:] else []
        return [f"hci_dev=htobs({device})", *shown]
    if len(raw) == 6:
        return [f"sco_bdaddr={hardware_address(raw)}"]
    if len(raw) == 8:
        return [f"rc_bdaddr={hardware_address(raw[:6])}", f"rc_channel={raw[6]}"]
    psm, host, cid = struct.unpack_from("<H6sH", raw)
    fields = [
        f"l2_psm=htobs({_counted(text, 'l2cap_psm', psm)})",
        f"l2_bdaddr={hardware_address(host)}",
        f"l2_cid=htobs({_counted(text, 'l2cap_cid', cid)})",
    ]
    kind = text.named(sets["bdaddr_type"], raw[10]) if len(raw) > 10 else ""
    return [*fields, *([f"l2_bdaddr_type={kind}"] if kind else [])]


_DYNAMIC: Final = {
    "l2cap_psm": ((0x1001, 0xFFFF, "L2CAP_PSM_DYN_START"), (0x80, 0xFF, "L2CAP_PSM_LE_DYN_START")),
    "l2cap_cid": ((0x40, 0xFFFF, "L2CAP_CID_DYN_START"),),
}
"""Ranges of numbers that are counted from their beginning."""


def _counted(text: Text, of: str, number: int) -> str:
    for first, last, name in _DYNAMIC[of]:
        if first <= number <= last:
            return f"{name}+{number - first}" if number > first else name
    return text.named(tables.sets()[of], number)


def _x25(text: Text, raw: bytes) -> list[str]:
    return [f"sx25_addr={{x25_addr={quoted(raw[:16].split(bytes(1))[0], text.in_hex)}}}"]


def _alg(text: Text, raw: bytes) -> list[str]:
    feature, mask = struct.unpack_from("<II", raw, 14)
    return [
        f"salg_type={quoted(raw[:14].split(bytes(1))[0], text.in_hex)}",
        f"salg_feat={_algorithms(feature)}",
        f"salg_mask={_algorithms(mask)}",
        f"salg_name={text.characters(Meaning.STRING, raw[22:86])}",
    ]


def _algorithms(number: int) -> str:
    """Flags of algorithms, with their names as a remark."""
    rest = number & ~_KERN_DRIVER_ONLY
    names = ["CRYPTO_ALG_KERN_DRIVER_ONLY"] if number != rest else []
    names += [f"{rest:#x}" if names else "CRYPTO_ALG_???"] if rest else []
    return f"{number:#x} /* {'|'.join(names)} */" if number else "0"


def _vsock(text: Text, raw: bytes) -> list[str]:
    reserved, port, cid = struct.unpack_from("<HII", raw)
    sets = tables.sets()
    return [
        *([f"svm_reserved1={reserved:#x}"] if reserved else []),
        f"svm_cid={text.named(sets['vsock_cid'], cid) if cid in sets['vsock_cid'].by_value() else _hex(cid)}",
        f"svm_port={'VMADDR_PORT_ANY' if port == 0xFFFF_FFFF else _hex(port)}",
        f"svm_flags={text.named(sets['vsock_flags'], raw[10])}",
        *([f"svm_zero={quoted(raw[11:14], InHex.ALL)}"] if any(raw[11:14]) else []),
    ]


def _xdp(text: Text, raw: bytes) -> list[str]:
    flags, index, queue, shared = struct.unpack_from("<HIII", raw)
    return [
        f"sxdp_flags={text.named(tables.sets()['xdp_flags'], flags)}",
        f"sxdp_ifindex={text.interface(index)}",
        f"sxdp_queue_id={queue}",
        f"sxdp_shared_umem_fd={text.descriptor(shared)}",
    ]


def _qrtr(_text: Text, raw: bytes) -> list[str]:
    node, port = struct.unpack_from("<II", raw, 2)
    return [
        f"sq_node={'QRTR_NODE_BCAST' if node == 0xFFFF_FFFF else _hex(node)}",
        f"sq_port={'QRTR_PORT_CTRL' if port == 0xFFFF_FFFE else _hex(port)}",
    ]


def _mctp(text: Text, raw: bytes) -> list[str]:
    pad, network, host, kind, tag, rest = struct.unpack_from("<HIBBBB", raw)
    sets = tables.sets()
    shown = text.named(sets["mctp_address"], host) if host in sets["mctp_address"].by_value() else _hex(host)
    return [
        *([f"__smctp_pad0={pad:#x}"] if pad else []),
        f"smctp_network={'MCTP_NET_ANY' if not network else _hex(network)}",
        f"smctp_addr={{s_addr={shown}}}",
        f"smctp_type={_hex(kind)}",
        f"smctp_tag={_hex(tag)}",
        *([f"__smctp_pad1={rest:#x}"] if rest else []),
    ]


def _ax25(_text: Text, raw: bytes) -> list[str]:
    """A station, and those that repeat what it sends."""
    (count,) = struct.unpack_from("<i", raw, _CALL + 3)
    fields = [f"sax25_call={_callsign(raw[:_CALL])}", f"sax25_ndigis={count}"]
    behind = raw[_AX25 - 2 :]
    if not behind and not count:
        return fields
    most = min(max(count, 0), _DIGIPEATERS)
    there = [
        behind[at : at + _CALL]
        for at in range(0, min(len(behind) - len(behind) % _CALL, most * _CALL), _CALL)
    ]
    shown = [*map(_callsign, there), *(["..."] if len(there) < most else [])]
    whole = [f"fsa_ax25={{{', '.join(fields)}}}"]
    return whole + ([f"fsa_digipeater=[{', '.join(shown)}]"] if shown else [])


def _callsign(raw: bytes) -> str:
    """A station's name, whose letters are shifted, with its number; as bytes unless it is one as it should be."""
    letters = bytes(byte >> 1 for byte in raw[: _CALL - 1])
    name = letters.rstrip(b" ")
    in_bytes = f"{{ax25_call={quoted(raw, InHex.ALL)}}}"
    if not all(letter in _LETTERS for letter in name):
        return in_bytes
    number = raw[-1] >> 1 & 0xF
    if not name and not raw[-1]:
        return "*"
    shown = f"{name.decode()}-{number}"
    is_sound = name and not any(byte & 1 for byte in raw[:-1]) and not raw[-1] & 0xE1
    return shown if is_sound else f"{in_bytes} /* {shown} */"


def _hex(number: int) -> str:
    return f"{number:#x}" if number else "0"


def _from(least: int) -> range:
    """So many bytes at least."""
    return range(least, _SOCKADDR_MAX + 1)


_BLUETOOTH_SIZES: Final = frozenset({4, 6, 8, 10, 12, 14})
_WRITERS: Final[Mapping[int, _Writer]] = {
    1: _Writer(_from(2), _unix),
    2: _Writer(_from(16), _in),
    3: _Writer(_from(16), _ax25),
    4: _Writer(_from(16), _ipx),
    9: _Writer(_from(18), _x25),
    10: _Writer(_from(24), _in6),
    16: _Writer(_from(12), _netlink),
    17: _Writer(_from(20), _packet),
    31: _Writer(_BLUETOOTH_SIZES, _bluetooth),
    33: _Writer(_from(36), _rxrpc),
    38: _Writer(_from(25), _alg),
    40: _Writer(_from(16), _vsock),
    42: _Writer(_from(12), _qrtr),
    44: _Writer(_from(16), _xdp),
    45: _Writer(_from(12), _mctp),
}
"""By family (linux/socket.h)."""
