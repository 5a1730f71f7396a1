"""`psinfo_t`, `lwpsinfo_t` and `cpuinfo_t`: what D says of processes, threads and processors, on both systems.

They are no structs of the kernel. A pointer to one is an address in a range no kernel uses, by the task's number; the
bytes are made when they are read. Sources: proc(5), the Dynamic Tracing Guide's chapters on proc and sched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ring3.abi.structs import Struct

PSINFO: Final = Struct(
    "psinfo",
    """
    int pr_nlwp
    int pr_pid
    int pr_ppid
    int pr_pgid
    int pr_sid
    unsigned int pr_uid
    unsigned int pr_euid
    unsigned int pr_gid
    unsigned int pr_egid
    char pr_dmodel
    unsigned long pr_addr
    unsigned long pr_size
    unsigned long pr_rssize
    unsigned long pr_ttydev
    long pr_start
    long pr_time
    char pr_fname[16]
    char pr_psargs[80]
    int pr_wstat
    int pr_argc
    unsigned long pr_argv
    unsigned long pr_envp
    int pr_taskid
    int pr_projid
    int pr_nzomb
    int pr_poolid
    int pr_zoneid
    int pr_contract
    """,
)
LWPSINFO: Final = Struct(
    "lwpsinfo",
    """
    int pr_flag
    int pr_lwpid
    unsigned long pr_addr
    unsigned long pr_wchan
    char pr_stype
    char pr_state
    char pr_sname
    char pr_nice
    short pr_syscall
    int pr_pri
    char pr_clname[8]
    char pr_name[16]
    int pr_onpro
    int pr_bindpro
    int pr_bindpset
    """,
)
CPUINFO: Final = Struct("cpuinfo", "int cpu_id\nint cpu_pset\nint cpu_chip\nint cpu_lgrp")
DESCRIPTIONS: Final = {
    **dict.fromkeys(("psinfo_t", "struct psinfo"), PSINFO),
    **dict.fromkeys(("lwpsinfo_t", "struct lwpsinfo"), LWPSINFO),
    **dict.fromkeys(("cpuinfo_t", "struct cpuinfo"), CPUINFO),
}
BASE: Final = 0xFFFF_EE00_0000_0000
_EACH = 0x1000
_LWP, _CPU = 0x800, 0xC00
END: Final = BASE + (_EACH << 24)
_SONPROC = 6
_LP64 = 2


def psinfo_address(tid: int) -> int:
    """Where the `psinfo_t` of a task is."""
    return BASE + tid * _EACH


def lwpsinfo_address(tid: int) -> int:
    """Where the `lwpsinfo_t` of a task is."""
    return BASE + tid * _EACH + _LWP


CPUINFO_ADDRESS: Final = BASE + _CPU


def _packed(row: Struct, values: dict[str, int | bytes]) -> bytes:
    """A struct with these fields, the others zero."""
    flat = [
        values.get(place.field.name, b"" if place.field.length is not None else 0)
        for place in row.layout(64).places
    ]
    return row.pack(64, *flat)


def read(
    address: int, size: int, task_of: Callable[[int], Any], facts: dict[str, Callable[[Any], int | bytes]]
) -> bytes:
    """Bytes of the range.

    Args:
        address: Of the first.
        size: How many.
        task_of: Gives a task by number, None if it is gone.
        facts: What is known of a task, by variable.

    Raises:
        LookupError: if nothing is there.
    """
    tid, offset = divmod(address - BASE, _EACH)
    if offset >= _CPU:
        page, offset = _packed(CPUINFO, {}), offset - _CPU
    else:
        task = task_of(tid)
        if task is None:
            raise LookupError(tid)
        known = {name: fact(task) for name, fact in facts.items() if name in _ASKED}
        page = _lwpsinfo(known) if offset >= _LWP else _psinfo(known)
        offset -= _LWP if offset >= _LWP else 0
    if offset + size > len(page):
        raise LookupError(address)
    return page[offset : offset + size]


_ASKED = frozenset(
    (
        "pid",
        "ppid",
        "uid",
        "gid",
        "euid",
        "egid",
        "tid",
        "execname",
        "psargs",
        "pgid",
        "sid",
        "nlwp",
        "curthread",
    )
)


def _psinfo(known: dict[str, int | bytes]) -> bytes:
    names = {
        "pr_pid": "pid",
        "pr_ppid": "ppid",
        "pr_uid": "uid",
        "pr_euid": "euid",
        "pr_gid": "gid",
        "pr_egid": "egid",
    }
    names |= {
        "pr_fname": "execname",
        "pr_pgid": "pgid",
        "pr_sid": "sid",
        "pr_nlwp": "nlwp",
        "pr_addr": "curthread",
    }
    values: dict[str, int | bytes] = {field: known[name] for field, name in names.items() if name in known}
    arguments = known.get("psargs", known.get("execname", b""))
    assert isinstance(arguments, bytes)
    return _packed(PSINFO, values | {"pr_psargs": arguments[:79], "pr_dmodel": _LP64})


def _lwpsinfo(known: dict[str, int | bytes]) -> bytes:
    values: dict[str, int | bytes] = {
        "pr_lwpid": known.get("tid", 0),
        "pr_name": known.get("execname", b""),
        "pr_addr": known.get("curthread", 0),
        "pr_state": _SONPROC,
        "pr_sname": ord("O"),
    }
    return _packed(LWPSINFO, values)
