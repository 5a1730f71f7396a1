"""Traces as truss(1) of Solaris writes them, of Solaris's programs and of Linux's.

What belongs here: truss's command line, how it writes calls, signals and faults, its counts. The format is that of
illumos's truss (usr/src/cmd/truss, and its manual page). What does not: strace's lines (`ring3.trace.strace`).
"""
