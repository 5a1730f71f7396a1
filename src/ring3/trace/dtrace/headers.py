"""Types of the systems' headers that no struct row of `abi` describes, as declarations in D.

A program gets those it names. Sources: linux/in6.h, linux/ip.h, linux/ipv6.h, linux/tcp.h, linux/udp.h;
netinet/in.h, sys/cyclic.h, sys/ddi_impldefs.h and sys/sunddi.h of illumos.
"""

from __future__ import annotations

import re
from typing import Final

_LINUX: Final = {
    "in6_addr": """
        struct in6_addr { union { uint8_t u6_addr8[16]; uint16_t u6_addr16[8]; uint32_t u6_addr32[4]; } in6_u; };
        typedef struct in6_addr in6_addr_t;
    """,
}
_SOLARIS: Final = {
    "in6_addr": """
        struct in6_addr { union { uint8_t _S6_u8[16]; uint16_t _S6_u16[8]; uint32_t _S6_u32[4]; } _S6_un; };
        typedef struct in6_addr in6_addr_t;
    """,
}
_BOTH: Final = {
    "iphdr": """
        struct iphdr {
            uint8_t ihl:4; uint8_t version:4; uint8_t tos; uint16_t tot_len; uint16_t id; uint16_t frag_off;
            uint8_t ttl; uint8_t protocol; uint16_t check; uint32_t saddr; uint32_t daddr;
        };
    """,
    "udphdr": "struct udphdr { uint16_t source; uint16_t dest; uint16_t len; uint16_t check; };",
    "cyc_func_t": "typedef void (*cyc_func_t)(void *);",
    "dev_info": """
        struct ddi_minor {
            char *name; dev_t dev; int spec_type; uint_t instance; char *node_type; uint_t class_;
        };
        struct ddi_minor_data {
            struct ddi_minor d_minor; struct dev_info *dip; int type; struct ddi_minor_data *next;
        };
        struct dev_info {
            struct dev_info *devi_parent; struct dev_info *devi_child; struct dev_info *devi_sibling;
            char *devi_binding_name; char *devi_addr; int devi_nodeid; int devi_instance;
            struct ddi_minor_data *devi_minor;
        };
        typedef struct dev_info dev_info_t;
    """,
}
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def mentioned(program: str, system: str) -> list[str]:
    """The declarations of the types that a program names.

    Args:
        program: Its text.
        system: `linux` or `solaris`.
    """
    known = {**_BOTH, **(_SOLARIS if system == "solaris" else _LINUX)}
    words = set(_WORD.findall(program))
    return [text for name, text in known.items() if name in words or f"{name}_t" in words]
