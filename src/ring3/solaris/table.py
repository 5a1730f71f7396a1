"""Which functions there are: importing this module defines them all."""

from ring3.solaris import (
    birth,
    clocks,
    copyops,
    descriptors,
    doors,
    exece,
    exit,  # noqa: A004 -- the call's name
    fasttrap,
    files,
    files32,
    identity,
    ids,
    ioctl,
    limits,
    lwp_private,
    lwp_sync,
    lwps,
    memory,
    messages,
    modctl,
    names,
    nosys,
    polling,
    processors,
    procset,
    projects,
    rw,
    schedctl,
    scheduling,
    sendfile,
    sigcalls,
    socket_options,
    sockets,
    sockets32,
    syscall32,
    sysconfig,
    systeminfo,
    timers,
    traps,
    ucred,
    uname,
    volumes,
    waitsys,
    zones,
)
from ring3.solaris.definition import FUNCTIONS
from ring3.solaris.ipc import messages as queues
from ring3.solaris.ipc import segments, semaphores

__all__ = ["FAMILIES", "FUNCTIONS"]

FAMILIES = (
    birth, clocks, copyops, descriptors, doors, exece, exit, fasttrap, files, files32, identity, ids,
    ioctl, limits, lwp_private, lwp_sync, lwps, memory, messages, modctl, names, nosys, polling, processors, procset,
    projects, queues, rw, schedctl, scheduling, segments, semaphores, sendfile, sigcalls,
    socket_options, sockets, sockets32, syscall32, sysconfig, systeminfo, timers, traps, ucred, uname, volumes,
    waitsys, zones,
)  # fmt: skip
"""The modules that define functions."""
