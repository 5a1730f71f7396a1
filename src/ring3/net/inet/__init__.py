"""AF_INET and AF_INET6 on the machine's own loopback: TCP, UDP and what they share (net/ipv4, net/ipv6 of Linux 6.x).

No packets are made: what one socket sends, the other one has at once, as on Linux's loopback, where a call's packets
are dealt with before it returns. The network ends at the loopback interface; other addresses are unreachable.
"""
