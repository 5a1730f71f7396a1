"""Solaris on x64: its system calls by family, its door, its traps, and the system that its programs live in.

Belongs here: what only Solaris does. Does not: what any kernel on this machine needs (kernel/, fs/, net/, loader/), nor
what is data (abi/solaris). A family of calls lives in one file; ``definition`` is how a kernel function is defined,
``table`` which calls there are. ``process`` and ``task`` are state; ``view`` builds the tree of files, of which
``userland`` has the sources and, built, the programs. Left out so far: job control, doors that are more than a refusal.
"""
