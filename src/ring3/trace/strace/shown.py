"""Which fields of structs strace shows, and in which order, where that is not all of them in theirs."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple


class Shown(NamedTuple):
    """What is shown of a struct.

    Attributes:
        fields: These fields, in this order.
        more: Whether there are others, which are shown only if all are asked for.
    """

    fields: tuple[str, ...]
    more: bool


_STAT: Final = Shown(("st_mode", "st_size"), more=True)
_ACTION: Final = Shown(("sa_handler", "sa_mask", "sa_flags", "sa_restorer"), more=False)

SHOWN: Final = {
    "stat": _STAT,
    "stat32": _STAT,
    "stat64": _STAT,
    "old_stat": _STAT,
    "statx": Shown(("stx_mask", "stx_attributes", "stx_mode", "stx_size"), more=True),
    "new_utsname": Shown(("sysname", "nodename"), more=True),
    "rusage": Shown(("ru_utime", "ru_stime"), more=True),
    "sigaction": _ACTION,
    "sigaction32": _ACTION,
    "old_sigaction": _ACTION,
}
"""By the name of the struct (from runs of strace 6.1)."""

SIZE_OF_DEVICE: Final = {"st_size": "st_rdev"}
"""What stands for a field where the mode says that the file is a device."""
