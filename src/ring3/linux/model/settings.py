"""What a thread is told about itself by prctl(2) and personality(2), and what belongs to a program's memory."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import IntFlag

if TYPE_CHECKING:
    from ring3.fs.regular import RegularInode
    from ring3.linux.model.aio import AioContext
    from ring3.linux.x86.ldt import Ldt

TIMER_SLACK: Final = 50_000
"""Nanoseconds by which the first program's timers may be late."""
MDWE_NO_INHERIT: Final = 2
"""PR_SET_MDWE is not for children and later programs."""


class Settings:
    """A thread's settings.

    Attributes:
        personality: See `ring3.linux.calls.processes.personality`.
        no_new_privs: execve(2) gives it no more rights than it has.
        timer_slack: Nanoseconds by which its timers may be late.
        default_slack: What that was when it started.
        no_tsc: Reading the time-stamp counter is SIGSEGV.
        machine_check: How it wants to hear of memory errors: 0 late, 1 early, None as everybody.
        io_flusher: It writes out pages for others (PR_SET_IO_FLUSHER).
    """

    __slots__ = (
        "default_slack",
        "io_flusher",
        "machine_check",
        "no_new_privs",
        "no_tsc",
        "personality",
        "timer_slack",
    )

    def __init__(self) -> None:
        self.personality = 0
        self.no_new_privs = False
        self.timer_slack = self.default_slack = TIMER_SLACK
        self.no_tsc = False
        self.machine_check: int | None = None
        self.io_flusher = False

    def for_child(self) -> Settings:
        """What a new thread starts with."""
        child = copy(self)
        child.default_slack = self.timer_slack
        return child


ANON_PRIVATE, ANON_SHARED, MAPPED_PRIVATE, MAPPED_SHARED, ELF_HEADERS = 1, 2, 4, 8, 16
ALL_KINDS: Final = 0x1FF
DEFAULT_KINDS: Final = 0x33
"""Kinds of mappings in a core file: bits of /proc/PID/coredump_filter (core(5)), huge pages and others included."""


class MmContext:
    """What Linux keeps about an address space beyond its mappings.

    Attributes:
        users: How many tasks have it.
        exe: The file its program is in, None if that cannot be written to anyway.
        dumpable: 1 if others of the same user may look into it, 0 if not.
        ldt: Its descriptor table, None while it has none.
        membarrier: What membarrier(2) was told to be ready for.
        no_huge_pages: PR_SET_THP_DISABLE, 0 if huge pages are not refused.
        deny_write_exec: PR_SET_MDWE's bits.
        merge: Equal pages may be merged (PR_SET_MEMORY_MERGE).
        key_taken: The only protection key is gone.
        coredump_filter: Which kinds of mappings a core file has (`ANON_PRIVATE` and others).
        aio: Contexts for asynchronous requests, by the address of their ring.
    """

    __slots__ = (
        "aio",
        "coredump_filter",
        "deny_write_exec",
        "dumpable",
        "exe",
        "key_taken",
        "ldt",
        "membarrier",
        "merge",
        "no_huge_pages",
        "users",
    )

    def __init__(self) -> None:
        self.users = 0
        self.aio: dict[int, AioContext] = {}
        self.dumpable = 1
        self.coredump_filter = DEFAULT_KINDS
        self.exe: RegularInode | None = None
        self.ldt: Ldt | None = None
        self.membarrier = 0
        self.no_huge_pages = 0
        self.deny_write_exec = 0
        self.merge = False
        self.key_taken = False

    def fork(self) -> MmContext:
        """That of a copy of the address space.

        Raises:
            Errno: ENOMEM, there is no frame for its descriptor table.
        """
        child = self.for_program(self.exe)
        child.dumpable, child.membarrier, child.key_taken = self.dumpable, self.membarrier, self.key_taken
        child.ldt = None if self.ldt is None else self.ldt.copy()
        return child

    def for_program(self, exe: RegularInode | None) -> MmContext:
        """That of the next program of the same process (mmf_init_flags)."""
        new = MmContext()
        new.runs(exe)
        new.coredump_filter = self.coredump_filter
        new.no_huge_pages, new.merge = self.no_huge_pages, self.merge
        new.deny_write_exec = 0 if self.deny_write_exec & MDWE_NO_INHERIT else self.deny_write_exec
        return new

    def runs(self, exe: RegularInode | None) -> None:
        """Keeps the file of its program from being written to until it is gone (exe_file_deny_write_access)."""
        if exe is not None:
            exe.programs += 1
        self.exe = exe

    def destroy(self) -> None:
        """The address space is gone."""
        if self.exe is not None:
            self.exe.programs -= 1
            self.exe = None
        if self.ldt is not None:
            self.ldt.destroy()
            self.ldt = None


class Persona(IntFlag):
    """The flags of a personality (include/uapi/linux/personality.h)."""

    UNAME26 = 0x0020000
    ADDR_NO_RANDOMIZE = 0x0040000
    FDPIC_FUNCPTRS = 0x0080000
    MMAP_PAGE_ZERO = 0x0100000
    ADDR_COMPAT_LAYOUT = 0x0200000
    READ_IMPLIES_EXEC = 0x0400000
    ADDR_LIMIT_32BIT = 0x0800000
    SHORT_INODE = 0x1000000
    WHOLE_SECONDS = 0x2000000
    STICKY_TIMEOUTS = 0x4000000
    ADDR_LIMIT_3GB = 0x8000000


PER_MASK: Final = 0xFF
PER_LINUX32: Final = 8
