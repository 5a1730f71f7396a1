"""Solaris on x64: its system calls by family, its door, its traps.

Belongs here: what only Solaris does. Does not: what any kernel on this machine needs (kernel/, fs/, loader/), nor what
is data (abi/solaris). A family of calls lives in one file; ``definition`` is how a kernel function is defined,
``table`` which calls there are. Left out so far: processes, threads, signal handlers, files by name, 32-bit programs.
"""
