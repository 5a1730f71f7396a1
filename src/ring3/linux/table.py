"""Which calls there are: importing this module defines them all."""

from ring3.linux import (
    altstack,
    clone,
    execve,
    exit,
    files,
    identity,
    limits,
    memory,
    random,
    read_write,
    rusage,
    sessions,
    signal_calls,
    threads,
    time,
    tls,
    uname,
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
    random,
    read_write,
    rusage,
    sessions,
    signal_calls,
    threads,
    time,
    tls,
    uname,
    wait_child,
)
"""The modules that define calls."""
