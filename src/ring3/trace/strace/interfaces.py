"""Requests about network interfaces (netdevice(7)) as strace writes them: what of them counts follows from the command.

What a command that failed would have answered is not shown.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.trace.strace import tables
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.socket_addresses import address_of, hardware_address
from ring3.trace.strace.socket_messages import FAILED, readable

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_SIZES: Final = {64: 40, 32: 32}
"""Bytes of a request by the program's width (``struct ifreq`` of linux/if.h)."""
_NAME: Final = 16
_ADDRESS: Final = 16
_HARDWARE: Final = {1: 6, 772: 6}
"""Bytes of the addresses of interfaces of a kind, ARPHRD_ETHER and ARPHRD_LOOPBACK; others fill the room there is."""
_GETS_NAME: Final = 0x8910
_LENGTH_BEFORE: Final = "ifc_len before"

Arguments = Mapping[str, int]


def request(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
    """A request that is answered in its place, or that sets something."""
    raw = text.read(address, _SIZES[text.bits])
    has_failed = result is None or result == FAILED
    command = beside["cmd"] & 0xFFFF_FFFF
    name, value = raw[:_NAME], raw[_NAME:]
    if command == _GETS_NAME:
        shown = [
            f"ifr_ifindex={_number(value)}",
            *([] if has_failed else [f"ifr_name={_name(text, name)}"]),
        ]
    else:
        label, show = _VALUES[command]
        is_shown = command in _SETS or not has_failed
        shown = [f"ifr_name={_name(text, name)}", *([f"{label}={show(text, value)}"] if is_shown else [])]
    return "{" + ", ".join(shown) + "}"


def bridged(text: Text, address: int, _count: int | None, _beside: Arguments, _result: int | None) -> str:
    """A request that is about an interface by its number."""
    raw = text.read(address, _SIZES[text.bits])
    return f"{{ifr_ifindex={text.interface(_number(raw[_NAME:]))}}}"


def listed(text: Text, address: int, _count: int | None, beside: Arguments, result: int | None) -> str:
    """The interfaces that have addresses, as many as there is room for."""
    word = text.bits // 8
    length = _number(text.read(address, 4))
    buffer = text.integer(address + word, word)
    before = beside.get(_LENGTH_BEFORE, length)
    shown = _length(text, before) + (f" => {_length(text, length)}" if before != length else "")
    inside = f"{buffer:#x}" if buffer else "NULL"
    if result not in (None, FAILED):
        inside = readable(buffer, lambda at: _interfaces(text, at, length))
    return f"{{ifc_len={shown}, ifc_buf={inside}}}"


def length_before(text: Text, address: int, _beside: Arguments) -> dict[str, int]:
    """How much room there is for interfaces, before a call says how much it has used."""
    return {_LENGTH_BEFORE: _number(text.read(address, 4))}


def _length(text: Text, length: int) -> str:
    """A number of bytes, and of how many requests it is, if of whole ones."""
    count, rest = divmod(length, _SIZES[text.bits])
    is_whole = count > 0 and not rest
    return f"{length} /* {count} * sizeof(struct ifreq) */" if is_whole else str(length)


def _interfaces(text: Text, address: int, length: int) -> str:
    size = _SIZES[text.bits]
    return text.several(address, max(length, 0) // size, size, lambda at: _listed_one(text, at), "ifc_len")


def _listed_one(text: Text, address: int) -> str:
    raw = text.read(address, _NAME + _ADDRESS)
    return f"{{ifr_name={_name(text, raw[:_NAME])}, ifr_addr={address_of(text, raw[_NAME:])}}}"


def _name(text: Text, raw: bytes) -> str:
    before, null, _ = raw.partition(b"\0")
    return quoted(before, text.in_hex) if null else quoted(raw[:-1], text.in_hex) + "..."


def _number(raw: bytes) -> int:
    return int.from_bytes(raw[:4], "little", signed=True)


def _address(text: Text, raw: bytes) -> str:
    return address_of(text, raw[:_ADDRESS])


def _hardware(text: Text, raw: bytes) -> str:
    kind = int.from_bytes(raw[:2], "little")
    host = raw[2:_ADDRESS]
    shown = text.named(tables.sets()["arp_hardware"], kind)
    return f"{{sa_family={shown}, sa_data={hardware_address(host[: _HARDWARE.get(kind, len(host))])}}}"


def _flags(text: Text, raw: bytes) -> str:
    return text.named(tables.sets()["interface"], int.from_bytes(raw[:2], "little"))


def _map(text: Text, raw: bytes) -> str:
    start, end, base, irq, dma, port = struct.unpack_from("<QQHBBB" if text.bits == 64 else "<IIHBBB", raw)
    numbers = {"mem_start": start, "mem_end": end, "base_addr": base, "irq": irq, "dma": dma, "port": port}
    shown = [f"{name}={number:#x}" if number else f"{name}=0" for name, number in numbers.items()]
    return "{" + ", ".join(shown) + "}"


def _string(text: Text, raw: bytes) -> str:
    return _name(text, raw[:_NAME])


def _plain(_text: Text, raw: bytes) -> str:
    return str(_number(raw))


_VALUES: Final[Mapping[int, tuple[str, Callable[[Text, bytes], str]]]] = {
    **dict.fromkeys((0x8913, 0x8914), ("ifr_flags", _flags)),
    **dict.fromkeys((0x8915, 0x8916), ("ifr_addr", _address)),
    **dict.fromkeys((0x8917, 0x8918), ("ifr_dstaddr", _address)),
    **dict.fromkeys((0x8919, 0x891A), ("ifr_broadaddr", _address)),
    **dict.fromkeys((0x891B, 0x891C), ("ifr_netmask", _address)),
    **dict.fromkeys((0x891D, 0x891E), ("ifr_metric", _plain)),
    **dict.fromkeys((0x8921, 0x8922), ("ifr_mtu", _plain)),
    0x8923: ("ifr_newname", _string),
    **dict.fromkeys((0x8924, 0x8927, 0x8931, 0x8932, 0x8937), ("ifr_hwaddr", _hardware)),
    **dict.fromkeys((0x8929, 0x8930), ("ifr_slave", _string)),
    0x8933: ("ifr_ifindex", _plain),
    **dict.fromkeys((0x8942, 0x8943), ("ifr_qlen", _plain)),
    **dict.fromkeys((0x8970, 0x8971), ("ifr_map", _map)),
}
"""What a command is about, by its number (linux/sockios.h)."""
_SETS: Final = frozenset(
    {
        0x8914, 0x8916, 0x8918, 0x891A, 0x891C, 0x891E, 0x8922, 0x8923, 0x8924, 0x8930, 0x8931, 0x8932, 0x8937, 0x8943,
        0x8971,
    }
)  # fmt: skip
"""Those that set it."""
