"""Sockets of AF_PACKET, which hear what goes by an interface (packet(7), net/packet/af_packet.c of Linux 6.12).

Inside of the machine nothing is carried in packets; so they are made of what is carried, as those of captures are
(`ring3.net.flows`), while there is a socket that wants them. `tap` brings them to the sockets, `ring` into memory that
a program has mapped. What such a socket sends comes to others of its kind alone: no socket of UDP or TCP hears it.
"""
