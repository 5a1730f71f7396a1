"""The capture file, as libpcap writes it (pcap-savefile(5)): packets of IP without anything around them."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any, Final

from ring3.errors import UserError
from ring3.kernel import points
from ring3.kernel.randomness import SeededBytes
from ring3.net.flows import Flows

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Carried

MAGIC: Final = 0xA1B2_C3D4
VERSION: Final = (2, 4)
LONGEST: Final = 262144
"""Bytes of a packet that are kept at most: all of them."""
LINKTYPE_RAW: Final = 101


class Capture:
    """Writes what the sockets of a machine send and receive from now on; each packet is in the file at once."""

    def __init__(self, kernel: Kernel[Any], path: str) -> None:
        """Begins the file.

        Args:
            kernel: The machine's.
            path: A file of the host, which is written anew.

        Raises:
            UserError: It cannot be written.
        """
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
        self._path = path
        self._kernel = kernel
        self._flows = Flows(SeededBytes(0))  # not the machine's, which would go on otherwise
        self._write(struct.pack("<IHHiIII", MAGIC, *VERSION, 0, 0, LONGEST, LINKTYPE_RAW))
        self._attachment = kernel.probes.attach(points.Packet(), self._carried)

    def _carried(self, carried: Carried) -> None:
        seconds, rest = divmod(self._kernel.clocks.realtime(), 10**9)
        self._write(
            b"".join(
                struct.pack("<IIII", seconds, rest // 1000, len(packet), len(packet)) + packet
                for packet in self._flows.packets(carried)
            )
        )

    def _write(self, data: bytes) -> None:
        """Writes whole packets; where the host has no room for more, the capture ends there."""
        if self._fd < 0:
            return
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            self._kernel.log(f"{self._path}: {error.strerror}: no more packets are written")
            os.close(self._fd)
            self._fd = -1

    def close(self) -> None:
        """Ends the file."""
        self._attachment.detach()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
