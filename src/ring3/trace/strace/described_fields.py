"""Fields and structs of `families` with a text of their own, and arrays whose length is no field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.trace.strace import tables

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

Numbers = Mapping[str, int]


def _uuid(_text: Text, raw: bytes) -> str:
    shown = raw.hex()
    return "-".join((shown[:8], shown[8:12], shown[12:16], shown[16:20], shown[20:]))


def _fraction(_text: Text, raw: bytes) -> str:
    """A fraction of two numbers."""
    return "/".join(str(int.from_bytes(part, "little")) for part in (raw[:4], raw[4:]))


def _subvolume(text: Text, raw: bytes) -> str:
    """Flags that strace shows without brackets."""
    return text.named(tables.sets()["btrfs_snap_flags"], int.from_bytes(raw, "little"))


def _features(remark: str) -> Callable[[Text, bytes, Numbers], str]:
    def shown(text: Text, raw: bytes, _numbers: Numbers) -> str:
        return f"{text.fields(text.row('btrfs_feature_flags'), raw)} /* {remark} */"

    return shown


def _statistics(text: Text, raw: bytes, numbers: Numbers) -> str:
    """Counts of a device's errors, each behind its name."""
    of = tables.sets()["btrfs_dev_stat"]
    count = min(numbers["nr_items"], len(raw) // 8)
    values = (int.from_bytes(raw[8 * at : 8 * at + 8], "little") for at in range(count))
    return "[" + ", ".join(f"[{text.named(of, at)}]={value}" for at, value in enumerate(values)) + "]"


STRUCTS: Final[Mapping[str, Callable[[Text, bytes], str]]] = {
    "uuid": _uuid,
    "v4l2_fract": _fraction,
    "btrfs_subvol_flags": _subvolume,
}
"""By the name of the struct."""
FIELDS: Final[Mapping[tuple[str, str], Callable[[Text, bytes, Numbers], str]]] = {
    ("btrfs_features_supported", "supported"): _features("supported"),
    ("btrfs_features_supported", "safe_set"): _features("safe to set"),
    ("btrfs_features_supported", "safe_clear"): _features("safe to clear"),
    ("btrfs_dev_stats", "values"): _statistics,
}
"""By the names of the struct and of the field."""
COUNTS: Final[Mapping[tuple[str, str], Callable[[Numbers], int]]] = {
    ("ptp_sys_offset", "ts"): lambda numbers: 2 * numbers["n_samples"] + 1,
}
"""How many elements of an array count, by the names of the struct and of the field."""
