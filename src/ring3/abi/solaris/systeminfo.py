"""systeminfo (call 139, sysinfo(2) in libc): its commands.

``systeminfo(command, buf, count)`` gives one string of the system, or, for the two SI_SET commands, sets one.
A get returns the length of the string with its NUL, whatever count is; it copies as much as fits and always
ends with NUL, and copies nothing if count is 0. A negative count, or a command that is not here, is EINVAL.

Sources: usr/src/uts/common/sys/systeminfo.h and common/syscall/systeminfo.c of illumos-gate;
SI_ADDRESS_WIDTH, which the stored header does not have yet, from the Rust libc crate
(src/unix/solarish/illumos.rs). Solaris 11 may have more.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum

HW_HOSTID_LEN: Final = 11
"""Least buffer for SI_HW_SERIAL, in bytes: 32 bits in decimal and a NUL."""

DOM_NM_LN: Final = 64
"""Longest secure RPC domain, in bytes."""


class SysInfo(IntEnum):
    """First argument of systeminfo: 1 to 256 and 513 to 768 get, the same plus 256 set."""

    SI_SYSNAME = 1
    SI_HOSTNAME = 2
    SI_RELEASE = 3
    SI_VERSION = 4
    SI_MACHINE = 5
    SI_ARCHITECTURE = 6
    """The 32-bit instruction set, ``i386``, whatever the caller is."""
    SI_HW_SERIAL = 7
    SI_HW_PROVIDER = 8
    SI_SRPC_DOMAIN = 9
    SI_SET_HOSTNAME = 258
    SI_SET_SRPC_DOMAIN = 265
    SI_PLATFORM = 513
    SI_ISALIST = 514
    SI_DHCP_CACHE = 515
    SI_ARCHITECTURE_32 = 516
    SI_ARCHITECTURE_64 = 517
    SI_ARCHITECTURE_K = 518
    SI_ARCHITECTURE_NATIVE = 519
    """The caller's own instruction set: ``amd64`` for a 64-bit program."""
    SI_ADDRESS_WIDTH = 520
    """``64`` on a 64-bit kernel. illumos only."""


SET_COMMANDS: Final = frozenset({SysInfo.SI_SET_HOSTNAME, SysInfo.SI_SET_SRPC_DOMAIN})
"""Commands that change the system: EPERM without privilege."""

STRINGS: Final = {
    SysInfo.SI_SYSNAME: "SunOS",
    SysInfo.SI_RELEASE: "5.11",
    SysInfo.SI_MACHINE: "i86pc",
    SysInfo.SI_ARCHITECTURE: "i386",
    SysInfo.SI_HW_PROVIDER: "",
    SysInfo.SI_SRPC_DOMAIN: "",
    SysInfo.SI_PLATFORM: "i86pc",
    SysInfo.SI_DHCP_CACHE: "",
    SysInfo.SI_ARCHITECTURE_32: "i386",
    SysInfo.SI_ARCHITECTURE_64: "amd64",
    SysInfo.SI_ARCHITECTURE_K: "amd64",
    SysInfo.SI_ARCHITECTURE_NATIVE: "amd64",
    SysInfo.SI_ADDRESS_WIDTH: "64",
}
"""Answers to a 64-bit program on x64, where all systems agree or nobody has set a value."""
