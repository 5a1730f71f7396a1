"""Addresses of sockets, by family."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

SOCKADDR: Final = Struct(
    "sockaddr",
    """
    u16 sa_family: enum family
    char sa_data[14]: bytes[14]
    """,
)
"""The head of every address; `rows.ADDRESSES` has the others by family."""

SOCKADDR_UN: Final = Struct(
    "sockaddr_un",
    """
    u16 sun_family: enum family
    char sun_path[108]: path
    """,
    c="struct sockaddr_un",
    header="linux/un.h",
)

SOCKADDR_IN: Final = Struct(
    "sockaddr_in",
    """
    u16 sin_family: enum family
    be16 sin_port: port
    be32 sin_addr: ipv4
    u8 __pad[8]: unused
    """,
    c="struct sockaddr_in",
    header="linux/in.h",
)

SOCKADDR_IN6: Final = Struct(
    "sockaddr_in6",
    """
    u16 sin6_family: enum family
    be16 sin6_port: port
    be32 sin6_flowinfo: hex
    u8 sin6_addr[16]: ipv6
    u32 sin6_scope_id: interface
    """,
    c="struct sockaddr_in6",
    header="linux/in6.h",
)

SOCKADDR_NL: Final = Struct(
    "sockaddr_nl",
    """
    u16 nl_family: enum family
    u16 nl_pad: unused
    u32 nl_pid: pid
    u32 nl_groups: hex
    """,
    c="struct sockaddr_nl",
    header="linux/netlink.h",
)

SOCKADDR_LL: Final = Struct(
    "sockaddr_ll",
    """
    u16 sll_family: enum family
    be16 sll_protocol: enum ethernet_protocol
    int sll_ifindex: interface
    u16 sll_hatype: enum arp_hardware
    u8 sll_pkttype: enum packet_type
    u8 sll_halen: size
    u8 sll_addr[8]: bytes[sll_halen]
    """,
    c="struct sockaddr_ll",
    header="linux/if_packet.h",
)

SOCKADDR_VM: Final = Struct(
    "sockaddr_vm",
    """
    u16 svm_family: enum family
    u16 svm_reserved1: unused
    u32 svm_port
    u32 svm_cid: enum vsock_cid
    u8 svm_flags: hex
    u8 svm_zero[3]: unused
    """,
)

SOCKADDR_ALG: Final = Struct(
    "sockaddr_alg",
    """
    u16 salg_family: enum family
    u8 salg_type[14]: string
    u32 salg_feat: hex
    u32 salg_mask: hex
    u8 salg_name[64]: string
    """,
    c="struct sockaddr_alg",
    header="linux/if_alg.h",
)

SOCKADDR_CAN: Final = Struct(
    "sockaddr_can",
    """
    u16 can_family: enum family
    int can_ifindex: interface
    u32 rx_id
    u32 tx_id
    size 24
    """,
)

SOCKADDR_XDP: Final = Struct(
    "sockaddr_xdp",
    """
    u16 sxdp_family: enum family
    u16 sxdp_flags: hex
    u32 sxdp_ifindex: interface
    u32 sxdp_queue_id
    u32 sxdp_shared_umem_fd: fd
    """,
    c="struct sockaddr_xdp",
    header="linux/if_xdp.h",
)

SOCKADDR_HCI: Final = Struct(
    "sockaddr_hci",
    """
    u16 hci_family: enum family
    u16 hci_dev
    u16 hci_channel
    """,
)

SOCKADDR_IPX: Final = Struct(
    "sockaddr_ipx",
    """
    u16 sipx_family: enum family
    be16 sipx_port: port
    be32 sipx_network: hex
    u8 sipx_node[6]: bytes[6]
    u8 sipx_type
    u8 sipx_zero: unused
    """,
)

SOCKADDR_AX25: Final = Struct(
    "sockaddr_ax25",
    """
    u16 sax25_family: enum family
    char sax25_call[7]: bytes[7]
    int sax25_ndigis: count
    """,
)

SOCKADDR_X25: Final = Struct(
    "sockaddr_x25",
    """
    u16 sx25_family: enum family
    char sx25_addr[16]: string
    """,
)
