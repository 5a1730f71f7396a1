"""Requests about interfaces (netdevice(7))."""

from __future__ import annotations

from typing import Final

from ring3.abi.linux.structs.socket_addresses import SOCKADDR
from ring3.abi.structs import Struct

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
