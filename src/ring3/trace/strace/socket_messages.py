"""Messages of sendmsg(2), recvmsg(2) and their like: names, buffers and control messages (cmsg(3))."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.meaning import Meaning
from ring3.trace.strace import tables
from ring3.trace.strace.netlink import messages as netlink_messages
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.scalar_text import signed
from ring3.trace.strace.scalars import SCALARS
from ring3.trace.strace.socket_addresses import address_of, in4, socket_address

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_SOL_IP: Final = 0
_SOL_SOCKET: Final = 1
_TYPES: Final = {_SOL_SOCKET: "cmsg_socket", _SOL_IP: "cmsg_ip"}
"""The sets that types of control messages are of, by level."""
_MOST: Final = 4096
"""Bytes of control messages that are looked at."""
FAILED: Final = -1
"""For a result: the call has failed, and what it would have filled is as it was."""
_BEFORE: Final = "msg_namelen before "
"""What `lengths_before` calls the length of a message's name, with the message's number behind it."""

Arguments = Mapping[str, int]


def lengths_before(text: Text, address: int, count: int) -> dict[str, int]:
    """How much room the names of messages have, before a call fills them."""
    row = text.row("msghdr" if count == 1 else "mmsghdr")
    place = text.row("msghdr").offset("msg_namelen", text.bits)
    found = {}
    try:
        for at in range(count):
            found[f"{_BEFORE}{at}"] = text.integer(address + at * row.size(text.bits) + place, 4)
    except Errno:
        pass
    return found


def sent(text: Text, address: int, _count: int | None, beside: Arguments, _result: int | None) -> str:
    """The message of sendmsg(2)."""
    return _message(text, address, beside, None, None)


def received(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
    """The message of recvmsg(2); of one that has not come the length of its name alone."""
    if result is None or result == FAILED:
        numbers = _numbers(text, address)
        return f"{{msg_namelen={signed(numbers['msg_namelen'])}}}"
    return _message(text, address, beside, beside.get(_BEFORE + "0"), result)


def several_sent(text: Text, address: int, count: int | None, beside: Arguments, result: int | None) -> str:
    """The messages of sendmmsg(2), of which the first ones have been sent."""
    size = text.row("mmsghdr").size(text.bits)

    def one(at: int) -> str:
        is_sent = (at - address) // size < (result or 0)
        return _of_several(text, at, _message(text, at, beside, None, None), is_counted=is_sent)

    return text.several(address, count, size, one, "vlen")


def several_received(
    text: Text, address: int, count: int | None, beside: Arguments, _result: int | None
) -> str:
    """The messages that recvmmsg(2) has received."""
    size = text.row("mmsghdr").size(text.bits)

    def one(at: int) -> str:
        filled = text.integer(at + text.row("mmsghdr").offset("msg_len", text.bits), 4)
        before = beside.get(f"{_BEFORE}{(at - address) // size}")
        return _of_several(text, at, _message(text, at, beside, before, filled), is_counted=True)

    return text.several(address, count, size, one, "vlen")


def _of_several(text: Text, address: int, message: str, *, is_counted: bool) -> str:
    length = text.integer(address + text.row("mmsghdr").offset("msg_len", text.bits), 4)
    return f"{{msg_hdr={message}" + f", msg_len={length}" * is_counted + "}"


def _numbers(text: Text, address: int) -> dict[str, int]:
    row = text.row("msghdr")
    values = row.values(text.bits, text.read(address, row.size(text.bits)))
    return {name: value for name, value in values.items() if isinstance(value, int)}


def _message(text: Text, address: int, beside: Arguments, before: int | None, filled: int | None) -> str:
    """A message.

    Args:
        text: Of its program.
        address: Where it is.
        beside: The arguments of the call.
        before: How much room its name had, where it has been received.
        filled: Bytes that have come into its buffers, None for one that is sent.
    """
    numbers = _numbers(text, address)
    length = signed(numbers["msg_namelen"])
    room = length if before is None else min(length, signed(before))
    shown = f"{length}" if before in (None, numbers["msg_namelen"]) else f"{signed(before or 0)} => {length}"
    fields = [
        f"msg_name={readable(numbers['msg_name'], lambda at: socket_address(text, at, room))}",
        f"msg_namelen={shown}",
        f"msg_iov={readable(numbers['msg_iov'], lambda at: _buffers(text, at, numbers, beside, filled))}",
        f"msg_iovlen={numbers['msg_iovlen']}",
    ]
    size = numbers["msg_controllen"]
    if size:
        control = readable(numbers["msg_control"], lambda at: control_messages(text, at, size))
        fields.append(f"msg_control={control}")
    flags = text.named(tables.sets()["msg"], numbers["msg_flags"])
    return "{" + ", ".join([*fields, f"msg_controllen={size}", f"msg_flags={flags}"]) + "}"


def readable(address: int, show: Callable[[int], str]) -> str:
    """What is at an address; the address where nothing can be read."""
    if not address:
        return "NULL"
    try:
        return show(address)
    except Errno:
        return f"{address:#x}"


def _buffers(text: Text, address: int, numbers: Arguments, beside: Arguments, filled: int | None) -> str:
    """The buffers, with what is in them."""
    row, word, left = text.row("iovec"), text.bits // 8, filled or 0
    protocol = text.netlink(beside["fd"] & 0x7FFF_FFFF)

    def one(at: int) -> str:
        nonlocal left
        base, length = map(int, row.unpack(text.bits, text.read(at, 2 * word)))
        size = length
        if filled is not None:
            size = min(left, length)
            left -= size

        def bytes_of(start: int) -> str:
            return (
                text.bytes_at(start, size)
                if protocol is None
                else netlink_messages(text, start, size, protocol)
            )

        return f"{{iov_base={readable(base, bytes_of)}, iov_len={length}}}"

    return text.several(address, numbers["msg_iovlen"], row.size(text.bits), one, "msg_iovlen")


# -- control messages ----------------------------------------------------------------------------------------------


def control_messages(text: Text, address: int, size: int) -> str:
    """The messages in a buffer of control data.

    Raises:
        Errno: It cannot be read.
    """
    row = text.row("cmsghdr")
    head, word = row.size(text.bits), text.bits // 8
    if size < head:
        return f"{address:#x}"
    raw = text.read(address, min(size, _MOST))
    found: list[str] = []
    at = 0
    while at + head <= len(raw):
        length, level, kind = map(int, row.unpack(text.bits, raw[at:]))
        found.append(_control_message(text, level, kind, length, raw[at + head : at + length]))
        at += max(length + -length % word, head)
        if length < head:
            break
    more = f", ... /* {address + at:#x} */" if at < len(raw) else ""
    return f"[{', '.join(found)}{more}]"


def _control_message(text: Text, level: int, kind: int, length: int, data: bytes) -> str:
    sets = tables.sets()
    of = sets.get(_TYPES.get(level, ""))
    shown = text.named(of, kind) if of is not None else f"{kind:#x}" if kind else "0"
    fields = [
        f"cmsg_len={length}",
        f"cmsg_level={text.named(sets['socket_level'], level)}",
        f"cmsg_type={shown}",
    ]
    show = _DATA.get((level, kind))
    carried = show(text, data) if show is not None and data else ""
    return "{" + ", ".join([*fields, *([f"cmsg_data={carried}"] if carried else [])]) + "}"


def _numbers_of(form: str, show: Callable[[Text, int], str]) -> Callable[[Text, bytes], str]:
    """Writes an array of numbers."""
    size = struct.calcsize(form)

    def text_of(text: Text, data: bytes) -> str:
        values = struct.iter_unpack("<" + form, data[: len(data) - len(data) % size])
        return f"[{', '.join(show(text, value) for (value,) in values)}]" if len(data) >= size else ""

    return text_of


def _struct(name: str, *, times: int = 1) -> Callable[[Text, bytes], str]:
    """Writes a struct, or so many of them; nothing where there are too few bytes."""

    def text_of(text: Text, data: bytes) -> str:
        row = text.row(name)
        size = row.size(text.bits)
        if len(data) < times * size:
            return ""
        each = [text.fields(row, data[at : at + size]) for at in range(0, times * size, size)]
        return each[0] if times == 1 else f"[{', '.join(each)}]"

    return text_of


def _packet_info(text: Text, data: bytes) -> str:
    if len(data) < 12:
        return ""
    index, local, host = struct.unpack_from("<i4s4s", data)
    shown = f"ipi_spec_dst={in4(text, local)}, ipi_addr={in4(text, host)}"
    return f"{{ipi_ifindex={text.interface(index)}, {shown}}}"


def _error(text: Text, data: bytes) -> str:
    """What has gone wrong, and who has said so (ip(7), IP_RECVERR)."""
    if len(data) < 16 + 16:
        return ""
    number, origin, kind, code, _, info, extra = struct.unpack_from("<IBBBBII", data)
    shown = text.named(tables.sets()["socket_error_origin"], origin)
    return (
        f"{{ee_errno={SCALARS[Meaning.ERRNO](number)}, ee_origin={shown}, ee_type={kind}, ee_code={code}, "
        f"ee_info={info}, ee_data={extra}, offender={address_of(text, data[16:32])}}}"
    )


_BYTES: Final = _numbers_of("B", lambda _text, number: f"{number:#x}" if number else "0")
_OPTIONS: Final = _numbers_of("B", lambda _text, number: f"{number:#04x}")
_WORDS: Final = _numbers_of("I", lambda _text, number: str(number))
_DATA: Final[Mapping[tuple[int, int], Callable[[Text, bytes], str]]] = {
    (_SOL_SOCKET, 1): _numbers_of("i", lambda text, number: text.descriptor(number)),
    (_SOL_SOCKET, 2): _struct("ucred"),
    (_SOL_SOCKET, 3): lambda text, data: quoted(data, text.style.in_hex),
    (_SOL_SOCKET, 4): _numbers_of("i", lambda text, number: text.descriptor(number)),
    (_SOL_SOCKET, 29): _struct("timeval"),
    (_SOL_SOCKET, 35): _struct("timespec"),
    (_SOL_SOCKET, 37): _struct("timespec", times=3),
    (_SOL_SOCKET, 63): _struct("sock_timeval"),
    (_SOL_SOCKET, 64): _struct("timespec"),
    (_SOL_SOCKET, 65): _struct("timespec", times=3),
    (_SOL_IP, 1): _BYTES,
    (_SOL_IP, 2): _WORDS,
    (_SOL_IP, 3): lambda text, data: quoted(data, text.style.in_hex),
    (_SOL_IP, 6): _OPTIONS,
    (_SOL_IP, 7): _OPTIONS,
    (_SOL_IP, 8): _packet_info,
    (_SOL_IP, 11): _error,
    (_SOL_IP, 20): lambda text, data: address_of(text, data) if len(data) >= 16 else "",
    (_SOL_IP, 23): _WORDS,
    (_SOL_IP, 25): _WORDS,
}
"""What control messages carry, by level and type; of others nothing is shown."""
