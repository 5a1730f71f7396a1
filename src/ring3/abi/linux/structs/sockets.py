"""Sockets: addresses by family, messages, options, interfaces."""

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

IFREQ: Final = Struct(
    "ifreq",
    """
    char ifr_name[16]: string
    align long
    char ifr_data[16]: bytes[16]
    """,
)
"""What follows the name is by the command."""

IFREQ_FLAGS: Final = Struct(
    "ifreq_flags",
    """
    char ifr_name[16]: string
    align long
    short ifr_flags: flags interface
    """,
)

IFREQ_INDEX: Final = Struct(
    "ifreq_index",
    """
    char ifr_name[16]: string
    align long
    int ifr_ifindex
    """,
)

IFREQ_NUMBER: Final = Struct(
    "ifreq_number",
    """
    char ifr_name[16]: string
    align long
    int ifr_value
    """,
)

IFREQ_ADDRESS: Final = Struct(
    "ifreq_address",
    """
    char ifr_name[16]: string
    align long
    struct sockaddr ifr_addr
    """,
    SOCKADDR,
)

IFCONF: Final = Struct(
    "ifconf",
    """
    int ifc_len: size
    void *ifc_buf: out struct ifreq_address[ifc_len]
    """,
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
