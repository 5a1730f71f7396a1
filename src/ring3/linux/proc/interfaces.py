"""Network interfaces in /sys (Documentation/ABI/testing/sysfs-class-net and -statistics)."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

from ring3.abi.errno import E, Errno
from ring3.linux.proc.devices import Device, Devices
from ring3.net.interfaces import IFF_LOWER_UP, IFF_RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.pseudo import PseudoDirectory, PseudoFileSystem
    from ring3.linux.model.system import LinuxSystem
    from ring3.net.interfaces import Interface

HOME: Final = b"devices/virtual/net"
LINKED: Final = b"class/net"

COUNTED: Final = (
    "collisions", "multicast", "rx_bytes", "rx_compressed", "rx_crc_errors", "rx_dropped", "rx_errors",
    "rx_fifo_errors", "rx_frame_errors", "rx_length_errors", "rx_missed_errors", "rx_nohandler",
    "rx_over_errors", "rx_packets", "tx_aborted_errors", "tx_bytes", "tx_carrier_errors",
    "tx_compressed", "tx_dropped", "tx_errors", "tx_fifo_errors", "tx_heartbeat_errors", "tx_packets",
    "tx_window_errors",
)  # fmt: skip
"""As in /proc/net/dev, all stay 0: no packets are made."""


def _hardware(found: Interface) -> str:
    return ":".join(f"{byte:02x}" for byte in found.hardware)


def _unknown(found: Interface) -> NoReturn:
    """Nobody can tell of an interface that no cable is behind (__ethtool_get_link_ksettings)."""
    raise Errno(E.EINVAL)


FACTS: Final[dict[bytes, Callable[[Interface], object]]] = {
    b"addr_assign_type": lambda found: 0,
    b"addr_len": lambda found: len(found.hardware),
    b"address": _hardware,
    b"broadcast": _hardware,
    b"carrier": lambda found: int(bool(found.flags & IFF_LOWER_UP)) if found.is_up else _unknown(found),
    b"carrier_changes": lambda found: 0,
    b"dev_id": lambda found: "0x0",
    b"dev_port": lambda found: 0,
    b"dormant": lambda found: 0 if found.is_up else _unknown(found),
    b"duplex": _unknown,
    b"flags": lambda found: f"0x{found.flags & ~(IFF_RUNNING | IFF_LOWER_UP):x}",
    b"ifalias": lambda found: "",
    b"ifindex": lambda found: found.number,
    b"iflink": lambda found: found.number,
    b"link_mode": lambda found: 0,
    b"mtu": lambda found: found.mtu,
    b"name_assign_type": lambda found: 2,
    b"netdev_group": lambda found: 0,
    b"operstate": lambda found: "unknown" if found.is_up else "down",
    b"speed": _unknown,
    b"tx_queue_len": lambda found: found.queue_length,
    b"type": lambda found: found.kind,
    b"uevent": lambda found: f"INTERFACE={os.fsdecode(found.name)}\nIFINDEX={found.number}",
    **{b"statistics/" + name.encode(): lambda found: 0 for name in COUNTED},
}
"""What each tells."""


def _device(found: Interface) -> Device:
    return Device(FACTS, partial(_told, found))


def _told(found: Interface, path: bytes) -> object:
    return FACTS[path](found)


def directories(kernel: LinuxSystem, fs: PseudoFileSystem) -> dict[bytes, Callable[[], PseudoDirectory]]:
    """The directories of /sys that are about network interfaces, by path."""

    def found() -> dict[bytes, Device]:
        return {row.name: _device(row) for row in kernel.network.interfaces.rows}

    def names() -> dict[bytes, bytes]:
        return {row.name: row.name for row in kernel.network.interfaces.rows}

    return Devices(fs, HOME, LINKED, found, {LINKED: names}).directories()
