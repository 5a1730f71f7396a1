"""Structs that strace shows in another way by the call that they are given to: the same memory under other names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from ring3.abi.linux import structs
from ring3.abi.structs import Struct
from ring3.trace.strace import families

_SAME: Final = {
    "msqid_ds_set": "msqid_ds", "msqid_ds_set32": "msqid_ds32", "semid_ds_set": "semid_ds",
    "semid_ds_set32": "semid_ds32", "shmid_ds_set": "shmid_ds", "shmid_ds_set32": "shmid_ds32",
    "user_desc_sized": "user_desc", "sched_attr_set": "sched_attr",
}  # fmt: skip
"""What each of them is."""


_OWN: Final = (
    Struct(
        "tpacket_req",
        """
        unsigned int tp_block_size: size
        unsigned int tp_block_nr: count
        unsigned int tp_frame_size: size
        unsigned int tp_frame_nr: count
        """,
    ),
    Struct(
        "quota_info",
        """
        u64 dqi_bgrace
        u64 dqi_igrace
        u32 dqi_flags: flags quota_info_flags
        u32 dqi_valid: flags quota_info_valid
        """,
    ),
    Struct(
        "keyctl_pkey_verify",
        """
        int key_id: key
        u32 in_len: size
        u32 in2_len: size
        u32 __spare[7]: spare
        """,
    ),
)
"""Structs of which strace has another notion than the headers."""


@cache
def every() -> Mapping[str, Struct]:
    """All structs by name: those of `ring3.abi.linux.structs`, these, and those of `families`."""
    found = dict(structs.every())
    for name, of in _SAME.items():
        base = found[of]
        text = base.text
        embedded = list(base.embedded.values())
        if name.removesuffix("32").endswith("_set"):
            embedded = [Struct(f"{row.name}_set", row.text) for row in embedded]
            text = re.sub(r"struct (\w+)", r"struct \1_set", text)
        found[name] = Struct(name, text, *embedded, packed=base.packed, widths=base.widths)
    found.update((row.name, row) for row in _OWN)
    found.update(families.described())
    return found
