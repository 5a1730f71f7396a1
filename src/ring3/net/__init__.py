"""Sockets: the families, what lies between two sockets of one machine, and the machine's network interfaces.

Belongs here: socket objects and what their operations do, states of connections, ports and names, netlink's answers.
Does not: system calls, which translate their arguments and come here; the texts of /proc/net.

A `socket.Socket` is an open file: read, write, poll and epoll find there what any file has. As all files it never
blocks: what cannot be done now raises `WouldBlock`. `network.Network` is what all sockets of a machine share.
"""
