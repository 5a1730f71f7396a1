"""What perf_event_open(2) is asked for, as strace writes it (linux/perf_event.h)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ring3.trace.strace import tables

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_LEAST: Final = 64
"""Bytes of the first version of ``struct perf_event_attr``, which a size of 0 stands for."""
_FORM: Final = struct.Struct("<IIQQQQQIIQQQQIIQIHHIIQQQ")
_NAMES: Final = (
    "type", "size", "config", "sample_period", "sample_type", "read_format", "flags", "wakeup", "bp_type", "config1",
    "config2", "branch_sample_type", "sample_regs_user", "sample_stack_user", "clockid", "sample_regs_intr",
    "aux_watermark", "sample_max_stack", "__reserved_2", "aux_sample_size", "aux_action", "sig_data", "config3",
    "config4",
)  # fmt: skip
_FLAGS: Final = (
    "disabled", "inherit", "pinned", "exclusive", "exclude_user", "exclude_kernel", "exclude_hv", "exclude_idle",
    "mmap", "comm", "freq", "inherit_stat", "enable_on_exec", "task", "watermark", "precise_ip", "", "mmap_data",
    "sample_id_all", "exclude_host", "exclude_guest", "exclude_callchain_kernel", "exclude_callchain_user", "mmap2",
    "comm_exec", "use_clockid", "context_switch", "write_backward", "namespaces", "ksymbol", "bpf_event", "aux_output",
    "cgroup", "text_poke", "build_id", "inherit_thread", "remove_on_exec", "sigtrap",
)  # fmt: skip
"""Flags by their bits."""
_FREQ: Final = 1 << 10
_WATERMARK: Final = 1 << 14
_PRECISE: Final = 15
_USE_CLOCKID: Final = 1 << 25
_RESERVED: Final = 38
_SKIDS: Final = ("arbitrary skid", "constant skid", "requested to have 0 skid", "must have 0 skid")
_HARDWARE, _SOFTWARE, _TRACEPOINT, _CACHE, _BREAKPOINT = 0, 1, 2, 3, 5
_BRANCH_STACK: Final = 1 << 11
_STACK_USER: Final = 1 << 13

Numbers = Mapping[str, int]


def attributes(text: Text, address: int) -> str:
    """The attributes of an event, as many as their size says.

    Raises:
        Errno: They cannot be read.
    """
    size = text.integer(address + 4, 4)
    if 0 < size < _LEAST:
        return f"{address:#x}"
    size = size or _LEAST
    known = min(size, _FORM.size)
    given = dict(zip(_NAMES, _FORM.unpack(text.read(address, known).ljust(_FORM.size, b"\0")), strict=True))
    parts = [*_first(text, given), *_flags(given["flags"], all_of_them=text.style.verbose)]
    if not text.style.verbose:
        return "{" + ", ".join([*parts, "..."]) + "}"
    parts += [shown for start, shown in _rest(text, given) if size > start]
    if size > _FORM.size and any(text.read(address + _FORM.size, size - _FORM.size)):
        parts.append("...")
    return "{" + ", ".join(parts) + "}"


def _first(text: Text, given: Numbers) -> Iterator[str]:
    sets = tables.sets()
    yield f"type={text.named(sets['perf_type'], given['type'])}"
    yield f"size={text.named(sets['perf_attr_size'], given['size'])}"
    yield f"config={_config(text, given['type'], given['config'])}"
    yield f"sample_{'freq' if given['flags'] & _FREQ else 'period'}={given['sample_period']}"
    yield f"sample_type={text.named(sets['perf_sample'], given['sample_type'])}"
    yield f"read_format={text.named(sets['perf_read'], given['read_format'])}"


def _config(text: Text, kind: int, number: int) -> str:
    """Which event it is, by the type of events."""
    sets = tables.sets()
    if kind == _SOFTWARE:
        return text.named(sets["perf_software"], number)
    if kind == _TRACEPOINT:
        return str(number)
    if kind not in (_HARDWARE, _CACHE):
        return _hex(number)
    high = number >> 32
    parts = [f"{high:#x}<<32"] if high else []
    number &= 0xFFFF_FFFF
    if kind == _HARDWARE:
        return "|".join([*parts, text.named(sets["perf_hardware"], number)])
    parts += [f"{number >> 24:#x}<<24"] if number >> 24 else []
    for of, shift in (("perf_cache_result", 16), ("perf_cache_operation", 8)):
        parts.append(f"{text.named(sets[of], number >> shift & 0xFF)}<<{shift}")
    return "|".join([*parts, text.named(sets["perf_cache"], number & 0xFF)])


def _flags(number: int, *, all_of_them: bool) -> Iterator[str]:
    """The flags that are set, or all; how precise the instruction's address is in any case."""
    for bit, name in enumerate(_FLAGS):
        if bit == _PRECISE:
            precise = number >> bit & 3
            yield f"{name}={precise} /* {_SKIDS[precise]} */"
        elif name and (all_of_them or number >> bit & 1):
            yield f"{name}={number >> bit & 1}"
    if number >> _RESERVED:
        yield f"__reserved_1={number >> _RESERVED:#x} /* Bits 63..{_RESERVED} */"


def _rest(text: Text, given: Numbers) -> Iterator[tuple[int, str]]:
    """What is behind the flags, each with where it begins."""
    sets = tables.sets()
    yield 48, f"wakeup_{'watermark' if given['flags'] & _WATERMARK else 'events'}={given['wakeup']}"
    if given["type"] == _BREAKPOINT:
        yield 52, f"bp_type={text.named(sets['hw_breakpoint_type'], given['bp_type'])}"
        yield 56, f"bp_addr={_hex(given['config1'])}"
        yield 64, f"bp_len={given['config2']}"
    else:
        yield 56, f"config1={_hex(given['config1'])}"
        yield 64, f"config2={_hex(given['config2'])}"
    if given["sample_type"] & _BRANCH_STACK:
        yield 72, f"branch_sample_type={text.named(sets['perf_branch'], given['branch_sample_type'])}"
    yield 80, f"sample_regs_user={_hex(given['sample_regs_user'])}"
    if given["sample_type"] & _STACK_USER:
        yield 88, f"sample_stack_user={_hex(given['sample_stack_user'])}"
    if given["flags"] & _USE_CLOCKID:
        yield 92, f"clockid={text.named(sets['clock'], given['clockid'])}"
    yield 96, f"sample_regs_intr={_hex(given['sample_regs_intr'])}"
    yield 104, f"aux_watermark={given['aux_watermark']}"
    yield 108, f"sample_max_stack={given['sample_max_stack']}"
    yield 112, f"aux_sample_size={given['aux_sample_size']}"
    yield 120, f"sig_data={_hex(given['sig_data'])}"
    yield 128, f"config3={_hex(given['config3'])}"
    yield 136, f"config4={_hex(given['config4'])}"


def _hex(number: int) -> str:
    return f"{number:#x}" if number else "0"
