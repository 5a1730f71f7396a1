"""Seccomp, Landlock and security modules."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

SECCOMP_DATA: Final = Struct(
    "seccomp_data",
    """
    int nr
    u32 arch: enum audit_arch
    u64 instruction_pointer: address
    u64 args[6]: hex
    """,
    c="struct seccomp_data",
    header="linux/seccomp.h",
)

SECCOMP_NOTIF_SIZES: Final = Struct(
    "seccomp_notif_sizes",
    """
    u16 seccomp_notif: size
    u16 seccomp_notif_resp: size
    u16 seccomp_data: size
    """,
    c="struct seccomp_notif_sizes",
    header="linux/seccomp.h",
)

SECCOMP_NOTIF: Final = Struct(
    "seccomp_notif",
    """
    u64 id: hex
    u32 pid: pid
    u32 flags: hex
    struct seccomp_data data
    """,
    SECCOMP_DATA,
    c="struct seccomp_notif",
    header="linux/seccomp.h",
)

SECCOMP_NOTIF_RESP: Final = Struct(
    "seccomp_notif_resp",
    """
    u64 id: hex
    s64 val
    s32 error: errno
    u32 flags: flags seccomp_response
    """,
    c="struct seccomp_notif_resp",
    header="linux/seccomp.h",
)

SECCOMP_NOTIF_ADDFD: Final = Struct(
    "seccomp_notif_addfd",
    """
    u64 id: hex
    u32 flags: flags seccomp_addfd
    u32 srcfd: fd
    u32 newfd: fd
    u32 newfd_flags: flags open
    """,
    c="struct seccomp_notif_addfd",
    header="linux/seccomp.h",
)

LANDLOCK_RULESET: Final = Struct(
    "landlock_ruleset_attr",
    """
    u64 handled_access_fs: flags landlock_fs
    u64 handled_access_net: flags landlock_net
    u64 scoped: flags landlock_scope
    """,
)

LANDLOCK_PATH_BENEATH: Final = Struct(
    "landlock_path_beneath_attr",
    """
    u64 allowed_access: flags landlock_fs
    s32 parent_fd: fd
    """,
    packed=True,
    c="struct landlock_path_beneath_attr",
    header="linux/landlock.h",
)

LANDLOCK_NET_PORT: Final = Struct(
    "landlock_net_port_attr",
    """
    u64 allowed_access: flags landlock_net
    u64 port
    """,
    c="struct landlock_net_port_attr",
    header="linux/landlock.h",
)

LSM_CTX: Final = Struct(
    "lsm_ctx",
    """
    u64 id: enum lsm_id
    u64 flags: flags lsm_get
    u64 len: size
    u64 ctx_len: size
    u8 ctx[]: bytes[ctx_len]
    """,
)
