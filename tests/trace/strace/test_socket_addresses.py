"""Addresses of sockets as text; what is expected is what strace 6.1 wrote of the same bytes."""

from __future__ import annotations

import struct

import pytest

from ring3.trace.strace.socket_addresses import address_of
from tests.trace.strace.test_netlink import text

_LINUX = bytes(byte << 1 for byte in b"LINUX ")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\1\0", "{sa_family=AF_UNIX}"),
        (b"\1\0\0ab", '{sa_family=AF_UNIX, sun_path=@"ab"}'),
        (b"\2\0\x1f\x91\x7f\0\0\1", r'{sa_family=AF_INET, sa_data="\37\221\177\0\0\1"}'),
        (
            struct.pack("<H", 10) + struct.pack(">HI", 8081, 5) + b"\xfe\x80" + bytes(14) + b"\1\0\0\0",
            (
                "{sa_family=AF_INET6, sin6_port=htons(8081), sin6_flowinfo=htonl(5), "
                'inet_pton(AF_INET6, "fe80::", &sin6_addr), sin6_scope_id=if_nametoindex("lo")}'
            ),
        ),
        (
            struct.pack("<H", 10) + struct.pack(">HI", 8081, 5) + b"\xfe\x80" + bytes(14),
            (
                "{sa_family=AF_INET6, sin6_port=htons(8081), sin6_flowinfo=htonl(5), "
                'inet_pton(AF_INET6, "fe80::", &sin6_addr)}'
            ),
        ),
        (
            b"\3\0" + _LINUX + b"\6" + bytes(7),
            "{sa_family=AF_AX25, sax25_call=LINUX-3, sax25_ndigis=0}",
        ),
        (
            b"\x11\0\x34\x12\x4d\0\0\0\4\3\4\x09" + bytes(range(1, 7)) + bytes(2),
            (
                "{sa_family=AF_PACKET, sll_protocol=htons(0x3412 /* ETH_P_??? */), sll_ifindex=77, "
                "sll_hatype=ARPHRD_LOOPBACK, sll_pkttype=PACKET_OUTGOING, sll_halen=9, "
                "sll_addr=[0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 00, 00, ...]}"
            ),
        ),
        (
            b"\x1f\0\1\0\1\2\3\4\5\6\4\0",
            (
                "{sa_family=AF_BLUETOOTH, l2_psm=htobs(L2CAP_PSM_SDP), l2_bdaddr=01:02:03:04:05:06, "
                "l2_cid=htobs(L2CAP_CID_ATT)}"
            ),
        ),
        (b"\x1f\0\1\2\3\4\5", r'{sa_family=AF_BLUETOOTH, sa_data="\1\2\3\4\5"}'),
    ],
    ids=["unix", "abstract", "short", "in6", "in6-old", "ax25", "packet", "bluetooth", "no-bluetooth"],
)
def test_addresses(raw: bytes, shown: str) -> None:
    assert address_of(text(b""), raw) == shown


@pytest.mark.parametrize("family", range(50))
def test_no_length_is_too_short(family: int) -> None:
    for size in range(130):
        assert address_of(text(b""), struct.pack("<H", family) + bytes(size)).startswith("{sa_family=")
