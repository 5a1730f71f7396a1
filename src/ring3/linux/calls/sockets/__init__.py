"""Calls on sockets: what they take from user memory and give back; what sockets do is in `ring3.net`."""
