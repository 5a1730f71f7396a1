"""systeminfo (sysinfo(2)): strings that describe the system (usr/src/uts/common/syscall/systeminfo.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, Long
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.systeminfo import SET_COMMANDS, STRINGS, SysInfo
from ring3.solaris.copyops import copyinstr, copyout
from ring3.solaris.definition import syscall
from ring3.solaris.uname import SYS_NMLN, field_address

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask

_UTSNAME: Final = {
    SysInfo.SI_SYSNAME: "sysname",
    SysInfo.SI_HOSTNAME: "nodename",
    SysInfo.SI_RELEASE: "release",
    SysInfo.SI_VERSION: "version",
    SysInfo.SI_MACHINE: "machine",
}
ISALIST: Final = "amd64 pentium_pro+mmx pentium_pro pentium+mmx pentium i486 i386 i86"
HOSTID: Final = "0"


@syscall("full")
def systeminfo(task: SolarisTask, command: Int, buf: Address, count: Long) -> int:
    """Gives a string of the system and its length with its NUL; two commands set one."""
    if command in SET_COMMANDS:
        return _set(task, command, buf)
    if count < 0:
        raise Errno(SolarisE.EINVAL)
    if command == SysInfo.SI_ARCHITECTURE_NATIVE and task.ilp32:
        command = SysInfo.SI_ARCHITECTURE_32
    text = _string(task.kernel, command)
    if count:
        taken = text[: count - 1] + b"\0"
        with task.buffer(len(taken)) as kaddr:
            task.kernel.store(kaddr, taken)
            copyout(task, kaddr, buf, len(taken))
    return len(text) + 1


def _string(kernel: SolarisKernel, command: int) -> bytes:
    try:
        which = SysInfo(command)
    except ValueError:
        raise Errno(SolarisE.EINVAL) from None
    if which in _UTSNAME:
        return kernel.load_string(field_address(kernel, _UTSNAME[which]))
    if which is SysInfo.SI_SRPC_DOMAIN:
        return kernel.domain
    if which is SysInfo.SI_HW_SERIAL:
        return HOSTID.encode()
    return (ISALIST if which is SysInfo.SI_ISALIST else STRINGS[which]).encode()


def _set(task: SolarisTask, command: int, buf: int) -> int:
    """Sets the host's name or the RPC domain; returns the length."""
    if not task.cred.all_privileges:
        raise Errno(SolarisE.EPERM)
    kernel = task.kernel
    with task.buffer(SYS_NMLN) as kaddr:
        length = copyinstr(task, buf, kaddr, SYS_NMLN)
        if command == SysInfo.SI_SET_SRPC_DOMAIN:
            kernel.domain = kernel.load_string(kaddr)
        elif length < 2:
            raise Errno(SolarisE.EINVAL)
        else:
            kernel.store(field_address(kernel, "nodename"), kernel.load(kaddr, length))
    return length
