"""Structs whose text needs more than their fields: sockets' addresses, signals, directories, data at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.notation import TYPES
from ring3.trace.strace.bpf_filters import fprog
from ring3.trace.strace.dirents import entries
from ring3.trace.strace.netlink import messages
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.signals import in_memory
from ring3.trace.strace.sockets import control_messages, socket_address
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

FAILED: Final = -1
"""For a result: the call has failed, and what it would have filled is as it was."""

Arguments = Mapping[str, int]
Special = Callable[["Text", int, int | None, Arguments, int | None], str]
"""Writes what is at an address of a program, of which there are so many, beside these arguments, for this result."""
_NAME_MOST: Final = 15
_PAGE: Final = 4096
_MAX_HANDLE: Final = 128
"""Bytes of a file's handle at most (MAX_HANDLE_SZ of include/linux/exportfs.h)."""


def _message(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
    """A message of msgsnd(2) or msgrcv(2): its type and its bytes."""
    word = text.bits // 8
    kind = TYPES["s64" if word == 8 else "s32"].cast(text.integer(address, word))
    size = beside.get("msgsz", 0) if result is None or result == FAILED else result
    return f"{{mtype={kind}, mtext={text.bytes_at(address + word, size)}}}"


def _handle(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
    """A file's handle; before there is one, its size."""
    size = text.integer(address, 4)
    asks = "mnt_id" in beside
    if asks and (result is None or size > _MAX_HANDLE):
        return f"{{handle_bytes={size}}}"
    kind = TYPES["s32"].cast(text.integer(address + 4, 4))
    try:
        data = quoted(text.read(address + 8, min(size, _MAX_HANDLE)), InHex.ALL) + "..." * (
            size > _MAX_HANDLE
        )
    except Errno:
        data = "???"
    return f"{{handle_bytes={size}, handle_type={kind}, f_handle={data}}}"


def _siginfo(text: Text, address: int, _count: int | None, _beside: Arguments, _result: int | None) -> str:
    return in_memory(text.read(address, text.row("siginfo").size(text.bits)), text.bits, text.style.names)


def _residency(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """Which pages are in memory, as mincore(2) says (at most as many as are shown)."""
    pages = -(-(beside["length"] & (1 << text.bits) - 1) // _PAGE)
    return text.several(address, pages, 1, lambda at: str(text.integer(at, 1) & 1), "length")


def _keyctl_bytes(offset: int) -> Special:
    """Bytes whose number stands in the struct of parameters of keyctl(2), at an offset."""

    def text_of(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
        size = text.integer(beside["arg2"] + offset, 4)
        return text.bytes_at(address, size if result is None or not offset else min(size, max(result, 0)))

    return text_of


def _task_name(text: Text, address: int, _count: int | None, _beside: Arguments, _result: int | None) -> str:
    """The name of a task, of which no more than Linux keeps is looked at."""
    return text.string(address, _NAME_MOST)


def _filter(text: Text, address: int, _count: int | None, _beside: Arguments, _result: int | None) -> str:
    return fprog(text, address, is_seccomp=True)


def _sent(text: Text, address: int, count: int | None, beside: Arguments, result: int | None) -> str:
    """What is sent to a socket or has come from it: messages of netlink(7), or bytes."""
    size = (count if count is not None else result) or 0
    protocol = text.netlink(beside["fd"] & 0x7FFF_FFFF)
    return text.bytes_at(address, size) if protocol is None else messages(text, address, size, protocol)


SPECIAL: Final[Mapping[str, Special]] = {
    "sent": _sent,
    "sock_fprog": _filter,
    "task_name": _task_name,
    "residency": _residency,
    "keyctl_in": _keyctl_bytes(4),
    "keyctl_in2": _keyctl_bytes(8),
    "keyctl_out": _keyctl_bytes(8),
    "sockaddr": lambda text, address, count, _beside, _result: socket_address(text, address, count),
    "cmsghdr": lambda text, address, count, _beside, _result: control_messages(text, address, count or 0),
    "siginfo": _siginfo,
    "file_handle": _handle,
    "msgbuf": _message,
    "linux_dirent": lambda text, address, _count, _beside, result: entries(
        text, text.row("linux_dirent"), address, result
    ),
    "linux_dirent64": lambda text, address, _count, _beside, result: entries(
        text, text.row("linux_dirent64"), address, result
    ),
}
"""By the name of the struct."""
