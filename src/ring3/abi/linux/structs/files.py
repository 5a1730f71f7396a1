"""Files: what stat, getdents, locks and vectors pass."""

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

USTAT: Final = Struct(
    "ustat",
    """
    int f_tfree: count
    unsigned long f_tinode: count
    char f_fname[6]: string
    char f_fpack[6]: string
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

IOCB: Final = Struct(
    "iocb",
    """
    u64 aio_data: hex
    u32 aio_key
    u32 aio_rw_flags: flags rwf
    u16 aio_lio_opcode: enum aio
    s16 aio_reqprio
    u32 aio_fildes: fd
    u64 aio_buf: address
    u64 aio_nbytes: size
    s64 aio_offset: offset
    u64 aio_reserved2: unused
    u32 aio_flags: flags aio_flags
    u32 aio_resfd: fd
    """,
    c="struct iocb",
    header="linux/aio_abi.h",
)

IO_EVENT: Final = Struct(
    "io_event",
    """
    u64 data: hex
    u64 obj: address
    s64 res
    s64 res2
    """,
    c="struct io_event",
    header="linux/aio_abi.h",
)

AIO_SIGSET: Final = Struct(
    "aio_sigset",
    """
    void *sigmask: in sigset[sigsetsize]
    size_t sigsetsize: size
    """,
)
"""What io_pgetevents takes last (``struct __aio_sigset``)."""
