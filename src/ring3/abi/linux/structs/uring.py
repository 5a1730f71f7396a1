"""io_uring."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

IO_SQRING_OFFSETS: Final = Struct(
    "io_sqring_offsets",
    """
    u32 head
    u32 tail
    u32 ring_mask
    u32 ring_entries
    u32 flags
    u32 dropped
    u32 array
    u32 resv1: unused
    u64 user_addr: address
    """,
    c="struct io_sqring_offsets",
    header="linux/io_uring.h",
)

IO_CQRING_OFFSETS: Final = Struct(
    "io_cqring_offsets",
    """
    u32 head
    u32 tail
    u32 ring_mask
    u32 ring_entries
    u32 overflow
    u32 cqes
    u32 flags
    u32 resv1: unused
    u64 user_addr: address
    """,
    c="struct io_cqring_offsets",
    header="linux/io_uring.h",
)

IO_URING_PARAMS: Final = Struct(
    "io_uring_params",
    """
    u32 sq_entries: count
    u32 cq_entries: count
    u32 flags: flags uring_setup
    u32 sq_thread_cpu
    u32 sq_thread_idle: milliseconds
    u32 features: flags uring_feature
    u32 wq_fd: fd
    u32 resv[3]: spare
    struct io_sqring_offsets sq_off
    struct io_cqring_offsets cq_off
    """,
    IO_SQRING_OFFSETS,
    IO_CQRING_OFFSETS,
    c="struct io_uring_params",
    header="linux/io_uring.h",
)

IO_URING_GETEVENTS: Final = Struct(
    "io_uring_getevents_arg",
    """
    u64 sigmask: address
    u32 sigmask_sz: size
    u32 min_wait_usec
    u64 ts: address
    """,
    c="struct io_uring_getevents_arg",
    header="linux/io_uring.h",
)

IO_URING_FILES_UPDATE: Final = Struct(
    "io_uring_files_update",
    """
    u32 offset
    u32 resv: unused
    u64 fds: address
    """,
    c="struct io_uring_files_update",
    header="linux/io_uring.h",
)
