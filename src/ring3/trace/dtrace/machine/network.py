"""The providers ip, tcp, udp and mib: packets, as sockets of the machine send and receive them.

A packet between two sockets of one machine is sent and received, so both probes fire. Nothing is lost here and nothing
sent twice: what counts that never fires. Sequence numbers are not kept, and read as 0.
Sources: the Dynamic Tracing Guide's chapters on ip, tcp, udp and mib; RFC 4022, 4113 and 4293 for the counters.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ring3.kernel import points
from ring3.net.inet.wire import ACK, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, RST, SYN
from ring3.trace.dtrace.machine import network_rows as rows
from ring3.trace.dtrace.machine.described import Descriptions, Fields, packed
from ring3.trace.dtrace.machine.events import typed
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, select

if TYPE_CHECKING:
    from ring3.kernel.events import Carried, End
    from ring3.kernel.probes import Attachment

_HEADER: Final = {IPPROTO_TCP: 20, IPPROTO_UDP: 8, IPPROTO_ICMP: 0}
_NAMES: Final = {IPPROTO_TCP: b"TCP", IPPROTO_UDP: b"UDP", IPPROTO_ICMP: b"ICMP"}
_IPV4_HEADER: Final = 20
_HOPS: Final = 64
_SYN_SENT, _ESTABLISHED = -2, 0
"""`tcps_state` (inet/tcp.h)."""
_IP: Final = ("pktinfo_t *", "csinfo_t *", "ipinfo_t *")


class Packet(NamedTuple):
    """Something carried, from the side of one of its ends.

    Attributes:
        event: What is carried.
        sent: It leaves this end; it arrives there otherwise.
        step: Of TCP, what it does to a connection: the name of a probe, "" for nothing.
    """

    event: Carried
    sent: bool
    step: str


class Sides:
    """Tells each packet once for every end that is the machine's, and what it does to a connection."""

    def __init__(self, tell: Callable[[Packet], None], is_ours: Callable[[bytes], bool]) -> None:
        self._tell = tell
        self._is_ours = is_ours
        self._asked: set[tuple[End, End]] = set()
        self._answered: set[tuple[End, End]] = set()

    def __call__(self, event: Carried) -> None:
        """Something is carried."""
        pair, back = (event.source, event.target), (event.target, event.source)
        sending = receiving = ""
        if event.protocol == IPPROTO_TCP:
            if event.flags & (SYN | ACK) == SYN:
                self._asked.add(pair)
                sending = "connect-request"
            elif event.flags & SYN:
                self._answered.add(pair)
                receiving = "connect-established"
            elif event.flags & RST and back in self._asked:
                sending, receiving = "accept-refused", "connect-refused"
            elif back in self._answered:
                receiving = "accept-established"
            if sending != "connect-request":
                self._asked.discard(back)
            if receiving == "accept-established":
                self._answered.discard(back)
        if self._is_ours(event.source[0]):
            self._tell(Packet(event, sent=True, step=sending))
        if self._is_ours(event.target[0]):
            self._tell(Packet(event, sent=False, step=receiving))


def _text(host: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(host) == 4 else socket.AF_INET6, host)


