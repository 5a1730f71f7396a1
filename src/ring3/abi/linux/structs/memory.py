"""Memory."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

MMAP_ARGS: Final = Struct(
    "mmap_arg_struct",
    """
    unsigned long addr: address
    unsigned long len: size
    unsigned long prot: flags prot
    unsigned long flags: flags map
    unsigned long fd: fd
    unsigned long offset: offset
    """,
    widths=(32,),
)
"""What the old mmap takes."""

CACHESTAT_RANGE: Final = Struct(
    "cachestat_range",
    """
    u64 off: offset
    u64 len: size
    """,
    c="struct cachestat_range",
    header="linux/mman.h",
)

CACHESTAT: Final = Struct(
    "cachestat",
    """
    u64 nr_cache: count
    u64 nr_dirty: count
    u64 nr_writeback: count
    u64 nr_evicted: count
    u64 nr_recently_evicted: count
    """,
    c="struct cachestat",
    header="linux/mman.h",
)

UFFDIO_API: Final = Struct(
    "uffdio_api",
    """
    u64 api: hex
    u64 features: flags uffd_features
    u64 ioctls: hex
    """,
    c="struct uffdio_api",
    header="linux/userfaultfd.h",
)

UFFDIO_RANGE: Final = Struct(
    "uffdio_range",
    """
    u64 start: address
    u64 len: size
    """,
    c="struct uffdio_range",
    header="linux/userfaultfd.h",
)

UFFDIO_REGISTER: Final = Struct(
    "uffdio_register",
    """
    struct uffdio_range range
    u64 mode: flags uffd_register
    u64 ioctls: hex
    """,
    UFFDIO_RANGE,
    c="struct uffdio_register",
    header="linux/userfaultfd.h",
)

UFFDIO_COPY: Final = Struct(
    "uffdio_copy",
    """
    u64 dst: address
    u64 src: address
    u64 len: size
    u64 mode: hex
    s64 copy: size
    """,
    c="struct uffdio_copy",
    header="linux/userfaultfd.h",
)

UFFDIO_ZEROPAGE: Final = Struct(
    "uffdio_zeropage",
    """
    struct uffdio_range range
    u64 mode: hex
    s64 zeropage: size
    """,
    UFFDIO_RANGE,
    c="struct uffdio_zeropage",
    header="linux/userfaultfd.h",
)

PROCMAP_QUERY: Final = Struct(
    "procmap_query",
    """
    u64 size: size
    u64 query_flags: hex
    u64 query_addr: address
    u64 vma_start: address
    u64 vma_end: address
    u64 vma_flags: hex
    u64 vma_page_size: size
    u64 vma_offset: hex
    u64 inode
    u32 dev_major
    u32 dev_minor
    u32 vma_name_size: size
    u32 build_id_size: size
    u64 vma_name_addr: address
    u64 build_id_addr: address
    """,
    c="struct procmap_query",
    header="linux/fs.h",
)

NOTE_HEADER: Final = Struct(
    "elf64_note",
    """
    u32 n_namesz: size
    u32 n_descsz: size
    u32 n_type
    """,
    c="struct elf64_note",
    header="linux/elf.h",
)
