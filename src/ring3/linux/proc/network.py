"""The texts of /proc/net: sockets, interfaces, routes (net/ipv4/tcp_ipv4.c, net/unix/af_unix.c and their like)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_UNIX, State
from ring3.net.inet.address import Endpoint, wide
from ring3.net.inet.base import InetSocket
from ring3.net.inet.tcp import TcpSocket
from ring3.net.netlink.socket import NetlinkSocket
from ring3.net.unix.base import UnixSocket

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem

ACCEPTS: Final = 0x10000
"""The flag of a socket of AF_UNIX that listens (__SO_ACCEPTCON)."""


def _address(end: Endpoint, family: int) -> str:
    """A host in words of the machine's byte order, and a port."""
    host = end.host if family == AF_INET else wide(end.host)
    words = (int.from_bytes(host[at : at + 4], "little") for at in range(0, len(host), 4))
    return "".join(f"{word:08X}" for word in words) + f":{end.port:04X}"


def _inet(sockets: Iterable[InetSocket], family: int) -> str:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    if family == AF_INET6:
        columns = f"{'local_address':<38}{'remote_address':<38}"
        head = f"  sl  {columns}st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    rows = [head]
    for number, socket in enumerate(socket for socket in sockets if socket.family == family):
        other = socket.remote or Endpoint(socket.any_host, 0)
        ends = f"{_address(socket.local, family)} {_address(other, family)}"
        received, waiting = socket.queue_sizes()
        rows.append(
            f"{number:4}: {ends} {socket.state:02X} {0 if socket.listens else waiting:08X}:{received:08X} "
            f"00:00000000 00000000 {socket.owner[0]:5} {0:8} {socket.ino} 1 0000000000000000"
        )
    return "".join(f"{row:<149}\n" if family == AF_INET else f"{row}\n" for row in rows)


def _tcp(kernel: LinuxSystem, family: int) -> str:
    return _inet(kernel.network.tcp, family)


def _udp_lite(kernel: LinuxSystem, family: int) -> str:
    return _inet(kernel.network.udp_lite, family)


def _udp(kernel: LinuxSystem, family: int) -> str:
    return _inet(kernel.network.udp, family)


def _unix(kernel: LinuxSystem) -> str:
    rows = ["Num       RefCount Protocol Flags    Type St Inode Path\n"]
    sockets = [
        socket for socket in kernel.network.sockets if isinstance(socket, UnixSocket) and not socket.dead
    ]
    for socket in sorted(sockets, key=lambda socket: socket.ino):
        flags = ACCEPTS if socket.listens else 0
        state = 3 if socket.state == State.ESTABLISHED else 1
        path = socket.address[2:].rstrip(b"\0") if socket.inode_bound is not None else socket.address[2:]
        name = " " + os.fsdecode(path.replace(b"\0", b"@")) if path else ""
        users = 2 + (socket.peer is not None)
        rows.append(
            f"{0:016}: {users:08X} {0:08X} {flags:08X} {socket.kind:04X} {state:02X} {socket.ino:5}{name}\n"
        )
    return "".join(rows)


def _netlink(kernel: LinuxSystem) -> str:
    head = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
    zeros = f"{0:<8} {0:<8} {0:<5} {2:<8} {0:<8}"
    return head + "".join(
        f"{0:016} {socket.protocol:<3} {socket.port:<10} {socket.groups:08x} {zeros} {socket.ino:<8}\n"
        for socket in kernel.network.sockets
        if isinstance(socket, NetlinkSocket) and socket.port
    )


def _dev(kernel: LinuxSystem) -> str:
    """Interfaces; packets are not counted, for none are made."""
    head = (
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|"
        "bytes    packets errs drop fifo colls carrier compressed\n"
    )
    zeros = f"{0:8}{0:8}{0:5}{0:5}{0:5}{0:6}{0:11}{0:10} {0:8}{0:8}{0:5}{0:5}{0:5}{0:6}{0:8}{0:11}"
    return head + "".join(
        f"{os.fsdecode(found.name):>6}: {zeros}\n" for found in kernel.network.interfaces.rows
    )


def _if_inet6(kernel: LinuxSystem) -> str:
    return "".join(
        f"{one.host.hex()} {found.number:02x} {one.prefix:02x} 10 80 {os.fsdecode(found.name):>8}\n"
        for found in kernel.network.interfaces.rows
        for one in found.addresses
        if one.family == AF_INET6
    )


def _route(kernel: LinuxSystem) -> str:
    """The main table, which is empty."""
    head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
    return f"{head:<127}\n"


def _arp(kernel: LinuxSystem) -> str:
    return "IP address       HW type     Flags       HW address            Mask     Device\n"


def _sockstat(kernel: LinuxSystem) -> str:
    """How many sockets of each kind there are."""
    network = kernel.network
    used = sum(1 for socket in network.sockets if socket.refs or socket.family == AF_UNIX)
    tcp = [socket for socket in network.tcp if isinstance(socket, TcpSocket)]
    waiting = sum(socket.expires is not None for socket in tcp)
    return (
        f"sockets: used {used}\nTCP: inuse {len(tcp) - waiting} orphan 0 tw {waiting} alloc {len(tcp)} mem 0\n"
        f"UDP: inuse {sum(1 for _ in network.udp)} mem 0\nUDPLITE: inuse {sum(1 for _ in network.udp_lite)}\n"
        "RAW: inuse 0\nFRAG: inuse 0 memory 0\n"
    )


def _snmp(kernel: LinuxSystem) -> str:
    """The counters of RFC 2011: connections of TCP that there are; packets are not counted, for none are made."""
    connected = (State.ESTABLISHED, State.CLOSE_WAIT)
    established = sum(isinstance(one, TcpSocket) and one.state in connected for one in kernel.network.tcp)
    known = CONSTANTS | {"CurrEstab": established}
    rows = []
    for name, columns in re.findall(r"(\w+): ([^:]+)\n", SNMP):
        values = " ".join(str(known.get(column, 0)) for column in columns.split())
        rows.append(f"{name}: {' '.join(columns.split())}\n{name}: {values}\n")
    return "".join(rows)


SNMP: Final = """
Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers
OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates
OutTransmits
Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps
InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost
OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps
OutAddrMasks OutAddrMaskReps
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs
RetransSegs InErrs OutRsts InCsumErrors
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
"""
"""What is counted by each protocol, in order (net/ipv4/proc.c)."""
CONSTANTS: Final = {
    "Forwarding": 2, "DefaultTTL": 64, "RtoAlgorithm": 1, "RtoMin": 200, "RtoMax": 120_000, "MaxConn": -1,
}  # fmt: skip
"""Values among the counters that say how things are set."""


TEXTS: Final[dict[bytes, Callable[[LinuxSystem], str]]] = {
    b"arp": _arp,
    b"dev": _dev,
    b"if_inet6": _if_inet6,
    b"netlink": _netlink,
    b"raw": lambda kernel: _inet((), AF_INET),
    b"raw6": lambda kernel: _inet((), AF_INET6),
    b"route": _route,
    b"snmp": _snmp,
    b"sockstat": _sockstat,
    b"tcp": lambda kernel: _tcp(kernel, AF_INET),
    b"tcp6": lambda kernel: _tcp(kernel, AF_INET6),
    b"udp": lambda kernel: _udp(kernel, AF_INET),
    b"udp6": lambda kernel: _udp(kernel, AF_INET6),
    b"udplite": lambda kernel: _udp_lite(kernel, AF_INET),
    b"udplite6": lambda kernel: _udp_lite(kernel, AF_INET6),
    b"unix": _unix,
}
"""The files in /proc/PID/net."""
