"""Structs that strace shows in another way by the call that they are given to: the same memory under other names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from ring3.abi.linux import structs
from ring3.abi.structs import Struct

_SAME: Final = {
    "msqid_ds_set": "msqid_ds", "msqid_ds_set32": "msqid_ds32", "semid_ds_set": "semid_ds",
    "semid_ds_set32": "semid_ds32", "shmid_ds_set": "shmid_ds", "shmid_ds_set32": "shmid_ds32",
    "ifreq_dstaddr": "ifreq_address", "ifreq_broadaddr": "ifreq_address", "ifreq_netmask": "ifreq_address",
    "ifreq_metric": "ifreq_number", "ifreq_mtu": "ifreq_number", "ifreq_qlen": "ifreq_number",
}  # fmt: skip
"""What each of them is."""
_RENAMED: Final = {"ifreq_address": "ifr_addr", "ifreq_number": "ifr_value"}
"""The field whose name follows from the struct's."""


@cache
def every() -> Mapping[str, Struct]:
    """All structs by name: those of `ring3.abi.linux.structs`, and these."""
    found = dict(structs.every())
    for name, of in _SAME.items():
        base = found[of]
        text = base.text
        if of in _RENAMED:
            text = text.replace(_RENAMED[of], name.replace("ifreq", "ifr"))
        found[name] = Struct(name, text, *base.embedded.values(), packed=base.packed, widths=base.widths)
    return found
