"""Files: what getdents, locks, vectors, attributes and events pass."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

IOVEC: Final = Struct(
    "iovec",
    """
    void *iov_base: in bytes[iov_len]
    size_t iov_len: size
    """,
    c="struct iovec",
    header="linux/uio.h",
)

IOVEC_ADDRESS: Final = Struct(
    "iovec_address",
    """
    void *iov_base: address
    size_t iov_len: size
    """,
)
"""The same, of the memory of another process."""

FLOCK: Final = Struct(
    "flock",
    """
    short l_type: enum file_lock
    short l_whence: enum whence
    off_t l_start: offset
    off_t l_len: size
    pid_t l_pid: pid
    """,
    c="struct flock",
    header="asm-generic/fcntl.h",
)

FLOCK64: Final = Struct(
    "flock64",
    """
    short l_type: enum file_lock
    short l_whence: enum whence
    s64 l_start: offset
    s64 l_len: size
    pid_t l_pid: pid
    """,
    widths=(32,),
    c="struct flock64",
    header="asm-generic/fcntl.h",
)

F_OWNER_EX: Final = Struct(
    "f_owner_ex",
    """
    int type: enum fcntl_owner
    pid_t pid: pid
    """,
    c="struct f_owner_ex",
    header="asm-generic/fcntl.h",
)

DIRENT64: Final = Struct(
    "linux_dirent64",
    """
    u64 d_ino
    s64 d_off: offset
    u16 d_reclen: size
    u8 d_type: enum dirent_type
    char d_name[]: string
    """,
    packed=True,
)
"""What getdents64 gives; the next begins ``d_reclen`` bytes behind."""

DIRENT: Final = Struct(
    "linux_dirent",
    """
    unsigned long d_ino
    unsigned long d_off: offset
    u16 d_reclen: size
    char d_name[]: string
    """,
    packed=True,
)
"""What getdents gives; the type is the last byte of the record."""

OLD_DIRENT: Final = Struct(
    "old_linux_dirent",
    """
    unsigned long d_ino
    unsigned long d_offset: offset
    u16 d_namlen: size
    char d_name[]: string
    """,
    packed=True,
)
"""What readdir gives."""

OPEN_HOW: Final = Struct(
    "open_how",
    """
    u64 flags: flags open
    u64 mode: mode
    u64 resolve: flags openat2
    """,
    c="struct open_how",
    header="linux/openat2.h",
)

FILE_HANDLE: Final = Struct(
    "file_handle",
    """
    u32 handle_bytes: size
    s32 handle_type: hex
    u8 f_handle[]: bytes[handle_bytes]
    """,
)

XATTR_ARGS: Final = Struct(
    "xattr_args",
    """
    u64 value: address
    u32 size: size
    u32 flags: flags xattr
    """,
    c="struct xattr_args",
    header="linux/xattr.h",
)

FILE_ATTR: Final = Struct(
    "file_attr",
    """
    u64 fa_xflags: flags file_attributes
    u32 fa_extsize: size
    u32 fa_nextents: count
    u32 fa_projid
    u32 fa_cowextsize: size
    """,
    c="struct file_attr",
    header="linux/fs.h",
)

FSXATTR: Final = Struct(
    "fsxattr",
    """
    u32 fsx_xflags: flags file_attributes
    u32 fsx_extsize: size
    u32 fsx_nextents: count
    u32 fsx_projid
    u32 fsx_cowextsize: size
    unsigned char fsx_pad[8]: unused
    """,
    c="struct fsxattr",
    header="linux/fs.h",
)

FILE_CLONE_RANGE: Final = Struct(
    "file_clone_range",
    """
    s64 src_fd: fd
    u64 src_offset: offset
    u64 src_length: size
    u64 dest_offset: offset
    """,
    c="struct file_clone_range",
    header="linux/fs.h",
)

FILE_DEDUPE_RANGE: Final = Struct(
    "file_dedupe_range",
    """
    u64 src_offset: offset
    u64 src_length: size
    u16 dest_count: count
    u16 reserved1: unused
    u32 reserved2: unused
    """,
    c="struct file_dedupe_range",
    header="linux/fs.h",
)

FIEMAP_EXTENT: Final = Struct(
    "fiemap_extent",
    """
    u64 fe_logical: offset
    u64 fe_physical: offset
    u64 fe_length: size
    u64 fe_reserved64[2]: unused
    u32 fe_flags: flags fiemap_extent
    u32 fe_reserved[3]: unused
    """,
    c="struct fiemap_extent",
    header="linux/fiemap.h",
)

FIEMAP: Final = Struct(
    "fiemap",
    """
    u64 fm_start: offset
    u64 fm_length: size
    u32 fm_flags: flags fiemap
    u32 fm_mapped_extents: count
    u32 fm_extent_count: count
    u32 fm_reserved: unused
    """,
    c="struct fiemap",
    header="linux/fiemap.h",
)

FSTRIM_RANGE: Final = Struct(
    "fstrim_range",
    """
    u64 start: offset
    u64 len: size
    u64 minlen: size
    """,
    c="struct fstrim_range",
    header="linux/fs.h",
)

SPACE_RESV: Final = Struct(
    "space_resv",
    """
    s16 l_type
    s16 l_whence: enum whence
    s64 l_start: offset
    s64 l_len: size
    s32 l_sysid
    u32 l_pid: pid
    s32 l_pad[4]: unused
    """,
)
"""What FS_IOC_RESVSP takes (include/linux/falloc.h)."""

INOTIFY_EVENT: Final = Struct(
    "inotify_event",
    """
    s32 wd
    u32 mask: flags inotify
    u32 cookie
    u32 len: size
    """,
    c="struct inotify_event",
    header="linux/inotify.h",
)

FANOTIFY_EVENT: Final = Struct(
    "fanotify_event_metadata",
    """
    u32 event_len: size
    u8 vers
    u8 reserved: unused
    u16 metadata_len: size
    u64 mask: flags fanotify_events
    s32 fd: fd
    s32 pid: pid
    """,
    c="struct fanotify_event_metadata",
    header="linux/fanotify.h",
)
