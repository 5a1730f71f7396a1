"""Capture files of what sockets send and receive, for tcpdump and Wireshark.

Sockets inside of the machine make no packets, and those of the host do not show theirs. So packets are made of what is
carried (`points.Packet`): `ring3.net.flows` numbers the bytes of each connection as TCP does, and acknowledges them;
`capture` writes the file. What depends on a real network is not there: retransmission, windows, delays, other people's
packets.
"""

from ring3.trace.pcap.capture import Capture

__all__ = ["Capture"]
