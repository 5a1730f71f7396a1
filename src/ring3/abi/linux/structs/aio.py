"""Asynchronous requests (io_setup(2))."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

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
