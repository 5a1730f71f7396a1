"""Mounts."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

MOUNT_ATTR: Final = Struct(
    "mount_attr",
    """
    u64 attr_set: flags mount_attributes
    u64 attr_clr: flags mount_attributes
    u64 propagation: flags mount
    u64 userns_fd: fd
    """,
    c="struct mount_attr",
    header="linux/mount.h",
)

MNT_ID_REQ: Final = Struct(
    "mnt_id_req",
    """
    u32 size: size
    u32 mnt_ns_fd: fd
    u64 mnt_id: hex
    u64 param: hex
    u64 mnt_ns_id: hex
    """,
    c="struct mnt_id_req",
    header="linux/mount.h",
)

STATMOUNT: Final = Struct(
    "statmount",
    """
    u32 size: size
    u32 mnt_opts
    u64 mask: flags statmount
    u32 sb_dev_major
    u32 sb_dev_minor
    u64 sb_magic: enum file_system_magic
    u32 sb_flags: flags mount
    u32 fs_type
    u64 mnt_id: hex
    u64 mnt_parent_id: hex
    u32 mnt_id_old
    u32 mnt_parent_id_old
    u64 mnt_attr: flags mount_attributes
    u64 mnt_propagation: flags mount
    u64 mnt_peer_group: hex
    u64 mnt_master: hex
    u64 propagate_from: hex
    u32 mnt_root
    u32 mnt_point
    u64 mnt_ns_id: hex
    u32 fs_subtype
    u32 sb_source
    u32 opt_num: count
    u32 opt_array
    u32 opt_sec_num: count
    u32 opt_sec_array
    u64 supported_mask: flags statmount
    u32 mnt_uidmap_num: count
    u32 mnt_uidmap
    u32 mnt_gidmap_num: count
    u32 mnt_gidmap
    u64 __spare2[43]: unused
    """,
    c="struct statmount",
    header="linux/mount.h",
)

NS_ID_REQ: Final = Struct(
    "ns_id_req",
    """
    u32 size: size
    u32 spare: unused
    u64 ns_id: hex
    u32 ns_type: flags setns
    u32 spare2: unused
    u64 user_ns_id: hex
    """,
    c="struct ns_id_req",
    header="linux/nsfs.h",
)