class NetworkProvider:
    """One of the providers: its probes, and which packets they are for."""

    def __init__(
        self,
        name: str,
        kernel: Any,  # noqa: ANN401 - the kernel of either system
        module: str,
        told: Callable[[str, Packet], tuple[int, ...] | None],
        probes: dict[str, tuple[str, ...]],
    ) -> None:
        """Make the probes with the types of what they tell; `told` gives that of a packet, None for none."""
        self.name = name
        self._kernel = kernel
        self._kernel = kernel
        self._told = told
        self._fires: dict[str, Fire] = {}
        self._watching: Attachment | None = None
        self._probes = [Probe(name, module, "", what, types=typed(types)) for what, types in probes.items()]

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        return select(description, self._probes)

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at packets: each is told to all probes before the next one is."""
        if not self._fires:
            self._watching = self._kernel.probes.attach(
                points.Packet(), Sides(self._tell, self._kernel.network.has_address)
            )
        self._fires[probe.name] = fire

        def leave() -> None:
            del self._fires[probe.name]
            if not self._fires and self._watching is not None:
                self._watching.detach()

        return leave

    def _tell(self, packet: Packet) -> None:
        for name, fire in self._fires.items():
            arguments = self._told(name, packet)
            if arguments is not None:
                fire(TaskContext(padded(arguments), packet.event.task))


def _ends(packet: Packet) -> tuple[End, End]:
    """The end whose side it is, and the other one."""
    event = packet.event
    return (event.source, event.target) if packet.sent else (event.target, event.source)


class _Described:
    """Packets as structs."""

    def __init__(self, kernel: Any, descriptions: Descriptions) -> None:  # noqa: ANN401 - that of either system
        self._kernel = kernel
        self._descriptions = descriptions

    def _is_ours(self, host: bytes) -> bool:
        return bool(self._kernel.network.has_address(host))

    def _ip(self, packet: Packet) -> list[bytes]:
        """The first three arguments, which ip, tcp and udp have in common."""
        event = packet.event
        source, target = (_text(end[0]).encode() for end in (event.source, event.target))
        length = _HEADER.get(event.protocol, 0) + len(event.data)
        version = 4 if len(event.source[0]) == 4 else 6
        fields: Fields = {"ip_ver": version, "ip_plength": length, "ip_saddr": source, "ip_daddr": target}
        owner: Fields = {"cs_pid": -1 if event.task is None else self._descriptions.fact("pid", event.task)}
        return [packed(rows.PKTINFO, {}), packed(rows.CSINFO, owner), packed(rows.IPINFO, fields)]

    def ip(self, name: str, packet: Packet) -> tuple[int, ...] | None:
        """ip:::send and receive."""
        if (name == "send") != packet.sent:
            return None
        event = packet.event
        common = self._ip(packet)
        is_v4 = len(event.source[0]) == 4
        source, target = (_text(end[0]).encode() for end in (event.source, event.target))
        length = _HEADER.get(event.protocol, 0) + len(event.data)
        local = self._is_ours(event.source[0]) and self._is_ours(event.target[0])
        interface: Fields = {"if_name": b"lo" if local else b"eth0", "if_local": local}
        four: Fields = {"ipv4_ver": 4, "ipv4_ihl": _IPV4_HEADER, "ipv4_length": _IPV4_HEADER + length}
        four |= {
            "ipv4_ttl": _HOPS,
            "ipv4_protocol": event.protocol,
            "ipv4_saddr": source,
            "ipv4_daddr": target,
        }
        four |= {"ipv4_protostr": _NAMES.get(event.protocol, b"<unknown>")}
        six: Fields = {"ipv6_ver": 6, "ipv6_plen": length, "ipv6_nexthdr": event.protocol, "ipv6_hlim": _HOPS}
        six |= {"ipv6_saddr": source, "ipv6_daddr": target}
        six |= {"ipv6_nextstr": _NAMES.get(event.protocol, b"<unknown>")}
        found = self._descriptions.place(
            *common,
            packed(rows.IFINFO, interface),
            packed(rows.IPV4INFO, four) if is_v4 else packed(rows.IPV6INFO, six),
        )
        return (*found[:4], found[4], 0) if is_v4 else (*found[:4], 0, found[4])

    def tcp(self, name: str, packet: Packet) -> tuple[int, ...] | None:
        """The probes of tcp."""
        event = packet.event
        if event.protocol != IPPROTO_TCP:
            return None
        if name not in (packet.step, "send" if packet.sent else "receive"):
            return None
        here, there = _ends(packet)
        connection: Fields = {
            "tcps_local": self._is_ours(here[0]) and self._is_ours(there[0]),
            "tcps_active": packet.step.startswith("connect"),
            "tcps_lport": here[1],
            "tcps_rport": there[1],
            "tcps_laddr": _text(here[0]).encode(),
            "tcps_raddr": _text(there[0]).encode(),
            "tcps_state": _SYN_SENT if name == "connect-request" else _ESTABLISHED,
        }
        segment: Fields = {"tcp_sport": event.source[1], "tcp_dport": event.target[1]}
        segment |= {"tcp_offset": _HEADER[IPPROTO_TCP], "tcp_flags": event.flags}
        return tuple(
            self._descriptions.place(
                *self._ip(packet), packed(rows.TCPSINFO, connection), packed(rows.TCPINFO, segment)
            )
        )

    def udp(self, name: str, packet: Packet) -> tuple[int, ...] | None:
        """udp:::send and receive."""
        event = packet.event
        if event.protocol != IPPROTO_UDP or (name == "send") != packet.sent:
            return None
        here, there = _ends(packet)
        ends: Fields = {"udps_lport": here[1], "udps_rport": there[1]}
        ends |= {"udps_laddr": _text(here[0]).encode(), "udps_raddr": _text(there[0]).encode()}
        message: Fields = {"udp_sport": event.source[1], "udp_dport": event.target[1]}
        message["udp_length"] = _HEADER[IPPROTO_UDP] + len(event.data)
        return tuple(
            self._descriptions.place(
                *self._ip(packet), packed(rows.UDPSINFO, ends), packed(rows.UDPINFO, message)
            )
        )


_ICMP: Final = {0: "EchoReps", 3: "DestUnreachs", 8: "Echos", 11: "TimeExcds"}
"""Of ICMP's types what their counters are called."""
_OPENS: Final = {
    "tcpActiveOpens": "connect-request",
    "tcpPassiveOpens": "accept-established",
    "tcpAttemptFails": "connect-refused",
}


