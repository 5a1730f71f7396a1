"""Fields and structs of `families` with a text of their own, and arrays whose length is no field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.trace.addresses import ipv6
from ring3.trace.strace import tables
from ring3.trace.strace.naming import styled
from ring3.trace.strace.netlink_special import of_family
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.socket_addresses import in4, in6
from ring3.trace.strace.style import InHex, Names

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


def _hardware(_text: Text, raw: bytes, _numbers: Numbers) -> str:
    return raw.hex(":")


def _both_ways(_text: Text, raw: bytes, _numbers: Numbers) -> str:
    """Counts of what has come and what has gone."""
    come, gone = (int.from_bytes(part, "little") for part in (raw[:8], raw[8:]))
    return f"[[BR_MCAST_DIR_RX]={come}, [BR_MCAST_DIR_TX]={gone}]"


def _port(text: Text, raw: bytes, _numbers: Numbers) -> str:
    return styled(text.style.names, f"htons({int.from_bytes(raw, 'big')})", quoted(raw, InHex.ALL))


def _address4(text: Text, raw: bytes, _numbers: Numbers) -> str:
    """An address of IPv4 that has the room of one of IPv6."""
    return styled(text.style.names, in4(text, raw[:4]), quoted(raw, InHex.ALL))


def _address6(name: str) -> Callable[[Text, bytes, Numbers], str]:
    def shown(text: Text, raw: bytes, _numbers: Numbers) -> str:
        if text.style.names is Names.ABBREV:
            return in6(text, raw, name)
        return f"{name}={styled(text.style.names, ipv6(raw), quoted(raw, InHex.ALL))}"

    return shown


def _padded_hex(_text: Text, raw: bytes, _numbers: Numbers) -> str:
    """What C's ``%#08x`` writes."""
    number = int.from_bytes(raw, "little")
    return f"{number:#08x}" if number else "0" * 8


def _unless_zeros(_text: Text, raw: bytes, _numbers: Numbers) -> str | None:
    return quoted(raw, InHex.ALL) if any(raw) else None


def _mdb_address(text: Text, raw: bytes) -> str:
    """An address of a multicast group, whose protocol is a family here."""
    family = int.from_bytes(raw[16:18], "big")
    shown = of_family(text, family, raw[:16], "u")
    return f"{{{shown}, proto=htons({text.named(tables.sets()['family'], family)})}}"


STRUCTS: Final[Mapping[str, Callable[[Text, bytes], str]]] = {
    "uuid": _uuid,
    "v4l2_fract": _fraction,
    "btrfs_subvol_flags": _subvolume,
    "br_mdb_address": _mdb_address,
}
"""By the name of the struct."""
FIELDS: Final[Mapping[tuple[str, str], Callable[[Text, bytes, Numbers], str | None]]] = {
    ("btrfs_features_supported", "supported"): _features("supported"),
    ("btrfs_features_supported", "safe_set"): _features("safe to set"),
    ("btrfs_features_supported", "safe_clear"): _features("safe to clear"),
    ("btrfs_dev_stats", "values"): _statistics,
    ("ndt_config", "ndtc_hash_mask"): _padded_hex,
    ("ifla_port_vsi", "pad"): _unless_zeros,
    ("ifla_vf_mac", "mac"): _hardware,
    ("ifla_vf_broadcast", "broadcast"): _hardware,
    ("ifla_bridge_id", "addr"): _hardware,
    **dict.fromkeys(
        (
            (row, name)
            for row in ("inet_diag_sockid", "inet_diag_sockid6")
            for name in ("idiag_sport", "idiag_dport")
        ),
        _port,
    ),
    ("inet_diag_sockid", "idiag_src"): _address4,
    ("inet_diag_sockid", "idiag_dst"): _address4,
    ("inet_diag_sockid6", "idiag_src"): _address6("idiag_src"),
    ("inet_diag_sockid6", "idiag_dst"): _address6("idiag_dst"),
    **dict.fromkeys(
        (
            ("br_mcast_stats", name)
            for name in (
                "igmp_v1queries",
                "igmp_v2queries",
                "igmp_v3queries",
                "igmp_leaves",
                "igmp_v1reports",
                "igmp_v2reports",
                "igmp_v3reports",
                "mld_v1queries",
                "mld_v2queries",
                "mld_leaves",
                "mld_v1reports",
                "mld_v2reports",
                "mcast_bytes",
                "mcast_packets",
            )
        ),
        _both_ways,
    ),
}
"""By the names of the struct and of the field."""
COUNTS: Final[Mapping[tuple[str, str], Callable[[Numbers], int]]] = {
    ("ptp_sys_offset", "ts"): lambda numbers: 2 * numbers["n_samples"] + 1,
}
"""How many elements of an array count, by the names of the struct and of the field."""
