"""What this process gives up before the first instruction of a program, so that a hole in the emulator leads nowhere.

Three things that the host enforces and nobody can take back: no more privileges by execve (no_new_privs), no system
call that Ring3 does not need (seccomp(2)), no file beyond those that it was given (landlock(7)). A host that lacks one
is used without it; ``ring3 doctor`` says what there is.

What stays: reading below the directories that the program sees and those that Python's modules are in, /proc and /dev;
the descriptors that are open, and the files behind standard input, output and error.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.kernel.reach import Reach

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs
    from ring3.sandbox import Sandbox

PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_SECCOMP: Final = 22
SECCOMP_MODE_FILTER: Final = 2
SECCOMP_RET_ALLOW: Final = 0x7FFF_0000
SECCOMP_RET_ERRNO: Final = 0x0005_0000
SECCOMP_RET_KILL_PROCESS: Final = 0x8000_0000
AUDIT_ARCH_X86_64: Final = 0xC000_003E
X32_BIT: Final = 0x4000_0000
EPERM: Final = 1

PTRACE: Final = 101
OF_SOCKETS: Final = (41, 42, 43, 44, 45, 46, 47, 49, 50, 53, 288, 299, 307)
"""socket to recvmsg, bind, listen, socketpair, accept4, recvmmsg, sendmmsg: what a network needs that is the host's."""
OF_PROGRAMS: Final = (57, 58, 59, 322)
"""fork, vfork, execve and execveat."""
GIVEN_UP: Final = (
    *OF_SOCKETS,
    *OF_PROGRAMS,
    PTRACE, 310, 311, 312, 440,  # ptrace, process_vm_readv, process_vm_writev, kcmp, process_madvise
    155, 161, 165, 166, 272, 308, 428, 429, 430, 431, 432, 442,  # pivot_root, chroot, mounts, unshare, setns
    105, 106, 113, 114, 117, 119, 122, 123, 126,  # set*uid, set*gid, setfs*id, capset
    103, 163, 167, 168, 169, 170, 171, 173, 172, 175, 176, 246, 313, 320,  # syslog to reboot, ports, modules, kexec
    248, 249, 250, 298, 321, 323, 425, 426, 427,  # keys, perf_event_open, bpf, userfaultfd, io_uring
)  # fmt: skip
"""Numbers of x86-64's table (syscall_64.tbl): what Ring3 never calls once a program runs."""

_LD_W_ABS: Final = 0x20
_JEQ: Final = 0x15
_JGE: Final = 0x35
_RET: Final = 0x06

SYS_LANDLOCK: Final = (444, 445, 446)
READ: Final = 1 << 0 | 1 << 2 | 1 << 3  # EXECUTE, READ_FILE, READ_DIR
WRITE: Final = 1 << 1 | 1 << 14  # WRITE_FILE, TRUNCATE
IOCTL_DEV: Final = 1 << 15
REMOVE_FILE: Final = 1 << 5
FILL: Final = WRITE | 1 << 8  # MAKE_REG
CHANGE: Final = READ | WRITE | 1 << 4 | REMOVE_FILE | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 13
"""Besides: REMOVE_DIR, MAKE_DIR, MAKE_REG, MAKE_SYM, REFER."""
OF_FILES: Final = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
HANDLED: Final = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
"""The rights over files that each version of Landlock knows."""


TO_SERVE: Final = frozenset((43, 44, 45, 46, 47, 288))
"""accept, sendto, recvfrom, sendmsg, recvmsg and accept4: what answers clients on a socket that is open."""


class Needs(NamedTuple):
    """What is still needed of the host while programs run.

    Attributes:
        requests: Those of ptrace(2).
        calls: Calls of `GIVEN_UP`.
        emptied: Directories whose files are removed.
        filled: Directories in which files are made and written.
        read: Directories whose files are read.
        has_all_files: No file is given up.
    """

    requests: Sequence[int] = ()
    calls: Collection[int] = ()
    emptied: Sequence[str] = ()
    filled: Sequence[str] = ()
    read: Sequence[str] = ()
    has_all_files: bool = False


NOTHING: Final = Needs()


