"""Structs whose text needs more than their fields: sockets' addresses, signals, directories, data at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.notation import TYPES
from ring3.trace.strace import tables
from ring3.trace.strace.aio import cancelled, requests
from ring3.trace.strace.bpf_filters import fprog
from ring3.trace.strace.dirents import entries
from ring3.trace.strace.file_ranges import shared_ranges
from ring3.trace.strace.interfaces import bridged, length_before, listed, request
from ring3.trace.strace.netlink import messages
from ring3.trace.strace.perf_events import attributes
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.scalar_text import signed
from ring3.trace.strace.scalars import sigset
from ring3.trace.strace.signals import in_memory
from ring3.trace.strace.socket_addresses import socket_address
from ring3.trace.strace.socket_messages import (
    FAILED,
    lengths_before,
    received,
    sent,
    several_received,
    several_sent,
)
from ring3.trace.strace.style import InHex
from ring3.trace.strace.video_controls import controls

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

Arguments = Mapping[str, int]
Special = Callable[["Text", int, int | None, Arguments, int | None], str]
"""Writes what is at an address of a program, of which there are so many, beside these arguments, for this result."""
_NAME_MOST: Final = 15
_PAGE: Final = 4096
_SCHED_ATTR_SIZE_VER0: Final = 48
"""Bytes of the first version of ``struct sched_attr``, which a size of 0 stands for."""
_SIGSET: Final = 8
_KEYCTL_PARAMETERS: Final = 40
"""Bytes of ``struct keyctl_pkey_params`` (linux/keyctl.h)."""
_HOST_NAME_MOST: Final = 64
"""Bytes of a host's name at most (__NEW_UTS_LEN of linux/utsname.h)."""
_CHARACTER_BYTES: Final = 32
"""Bytes of a character of a console's font that is up to 8 pixels wide (drivers/tty/vt/vt.c)."""
_FONT_MOST: Final = 512
"""Characters of a font at most."""
_SECCOMP_MODE_FILTER: Final = 2
_XATTR_SIZE_MAX: Final = 65536
_CAPABILITIES_64: Final = frozenset({0x20071026, 0x20080522})
"""Versions of the header of capget(2) with sets of 64 bits."""
_HANDLE_BEFORE: Final = "handle_bytes before"
_MAX_HANDLE: Final = 128
_MOST_MESSAGES: Final = 1024
"""Messages of one call at most (UIO_MAXIOV of include/uapi/linux/uio.h)."""
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
    before = beside.get(_HANDLE_BEFORE, size)
    shown = str(size) if before == size else f"{before} => {size}"
    if asks and (result in (None, FAILED) or size > _MAX_HANDLE):
        return f"{{handle_bytes={shown}}}"
    kind = TYPES["s32"].cast(text.integer(address + 4, 4))
    try:
        data = quoted(text.read(address + 8, min(size, _MAX_HANDLE)), InHex.ALL) + "..." * (
            size > _MAX_HANDLE
        )
    except Errno:
        data = "???"
    return f"{{handle_bytes={shown}, handle_type={kind}, f_handle={data}}}"


def _handle_before(text: Text, address: int, _beside: Arguments) -> dict[str, int]:
    return {_HANDLE_BEFORE: text.integer(address, 4)}


def _siginfo(text: Text, address: int, count: int | None, _beside: Arguments, _result: int | None) -> str:
    size = text.row("siginfo").size(text.bits)

    def one(at: int) -> str:
        return in_memory(text.read(at, size), text.bits, text.style.names)

    return one(address) if count is None else text.several(address, count, size, one, "count")


