"""What calls tell of a file and of a file system: the stats."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

STAT: Final = Struct(
    "stat",
    """
    unsigned long st_dev: device
    unsigned long st_ino
    unsigned long st_nlink: count
    unsigned int st_mode: mode
    unsigned int st_uid: uid
    unsigned int st_gid: gid
    unsigned int __pad0: unused
    unsigned long st_rdev: device
    long st_size: size
    long st_blksize: size
    long st_blocks: count
    long st_atime: seconds
    long st_atime_nsec
    long st_mtime: seconds
    long st_mtime_nsec
    long st_ctime: seconds
    long st_ctime_nsec
    long __unused[3]: unused
    """,
    widths=(64,),
    c="struct stat",
    header="asm/stat.h",
)

STAT32: Final = Struct(
    "stat32",
    """
    u32 st_dev: device
    u32 st_ino
    u16 st_mode: mode
    u16 st_nlink: count
    u16 st_uid: uid
    u16 st_gid: gid
    u32 st_rdev: device
    u32 st_size: size
    u32 st_blksize: size
    u32 st_blocks: count
    u32 st_atime: seconds
    u32 st_atime_nsec
    u32 st_mtime: seconds
    u32 st_mtime_nsec
    u32 st_ctime: seconds
    u32 st_ctime_nsec
    u32 __unused4: unused
    u32 __unused5: unused
    """,
    widths=(32,),
    c="struct stat",
    header="asm/stat.h",
)
"""``struct compat_stat``."""

STAT64: Final = Struct(
    "stat64",
    """
    u64 st_dev: device
    u8 __pad0[4]: unused
    u32 __st_ino
    u32 st_mode: mode
    u32 st_nlink: count
    u32 st_uid: uid
    u32 st_gid: gid
    u64 st_rdev: device
    u8 __pad3[4]: unused
    s64 st_size: size
    u32 st_blksize: size
    u64 st_blocks: count
    u32 st_atime: seconds
    u32 st_atime_nsec
    u32 st_mtime: seconds
    u32 st_mtime_nsec
    u32 st_ctime: seconds
    u32 st_ctime_nsec
    u64 st_ino
    """,
    widths=(32,),
    c="struct stat64",
    header="asm/stat.h",
)

OLD_STAT: Final = Struct(
    "old_stat",
    """
    u16 st_dev: device
    u16 st_ino
    u16 st_mode: mode
    u16 st_nlink: count
    u16 st_uid: uid
    u16 st_gid: gid
    u16 st_rdev: device
    u32 st_size: size
    u32 st_atime: seconds
    u32 st_mtime: seconds
    u32 st_ctime: seconds
    """,
    widths=(32,),
)
"""``struct __old_kernel_stat`` of 32-bit programs."""

STATX_TIMESTAMP: Final = Struct(
    "statx_timestamp",
    """
    s64 tv_sec: seconds
    u32 tv_nsec
    s32 __reserved: unused
    """,
    c="struct statx_timestamp",
    header="linux/stat.h",
)

STATX: Final = Struct(
    "statx",
    """
    u32 stx_mask: flags statx
    u32 stx_blksize: size
    u64 stx_attributes: flags statx_attributes
    u32 stx_nlink: count
    u32 stx_uid: uid
    u32 stx_gid: gid
    u16 stx_mode: mode
    u16 __spare0: unused
    u64 stx_ino
    u64 stx_size: size
    u64 stx_blocks: count
    u64 stx_attributes_mask: flags statx_attributes
    struct statx_timestamp stx_atime
    struct statx_timestamp stx_btime
    struct statx_timestamp stx_ctime
    struct statx_timestamp stx_mtime
    u32 stx_rdev_major
    u32 stx_rdev_minor
    u32 stx_dev_major
    u32 stx_dev_minor
    u64 stx_mnt_id
    u32 stx_dio_mem_align: size
    u32 stx_dio_offset_align: size
    u64 stx_subvol
    u32 stx_atomic_write_unit_min: size
    u32 stx_atomic_write_unit_max: size
    u32 stx_atomic_write_segments_max: count
    u32 stx_dio_read_offset_align: size
    u32 stx_atomic_write_unit_max_opt: size
    u32 __spare2: unused
    u64 __spare3[8]: unused
    """,
    STATX_TIMESTAMP,
    c="struct statx",
    header="linux/stat.h",
)

_STATFS: Final = """
    long f_type: enum file_system_magic
    long f_bsize: size
    {blocks} f_blocks: count
    {blocks} f_bfree: count
    {blocks} f_bavail: count
    {blocks} f_files: count
    {blocks} f_ffree: count
    int f_fsid[2]: hex
    long f_namelen: size
    long f_frsize: size
    long f_flags: flags statfs_flags
    long f_spare[4]: unused
    """

STATFS: Final = Struct(
    "statfs", _STATFS.format(blocks="unsigned long"), c="struct statfs", header="asm/statfs.h"
)

STATFS64: Final = Struct(
    "statfs64",
    _STATFS.replace("long", "u32").format(blocks="u64"),
    packed=True,
    widths=(32,),
    c="struct compat_statfs64",
    header="asm/statfs.h",
)
"""``struct compat_statfs64``."""

USTAT: Final = Struct(
    "ustat",
    """
    int f_tfree: count
    unsigned long f_tinode: count
    char f_fname[6]: string
    char f_fpack[6]: string
    """,
)