def confine_to(sandbox: Sandbox, vfs: Vfs, needs: Needs = NOTHING) -> None:
    """Gives up what is not needed any more for the programs of a machine; as `confine`.

    Args:
        sandbox: What they have.
        vfs: The files that they see.
        needs: What stays besides.
    """
    shown = {
        mount.fs.host_path: mount.fs.readonly or isinstance(mount.fs, MemoryFileSystem)
        for mount in vfs.mounts
    }
    shown.pop(b"", None)
    written = [path for path, is_kept in shown.items() if not is_kept]
    confine(shown, needs._replace(calls=(*needs.calls, *_of_network(sandbox))), written)


def _of_network(sandbox: Sandbox) -> Collection[int]:
    """The calls that a machine's network needs."""
    if sandbox.net is Reach.HOST:
        return OF_SOCKETS
    return TO_SERVE if sandbox.publish else ()


def confine(visible: Iterable[bytes], needs: Needs = NOTHING, written: Iterable[bytes] = ()) -> None:
    """Gives up what is not needed any more, for ever and for all threads to come.

    Call it while this is the only thread: others keep what they have.

    Args:
        visible: The host's directories and files that the program sees.
        needs: What stays besides.
        written: Directories and files that programs change on the host.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return
    if not needs.has_all_files:
        _give_up_files(
            libc,
            (
                *((path, READ) for path in (*visible, *map(os.fsencode, needs.read))),
                *((os.fsencode(path), REMOVE_FILE) for path in needs.emptied),
                *((os.fsencode(path), FILL) for path in needs.filled),
                *((path, CHANGE) for path in written),
            ),
        )
    _give_up_calls(libc, needs.requests, [number for number in GIVEN_UP if number not in needs.calls])


def _give_up_calls(libc: ctypes.CDLL, requests: Sequence[int], given_up: Sequence[int]) -> None:
    asked = [
        (_JEQ, 0, len(requests) + 2, PTRACE),
        (_LD_W_ABS, 0, 0, 16),
        *((_JEQ, len(requests) - at, 0, number) for at, number in enumerate(requests)),
        (_RET, 0, 0, SECCOMP_RET_ERRNO | EPERM),
        (_RET, 0, 0, SECCOMP_RET_ALLOW),
    ]
    steps = [
        (_LD_W_ABS, 0, 0, 4),
        (_JEQ, 1, 0, AUDIT_ARCH_X86_64),
        (_RET, 0, 0, SECCOMP_RET_KILL_PROCESS),
        (_LD_W_ABS, 0, 0, 0),
        *(asked if requests else ()),
        (_JGE, len(given_up) + 1, 0, X32_BIT),
        *((_JEQ, len(given_up) - at, 0, number) for at, number in enumerate(given_up)),
        (_RET, 0, 0, SECCOMP_RET_ALLOW),
        (_RET, 0, 0, SECCOMP_RET_ERRNO | EPERM),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    described = ctypes.create_string_buffer(struct.pack("<H6xQ", len(steps), ctypes.addressof(program)))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_void_p(ctypes.addressof(described)), 0, 0)


def _give_up_files(libc: ctypes.CDLL, kept: Iterable[tuple[bytes, int]]) -> None:
    """Gives up all but these, each with the rights that stay, and what this process itself needs."""
    create, add, restrict = SYS_LANDLOCK
    version = libc.syscall(create, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    handled = HANDLED[min(version, len(HANDLED) - 1)]
    ruleset = libc.syscall(create, struct.pack("<Q", handled), ctypes.c_size_t(8), 0)
    if ruleset < 0:
        return

    def allow(fd: int, rights: int) -> None:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= OF_FILES
        libc.syscall(add, ruleset, 1, struct.pack("<Qi", rights & handled, fd), 0)

    ours = [os.fsencode(path or ".") for path in (*sys.path, sys.prefix, sys.base_prefix)]
    for path, rights in (
        *((path, READ) for path in (*ours, b"/proc", b"/sys")),
        (b"/dev", READ | WRITE | IOCTL_DEV),
        *kept,
    ):
        with suppress(OSError):
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            allow(fd, rights)
            os.close(fd)
    for fd in (0, 1, 2):
        with suppress(OSError):
            allow(fd, READ | WRITE | IOCTL_DEV)
    libc.syscall(restrict, ruleset, 0)
    os.close(ruleset)