def _residency(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """Which pages are in memory, as mincore(2) says (at most as many as are shown)."""
    pages = -(-(beside["length"] & (1 << text.bits) - 1) // _PAGE)
    return text.several(address, pages, 1, lambda at: str(text.integer(at, 1) & 1), "length")


def _keyctl_bytes(offset: int) -> Special:
    """Bytes whose number stands in the struct of parameters of keyctl(2), at an offset."""

    def text_of(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
        parameters = text.read(beside["arg2"], _KEYCTL_PARAMETERS)
        return text.bytes_at(address, int.from_bytes(parameters[offset : offset + 4], "little"))

    return text_of


def _task_name(text: Text, address: int, _count: int | None, _beside: Arguments, _result: int | None) -> str:
    """The name of a task, of which no more than Linux keeps is looked at."""
    return text.string(address, _NAME_MOST)


def _filter(text: Text, address: int, _count: int | None, _beside: Arguments, _result: int | None) -> str:
    return fprog(text, address, is_seccomp=True)


def _seccomp_program(
    text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None
) -> str:
    """A filter, in the mode that has one."""
    is_filter = beside["arg2"] == _SECCOMP_MODE_FILTER
    return fprog(text, address, is_seccomp=True) if is_filter else f"{address:#x}"


def _xattr_value(text: Text, address: int, count: int | None, _beside: Arguments, _result: int | None) -> str:
    """The value of an extended attribute without a null at its end, unless it is longer than any may be."""
    if count is None or count > _XATTR_SIZE_MAX:
        return f"{address:#x}"
    if 0 < count <= text.style.length:
        count -= text.read(address, count)[-1] == 0
    return text.bytes_at(address, count)


def _key_bytes(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
    """What has come of a key's payload, which may be longer than the buffer."""
    return text.bytes_at(address, min(max(result or 0, 0), beside["arg4"]))


def _key_text(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
    """What is said of a key, without the null at its end."""
    size = min(max(result or 0, 0), beside["arg4"])
    if 0 < size <= text.style.length + 1 and not text.read(address + size - 1, 1)[0]:
        size -= 1
    return text.bytes_at(address, size)


def _capabilities(
    text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None
) -> str:
    """Sets of capabilities, of which later versions have the upper halves behind the lower ones (capget(2))."""
    header, row = text.row("cap_user_header"), text.row("cap_user_data")
    version, _ = header.unpack(text.bits, text.read(beside["header"], header.size(text.bits)))
    half = row.size(text.bits)
    halves = 2 if version in _CAPABILITIES_64 else 1
    raw = text.read(address, halves * half)
    values = [[*map(int, row.unpack(text.bits, raw[at : at + half]))] for at in range(0, len(raw), half)]
    fields = []
    for place, parts in zip(row.layout(text.bits).places, zip(*values, strict=True), strict=True):
        number = sum(part << 32 * at for at, part in enumerate(parts))
        unknown = tables.sets()["capability_bits"].split(number).rest
        known = text.named(tables.sets()["capability_bits"], number & ~unknown)
        fields.append(f"{place.field.name}={known}" + (f"|{unknown >> 32:#x}" if unknown else ""))
    return "{" + ", ".join(fields) + "}"


def _sent(text: Text, address: int, count: int | None, beside: Arguments, result: int | None) -> str:
    """What is sent to a socket or has come from it: messages of netlink(7), or bytes."""
    size = (count if count is not None else result) or 0
    size = min(size, beside.get("size", size))
    if not size:
        return '""'
    protocol = text.netlink(beside["fd"] & 0x7FFF_FFFF)
    return text.bytes_at(address, size) if protocol is None else messages(text, address, size, protocol)


def _font_characters(
    text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None
) -> str:
    """The characters of a font, each of which has room for the highest that there is."""
    return text.bytes_at(address, min(beside["charcount"], _FONT_MOST) * _CHARACTER_BYTES, in_hex=InHex.ALL)


def _font_pixels(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """The same, for characters of any width."""
    size = (beside["width"] + 7) // 8 * _CHARACTER_BYTES * beside["charcount"]
    return text.bytes_at(address, size, in_hex=InHex.ALL)


def _bpf_program(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """The instructions of a program, where all is to be seen."""
    if not text.style.verbose:
        return f"{address:#x}"
    row = text.row("bpf_insn")
    size = row.size(text.bits)
    return text.several(address, beside["insn_cnt"], size, lambda at: text.struct(row, at), "insn_cnt")


def _bpf_name(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """A name in a buffer, cut off where it has no null."""
    raw = text.read(address, min(beside["buf_len"], text.style.length))
    before, null, _ = raw.partition(b"\0")
    return quoted(before, text.in_hex) + "..." * (not null)


def _bpf_symbols(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """Names that are pointed to."""
    word = text.bits // 8

    def one(at: int) -> str:
        pointer = text.integer(at, word)
        return text.string(pointer, text.style.length) if pointer else "NULL"

    return text.several(address, beside["cnt"], word, one, "cnt")


def _pending(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """A set of signals, of which no more than the call asked for is there."""
    size = beside["sigsetsize"]
    if not 0 < size <= _SIGSET:
        return f"{address:#x}"
    return sigset(text.integer(address, size), text.style.names)


def _host_name(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    size = beside["len"] & 0xFFFF_FFFF
    return text.bytes_at(address, size) if size <= _HOST_NAME_MOST else f"{address:#x}"


def _directory_path(
    text: Text, address: int, _count: int | None, _beside: Arguments, result: int | None
) -> str:
    """A path whose length the call has returned, with the null at its end."""
    return text.string(address, max((result or 0) - 1, 0))


def _thread_area(text: Text, address: int, _count: int | None, _beside: Arguments, result: int | None) -> str:
    """A segment by its number, with what the call says of it."""
    number = signed(text.integer(address, 4))
    try:
        if result not in (None, FAILED):
            shown = text.struct(text.row("user_desc"), address)
            return f"{{entry_number={number}" + shown[shown.index(",") :]
    except Errno:
        pass
    return f"{{entry_number={number}, ...}}"


def _key_capabilities(
    text: Text, address: int, _count: int | None, beside: Arguments, result: int | None
) -> str:
    """Bytes of flags of what keys can do, as many as the call has filled."""
    names = ("keyctl_capabilities", "keyctl_capabilities_more")

    def one(at: int) -> str:
        number, place = text.integer(at, 1), at - address
        return text.named(tables.sets()[names[place]], number) if place < len(names) else f"{number:#x}"

    return text.several(address, min(max(result or 0, 0), beside["arg3"]), 1, one, "result")


def _seccomp_filters(
    text: Text, address: int, _count: int | None, _beside: Arguments, result: int | None
) -> str:
    """The instructions of a filter, where all is to be seen."""
    if not text.style.verbose:
        return f"{address:#x}"
    row = text.row("sock_filter")
    size = row.size(text.bits)
    return text.several(address, result, size, lambda at: text.struct(row, at), "result")


def _sched_attr_set(
    text: Text, address: int, _count: int | None, _beside: Arguments, _result: int | None
) -> str:
    """How a task is to be scheduled: as much as the struct says itself that it has (sched_setattr(2))."""
    size = text.integer(address, 4)
    if 0 < size < _SCHED_ATTR_SIZE_VER0:
        return f"{{size={size}}}"
    row = text.row("sched_attr_set")
    whole = row.size(text.bits)
    known = whole if size >= whole else _SCHED_ATTR_SIZE_VER0
    shown = text.fields(row, text.read(address, known).ljust(whole, b"\0"), None, known)
    return shown[:-1] + ", ..." * (size > whole) + "}"


def _sched_attr_got(
    text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None
) -> str:
    """How a task is scheduled, as much of it as there was room for."""
    row, size = text.row("sched_attr"), beside["usize"]
    whole = row.size(text.bits)
    if not size:
        return f"{address:#x}"
    return text.fields(row, text.read(address, min(size, whole)).ljust(whole, b"\0"))


SPECIAL: Final[Mapping[str, Special]] = {
    "file_dedupe_range": shared_ranges,
    "sched_attr_got": _sched_attr_got,
    "sched_attr_set": _sched_attr_set,
    "seccomp_filters": _seccomp_filters,
    "pending_signals": _pending,
    "host_name": _host_name,
    "directory_path": _directory_path,
    "thread_area": _thread_area,
    "key_capabilities": _key_capabilities,
    "v4l2_ext_controls": controls,
    "perf_event_attr": lambda text, address, _count, _beside, _result: attributes(text, address),
    "bpf_program": _bpf_program,
    "bpf_name": _bpf_name,
    "bpf_symbols": _bpf_symbols,
    "font_characters": _font_characters,
    "font_pixels": _font_pixels,
    "sent": _sent,
    "seccomp_program": _seccomp_program,
    "xattr_value": _xattr_value,
    "cap_data": _capabilities,
    "aio_requests": requests,
    "interface_request": request,
    "interfaces": listed,
    "bridged": bridged,
    "bridge_name": lambda text, address, _count, _beside, _result: text.string(address, _NAME_MOST + 1),
    "aio_request": cancelled,
    "key_text": _key_text,
    "key_bytes": _key_bytes,
    "sock_fprog": _filter,
    "task_name": _task_name,
    "residency": _residency,
    "keyctl_in": _keyctl_bytes(4),
    "keyctl_in2": _keyctl_bytes(8),
    "keyctl_out": _keyctl_bytes(8),
    "sockaddr": lambda text, address, count, _beside, _result: socket_address(text, address, count),
    "message_sent": sent,
    "message_received": received,
    "messages_sent": several_sent,
    "messages_received": several_received,
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

BEFORE: Final[Mapping[str, Callable[[Text, int, Arguments], Mapping[str, int]]]] = {
    "message_received": lambda text, address, _beside: lengths_before(text, address, 1),
    "messages_received": lambda text, address, beside: lengths_before(
        text, address, min(beside["vlen"], _MOST_MESSAGES)
    ),
    "file_handle": _handle_before,
    "interfaces": length_before,
}
"""What is noted of a struct before a call fills it, as more arguments beside the call's."""
IN_FAILURE: Final = frozenset(
    {
        "message_received",
        "messages_sent",
        "file_handle",
        "interface_request",
        "interfaces",
        "v4l2_ext_controls",
        "thread_area",
    }
)
"""Structs that are looked at though the call has failed."""
