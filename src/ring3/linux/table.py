"""Which calls there are: importing this module defines them all."""

from ring3.linux import exit, files, identity, limits, memory, random, read_write, threads, time, tls, uname
from ring3.linux.definition import DEFINED

__all__ = ["DEFINED", "FAMILIES"]

FAMILIES = (exit, files, identity, limits, memory, random, read_write, threads, time, tls, uname)
"""The modules that define calls."""
