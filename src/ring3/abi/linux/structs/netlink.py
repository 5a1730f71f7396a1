"""Netlink messages and those of rtnetlink and sock_diag."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

NLMSGHDR: Final = Struct(
    "nlmsghdr",
    """
    u32 nlmsg_len: size
    u16 nlmsg_type: enum netlink_type
    u16 nlmsg_flags: flags netlink_flags
    u32 nlmsg_seq
    u32 nlmsg_pid: pid
    """,
    c="struct nlmsghdr",
    header="linux/netlink.h",
)

NLMSGERR: Final = Struct(
    "nlmsgerr",
    """
    int error: errno
    struct nlmsghdr msg
    """,
    NLMSGHDR,
    c="struct nlmsgerr",
    header="linux/netlink.h",
)

NLATTR: Final = Struct(
    "nlattr",
    """
    u16 nla_len: size
    u16 nla_type
    """,
    c="struct nlattr",
    header="linux/netlink.h",
)

RTGENMSG: Final = Struct(
    "rtgenmsg",
    """
    u8 rtgen_family: enum family
    """,
    c="struct rtgenmsg",
    header="linux/rtnetlink.h",
)

IFINFOMSG: Final = Struct(
    "ifinfomsg",
    """
    u8 ifi_family: enum family
    u8 __ifi_pad: unused
    u16 ifi_type: enum arp_hardware
    int ifi_index: interface
    unsigned int ifi_flags: flags interface
    unsigned int ifi_change: flags interface
    """,
    c="struct ifinfomsg",
    header="linux/rtnetlink.h",
)

IFADDRMSG: Final = Struct(
    "ifaddrmsg",
    """
    u8 ifa_family: enum family
    u8 ifa_prefixlen
    u8 ifa_flags: flags interface_address
    u8 ifa_scope: enum route_scope
    u32 ifa_index: interface
    """,
    c="struct ifaddrmsg",
    header="linux/if_addr.h",
)

RTMSG: Final = Struct(
    "rtmsg",
    """
    u8 rtm_family: enum family
    u8 rtm_dst_len
    u8 rtm_src_len
    u8 rtm_tos
    u8 rtm_table: enum route_table
    u8 rtm_protocol: enum route_protocol
    u8 rtm_scope: enum route_scope
    u8 rtm_type: enum route_kind
    unsigned int rtm_flags: flags route
    """,
    c="struct rtmsg",
    header="linux/rtnetlink.h",
)

NDMSG: Final = Struct(
    "ndmsg",
    """
    u8 ndm_family: enum family
    u8 ndm_pad1: unused
    u16 ndm_pad2: unused
    s32 ndm_ifindex: interface
    u16 ndm_state: flags neighbour_state
    u8 ndm_flags: flags neighbour
    u8 ndm_type: enum route_kind
    """,
    c="struct ndmsg",
    header="linux/neighbour.h",
)

INET_DIAG_SOCKID: Final = Struct(
    "inet_diag_sockid",
    """
    be16 idiag_sport: port
    be16 idiag_dport: port
    u8 idiag_src[16]: ipv6
    u8 idiag_dst[16]: ipv6
    u32 idiag_if: interface
    u32 idiag_cookie[2]: hex
    """,
    c="struct inet_diag_sockid",
    header="linux/inet_diag.h",
)

INET_DIAG_REQ_V2: Final = Struct(
    "inet_diag_req_v2",
    """
    u8 sdiag_family: enum family
    u8 sdiag_protocol: enum ip_protocol
    u8 idiag_ext: hex
    u8 pad: unused
    u32 idiag_states: hex
    struct inet_diag_sockid id
    """,
    INET_DIAG_SOCKID,
    c="struct inet_diag_req_v2",
    header="linux/inet_diag.h",
)

UNIX_DIAG_REQ: Final = Struct(
    "unix_diag_req",
    """
    u8 sdiag_family: enum family
    u8 sdiag_protocol
    u16 pad: unused
    u32 udiag_states: hex
    u32 udiag_ino
    u32 udiag_show: hex
    u32 udiag_cookie[2]: hex
    """,
    c="struct unix_diag_req",
    header="linux/unix_diag.h",
)

INET_DIAG_MSG: Final = Struct(
    "inet_diag_msg",
    """
    u8 idiag_family: enum family
    u8 idiag_state
    u8 idiag_timer
    u8 idiag_retrans
    struct inet_diag_sockid id
    u32 idiag_expires
    u32 idiag_rqueue
    u32 idiag_wqueue
    u32 idiag_uid: uid
    u32 idiag_inode
    """,
    INET_DIAG_SOCKID,
    c="struct inet_diag_msg",
    header="linux/inet_diag.h",
)

UNIX_DIAG_MSG: Final = Struct(
    "unix_diag_msg",
    """
    u8 udiag_family: enum family
    u8 udiag_type
    u8 udiag_state
    u8 pad: unused
    u32 udiag_ino
    u32 udiag_cookie[2]: hex
    """,
    c="struct unix_diag_msg",
    header="linux/unix_diag.h",
)

NETLINK_DIAG_REQ: Final = Struct(
    "netlink_diag_req",
    """
    u8 sdiag_family: enum family
    u8 sdiag_protocol
    u16 pad: unused
    u32 ndiag_ino
    u32 ndiag_show: hex
    u32 ndiag_cookie[2]: hex
    """,
    c="struct netlink_diag_req",
    header="linux/netlink_diag.h",
)

NETLINK_DIAG_MSG: Final = Struct(
    "netlink_diag_msg",
    """
    u8 ndiag_family: enum family
    u8 ndiag_type
    u8 ndiag_protocol
    u8 ndiag_state
    u32 ndiag_portid: pid
    u32 ndiag_dst_portid: pid
    u32 ndiag_dst_group
    u32 ndiag_ino
    u32 ndiag_cookie[2]: hex
    """,
    c="struct netlink_diag_msg",
    header="linux/netlink_diag.h",
)

GENLMSGHDR: Final = Struct(
    "genlmsghdr",
    """
    u8 cmd
    u8 version
    u16 reserved: unused
    """,
    c="struct genlmsghdr",
    header="linux/genetlink.h",
)