def _counted(name: str, packet: Packet) -> tuple[int, ...] | None:
    """What a packet adds to a counter of mib; None for nothing."""
    event, way = packet.event, "Out" if packet.sent else "In"
    size = len(event.data)
    counters = {f"ipIfStatsHC{way}{'Transmits' if packet.sent else 'Receives'}": 1}
    if event.protocol == IPPROTO_TCP:
        counters[f"tcp{way}Segs"] = 1
        data = "tcpOutData" if packet.sent else "tcpInDataInorder"
        counters |= {f"{data}Bytes": size, f"{data}Segs": int(size > 0)}
        counters |= {counter: int(packet.step == step) for counter, step in _OPENS.items()}
        counters["tcpOutRsts"] = int(packet.sent and event.flags & RST != 0)
    elif event.protocol == IPPROTO_UDP:
        counters[f"udpHC{way}Datagrams"] = 1
    elif event.protocol == IPPROTO_ICMP:
        counters[f"icmp{way}Msgs"] = 1
        kind = _ICMP.get(event.data[0] if size else -1, "")
        counters[f"icmp{way}{kind}"] = 1
        counters["udpNoPorts"] = int(packet.sent and kind == "DestUnreachs")
    added = counters.get(name, 0)
    return (added,) if added else None


_MIB: Final = (
    *(f"icmp{way}{kind}" for way in ("In", "Out") for kind in ("Msgs", *_ICMP.values())),
    *("ipIfStatsHCInReceives", "ipIfStatsHCOutTransmits"),
    *_OPENS,
    *("tcpInSegs", "tcpOutSegs", "tcpOutRsts", "tcpOutDataSegs", "tcpOutDataBytes"),
    *("tcpInDataInorderSegs", "tcpInDataInorderBytes", "tcpInDataDupBytes", "tcpInDataUnorderBytes"),
    *("tcpRetransSegs", "tcpRetransBytes", "udpHCInDatagrams", "udpHCOutDatagrams"),
    *("udpInErrors", "udpInCksumErrs", "udpOutErrors", "udpNoPorts"),
)
_BOTH_WAYS: Final = ("send", "receive")
_TCP_STEPS: Final = (
    "connect-request",
    "connect-established",
    "connect-refused",
    "accept-established",
    "accept-refused",
)


def network_providers(
    kernel: Any,  # noqa: ANN401 - the kernel of either system
    descriptions: Descriptions,
    module: str,
) -> list[NetworkProvider]:
    """ip, tcp, udp and mib, whose probes are in a module."""
    described = _Described(kernel, descriptions)
    of_ip = (*_IP, "ifinfo_t *", "ipv4info_t *", "ipv6info_t *")
    of_tcp = (*_IP, "tcpsinfo_t *", "tcpinfo_t *")
    of_udp = (*_IP, "udpsinfo_t *", "udpinfo_t *")
    return [
        NetworkProvider("ip", kernel, module, described.ip, dict.fromkeys(_BOTH_WAYS, of_ip)),
        NetworkProvider(
            "tcp", kernel, module, described.tcp, dict.fromkeys((*_BOTH_WAYS, *_TCP_STEPS), of_tcp)
        ),
        NetworkProvider("udp", kernel, module, described.udp, dict.fromkeys(_BOTH_WAYS, of_udp)),
        NetworkProvider("mib", kernel, module, _counted, dict.fromkeys(_MIB, ())),
    ]
