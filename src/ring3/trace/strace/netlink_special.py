"""What some attributes of netlink(7) carry that no row describes.

Sources: linux/if_link.h, linux/rtnetlink.h, linux/inet_diag.h, linux/packet_diag.h and runs of strace 6.1.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.trace.strace import tables
from ring3.trace.strace.bpf_filters import program
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.socket_addresses import address_of, in4, in6
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_GUID_BYTES: Final = (12, 16)
_SOCKADDR_BYTES: Final = 128
_FILTER_BYTES: Final = 8
_OPERATION_BYTES: Final = 4
_COMPARING: Final = range(2, 6)
"""Operations behind which there is another one, whose number they compare with (INET_DIAG_BC_S_GE to D_LE)."""
_HOST: Final = (7, 8)
_DEVICE: Final = 9
_MARK: Final = 10
_HOST_BYTES: Final = 8
_OPTION_BYTES: Final = 2
_OPTIONS: Final = (
    "recverr", "is_icsk", "freebind", "hdrincl", "mc_loop", "transparent", "mc_all", "nodefrag", "bind_address_no_port",
    "recverr_rfc4884", "defer_connect",
)  # fmt: skip
"""By the bits of struct inet_diag_sockopt."""


def _guid(text: Text, address: int, size: int) -> str | None:
    """A virtual function's identifier, whose struct is packed in some programs."""
    if size not in _GUID_BYTES:
        return None
    raw = text.read(address, size)
    return f"{{vf={int.from_bytes(raw[:4], 'little')}, guid={int.from_bytes(raw[-8:], 'little'):#x}}}"


def _htobe64(text: Text, address: int, size: int) -> str | None:
    width = 8
    return f"htobe64({int.from_bytes(text.read(address, width), 'big')})" if size >= width else None


def _filter(text: Text, address: int, size: int) -> str | None:
    """The instructions of a packet filter."""
    count = size // _FILTER_BYTES
    return program(text, address, count, is_seccomp=False) if count else None


def _sockaddrs(text: Text, address: int, size: int) -> str | None:
    count = size // _SOCKADDR_BYTES
    if not count:
        return None
    return text.several(
        address, count, _SOCKADDR_BYTES, lambda at: address_of(text, text.read(at, _SOCKADDR_BYTES)), "count"
    )


def of_family(text: Text, family: int, raw: bytes, name: str) -> str:
    """A field that is an address of a family: its bytes if there are too few."""
    if family == socket.AF_INET and len(raw) >= 4:
        return f"{name}={in4(text, raw[:4])}"
    if family == socket.AF_INET6 and len(raw) >= 16:
        return in6(text, raw[:16], name)
    shown = raw[: text.style.length]
    return f"{name}={quoted(shown, InHex.ALL)}" + "..." * (len(shown) < len(raw))


def _via(text: Text, address: int, size: int) -> str | None:
    """A gateway of another family."""
    if size < 2:
        return None
    family = text.integer(address, 2)
    shown = f"rtvia_family={text.named(tables.sets()['family'], family)}"
    if size == 2:
        return f"{{{shown}}}"
    try:
        raw = text.read(address + 2, size - 2)
    except Errno:
        return f"{{{shown}, rtvia_addr={address + 2:#x}}}"
    return f"{{{shown}, {of_family(text, family, raw, 'rtvia_addr')}}}"


def _bytecode(text: Text, address: int, size: int) -> str | None:
    """One operation of what selects sockets, and what stands behind it."""
    if size < _OPERATION_BYTES:
        return None
    row = text.row("inet_diag_bc_op")
    found = [text.struct(row, address)]
    code = text.integer(address, 1)
    address, size = address + _OPERATION_BYTES, size - _OPERATION_BYTES
    behind = None
    if code in _COMPARING and size >= _OPERATION_BYTES:
        behind = text.struct(row, address)
    elif code in _HOST and size >= _HOST_BYTES:
        behind = _host(text, address, size)
    elif code == _DEVICE and size >= 4:
        behind = text.interface(text.integer(address, 4))
    elif code == _MARK and size >= 8:
        behind = text.struct(text.row("inet_diag_markcond"), address)
    elif size:
        behind = text.bytes_at(address, size, InHex.ALL)
    return ", ".join([*found, *([behind] if behind else [])])


def _host(text: Text, address: int, size: int) -> str:
    """An address that sockets are compared with."""
    raw = text.read(address, size)
    family, length = raw[0], raw[1]
    port = int.from_bytes(raw[4:8], "little", signed=True)
    fields = [f"family={text.named(tables.sets()['family'], family)}", f"prefix_len={length}", f"port={port}"]
    if raw[8:]:
        fields.append(of_family(text, family, raw[8:], "addr"))
    return "{" + ", ".join(fields) + "}"


def _shutdown(text: Text, address: int, _size: int) -> str:
    """Which ways a socket is shut, always with both the number and its names."""
    number = text.integer(address, 1)
    names = text.named(tables.sets()["socket_shutdown"], number)
    return names if names[0] == "0" else f"{number:#x} /* {names} */"


def _options(text: Text, address: int, size: int) -> str | None:
    """A socket's options, of which those that are set are shown."""
    if size < _OPTION_BYTES:
        return None
    number = text.integer(address, _OPTION_BYTES)
    found = [f"{name}=1" for at, name in enumerate(_OPTIONS) if number >> at & 1]
    rest = number >> len(_OPTIONS)
    if rest:
        found.append(f"unused={rest:#x} /* bits 3..8 */")
    shown = "{" + ", ".join(found) + "}"
    behind = text.read(address + _OPTION_BYTES, size - _OPTION_BYTES)
    if not any(behind):
        return shown
    return (
        f"{shown}, /* bytes {_OPTION_BYTES}..{size - 1} */ {text.bytes_at(address + 2, size - 2, InHex.ALL)}"
    )


SPECIAL: Final[Mapping[str, Callable[[Text, int, int], str | None]]] = {
    "guid": _guid,
    "htobe64": _htobe64,
    "filter": _filter,
    "sockaddrs": _sockaddrs,
    "via": _via,
    "bytecode": _bytecode,
    "inet_options": _options,
    "shutdown": _shutdown,
}
"""By the name of the kind; None for what cannot be that."""
