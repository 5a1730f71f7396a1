"""Sockets: messages, options, filters."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

MSGHDR: Final = Struct(
    "msghdr",
    """
    void *msg_name: in struct sockaddr[msg_namelen]
    int msg_namelen: size
    void *msg_iov: in struct iovec[msg_iovlen]
    size_t msg_iovlen: count
    void *msg_control: in struct cmsghdr[msg_controllen]
    size_t msg_controllen: size
    unsigned int msg_flags: flags msg
    """,
)

MMSGHDR: Final = Struct(
    "mmsghdr",
    """
    struct msghdr msg_hdr
    unsigned int msg_len: size
    """,
    MSGHDR,
)

CMSGHDR: Final = Struct(
    "cmsghdr",
    """
    size_t cmsg_len: size
    int cmsg_level: enum socket_level
    int cmsg_type: enum cmsg_socket
    """,
)
"""The data follows, aligned to a long."""

UCRED: Final = Struct(
    "ucred",
    """
    u32 pid: pid
    u32 uid: uid
    u32 gid: gid
    """,
)

LINGER: Final = Struct(
    "linger",
    """
    int l_onoff
    int l_linger: seconds
    """,
)

IP_MREQ: Final = Struct(
    "ip_mreq",
    """
    be32 imr_multiaddr: ipv4
    be32 imr_interface: ipv4
    """,
    c="struct ip_mreq",
    header="linux/in.h",
)

IP_MREQN: Final = Struct(
    "ip_mreqn",
    """
    be32 imr_multiaddr: ipv4
    be32 imr_address: ipv4
    int imr_ifindex: interface
    """,
    c="struct ip_mreqn",
    header="linux/in.h",
)

IP_MREQ_SOURCE: Final = Struct(
    "ip_mreq_source",
    """
    be32 imr_multiaddr: ipv4
    be32 imr_interface: ipv4
    be32 imr_sourceaddr: ipv4
    """,
    c="struct ip_mreq_source",
    header="linux/in.h",
)

IPV6_MREQ: Final = Struct(
    "ipv6_mreq",
    """
    u8 ipv6mr_multiaddr[16]: ipv6
    int ipv6mr_ifindex: interface
    """,
    c="struct ipv6_mreq",
    header="linux/in6.h",
)

IN_PKTINFO: Final = Struct(
    "in_pktinfo",
    """
    int ipi_ifindex: interface
    be32 ipi_spec_dst: ipv4
    be32 ipi_addr: ipv4
    """,
    c="struct in_pktinfo",
    header="linux/in.h",
)

IN6_PKTINFO: Final = Struct(
    "in6_pktinfo",
    """
    u8 ipi6_addr[16]: ipv6
    int ipi6_ifindex: interface
    """,
    c="struct in6_pktinfo",
    header="linux/ipv6.h",
)

SOCK_EXTENDED_ERR: Final = Struct(
    "sock_extended_err",
    """
    u32 ee_errno: errno
    u8 ee_origin: enum error_origin
    u8 ee_type
    u8 ee_code
    u8 ee_pad: unused
    u32 ee_info
    u32 ee_data
    """,
    c="struct sock_extended_err",
    header="linux/errqueue.h",
)

TCP_INFO: Final = Struct(
    "tcp_info",
    """
    u8 tcpi_state: enum tcp_state
    u8 tcpi_ca_state
    u8 tcpi_retransmits
    u8 tcpi_probes
    u8 tcpi_backoff
    u8 tcpi_options: hex
    u8 tcpi_wscale: hex
    u8 tcpi_flags: hex
    u32 tcpi_rto
    u32 tcpi_ato
    u32 tcpi_snd_mss
    u32 tcpi_rcv_mss
    u32 tcpi_unacked
    u32 tcpi_sacked
    u32 tcpi_lost
    u32 tcpi_retrans
    u32 tcpi_fackets
    u32 tcpi_last_data_sent
    u32 tcpi_last_ack_sent
    u32 tcpi_last_data_recv
    u32 tcpi_last_ack_recv
    u32 tcpi_pmtu
    u32 tcpi_rcv_ssthresh
    u32 tcpi_rtt
    u32 tcpi_rttvar
    u32 tcpi_snd_ssthresh
    u32 tcpi_snd_cwnd
    u32 tcpi_advmss
    u32 tcpi_reordering
    u32 tcpi_rcv_rtt
    u32 tcpi_rcv_space
    u32 tcpi_total_retrans
    """,
)

SOCK_FILTER: Final = Struct(
    "sock_filter",
    """
    u16 code: hex
    u8 jt
    u8 jf
    u32 k: hex
    """,
    c="struct sock_filter",
    header="linux/filter.h",
)

SOCK_FPROG: Final = Struct(
    "sock_fprog",
    """
    u16 len: count
    void *filter: in struct sock_filter[len]
    """,
    c="struct sock_fprog",
    header="linux/filter.h",
)

TPACKET_REQ: Final = Struct(
    "tpacket_req",
    """
    unsigned int tp_block_size: size
    unsigned int tp_block_nr: count
    unsigned int tp_frame_size: size
    unsigned int tp_frame_nr: count
    """,
    c="struct tpacket_req",
    header="linux/if_packet.h",
)

TPACKET_STATS: Final = Struct(
    "tpacket_stats",
    """
    unsigned int tp_packets: count
    unsigned int tp_drops: count
    """,
    c="struct tpacket_stats",
    header="linux/if_packet.h",
)

PACKET_MREQ: Final = Struct(
    "packet_mreq",
    """
    int mr_ifindex: interface
    u16 mr_type
    u16 mr_alen: size
    unsigned char mr_address[8]: bytes[mr_alen]
    """,
    c="struct packet_mreq",
    header="linux/if_packet.h",
)

SOCKETCALL_ARGS: Final = Struct(
    "socketcall_args",
    """
    unsigned long args[6]: hex
    """,
    widths=(32,),
)

RECVMSG_SOCKADDR_STORAGE: Final = Struct(
    "sockaddr_storage",
    """
    u16 ss_family: enum family
    char __data[126]: bytes[126]
    """,
)
