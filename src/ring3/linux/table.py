"""Which calls there are: importing this module defines them all."""

from ring3.linux import (
    altstack,
    clone,
    execve,
    exit,  # noqa: A004 -- the call's name
    files,
    identity,
    limits,
    memory,
    open,
    ptrace,
    random,
    read_write,
    rusage,
    sessions,
    signal_calls,
    stat,
    threads,
    time,
    tls,
    uname,
    vectors,
    wait_child,
)
from ring3.linux.definition import DEFINED

__all__ = ["DEFINED", "FAMILIES"]

FAMILIES = (
    altstack,
    clone,
    execve,
    exit,
    files,
    identity,
    limits,
    memory,
    open,
    ptrace,
    random,
    read_write,
    rusage,
    sessions,
    signal_calls,
    stat,
    threads,
    time,
    tls,
    uname,
    vectors,
    wait_child,
)
"""The modules that define calls."""
