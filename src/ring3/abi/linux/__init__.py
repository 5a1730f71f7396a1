"""Linux on x86: what its system calls are called with, as data.

`structs` and `sockets` (numbers of the socket interface) are light and used by handlers; `values` and `rows` are for
those who show calls and are not imported by a program that just runs.
"""
