"""What D says of packets and connections (ip.d, tcp.d and udp.d of illumos), by the names that scripts use.

Sources: the Dynamic Tracing Guide's chapters on the ip, tcp and udp providers.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

PKTINFO: Final = Struct("pktinfo", "unsigned long pkt_addr")
CSINFO: Final = Struct("csinfo", "unsigned long cs_addr\nu64 cs_cid\nint cs_pid\nint cs_zoneid")
IPINFO: Final = Struct("ipinfo", "u8 ip_ver\nu32 ip_plength\nchar ip_saddr[256]\nchar ip_daddr[256]")
IFINFO: Final = Struct("ifinfo", "char if_name[256]\ns8 if_local\nint if_ipstack\nunsigned long if_addr")
IPV4INFO: Final = Struct(
    "ipv4info",
    """
    u8 ipv4_ver
    u8 ipv4_ihl
    u8 ipv4_tos
    u16 ipv4_length
    u16 ipv4_ident
    u8 ipv4_flags
    u16 ipv4_offset
    u8 ipv4_ttl
    u8 ipv4_protocol
    char ipv4_protostr[256]
    u16 ipv4_checksum
    u32 ipv4_src
    u32 ipv4_dst
    char ipv4_saddr[256]
    char ipv4_daddr[256]
    """,
)
IPV6INFO: Final = Struct(
    "ipv6info",
    """
    u8 ipv6_ver
    u8 ipv6_tclass
    u32 ipv6_flow
    u16 ipv6_plen
    u8 ipv6_nexthdr
    char ipv6_nextstr[256]
    u8 ipv6_hlim
    char ipv6_saddr[256]
    char ipv6_daddr[256]
    """,
)
TCPSINFO: Final = Struct(
    "tcpsinfo",
    """
    unsigned long tcps_addr
    int tcps_local
    int tcps_active
    u16 tcps_lport
    u16 tcps_rport
    char tcps_laddr[256]
    char tcps_raddr[256]
    s32 tcps_state
    """,
)
TCPINFO: Final = Struct(
    "tcpinfo",
    """
    u16 tcp_sport
    u16 tcp_dport
    u32 tcp_seq
    u32 tcp_ack
    u8 tcp_offset
    u8 tcp_flags
    u16 tcp_window
    u16 tcp_checksum
    u16 tcp_urgent
    """,
)
UDPSINFO: Final = Struct(
    "udpsinfo",
    """
    unsigned long udps_addr
    u16 udps_lport
    u16 udps_rport
    char udps_laddr[256]
    char udps_raddr[256]
    """,
)
UDPINFO: Final = Struct("udpinfo", "u16 udp_sport\nu16 udp_dport\nu16 udp_length\nu16 udp_checksum")
TYPES: Final = {
    name: row
    for row in (
        PKTINFO, CSINFO, IPINFO, IFINFO, IPV4INFO, IPV6INFO, TCPSINFO, TCPINFO, UDPSINFO, UDPINFO,
    )
    for name in (f"{row.name}_t", f"struct {row.name}")
}  # fmt: skip
"""The rows by the names of their types in D."""
