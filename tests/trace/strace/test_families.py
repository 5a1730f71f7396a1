"""What traces alone know of structs and commands: that it holds together, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.abi.c_types import POINTER
from ring3.abi.errno import E, Errno
from ring3.abi.meaning import Arg, Meaning, When
from ring3.abi.notation import TYPES, meaning, scalar
from ring3.abi.rows import Rows
from ring3.trace.strace import families, own_structs, tables
from ring3.trace.strace.families import Described
from ring3.trace.strace.programs import Program
from ring3.trace.strace.special_structs import SPECIAL
from ring3.trace.strace.style import Style
from ring3.trace.strace.text import Text

_END = 0x2001_0000
"""Where memory ends, so that what is cut off cannot be read."""
_LINES = Path(__file__).with_name("ioctl_lines").read_text().splitlines()[1:]


def _text(memory: bytes, bits: int, *, verbose: bool = False) -> Text:
    base = _END - len(memory)

    def read(address: int, size: int) -> bytes:
        if not base <= address <= address + size <= _END:
            raise Errno(E.EFAULT)
        return memory[address - base : address - base + size]

    return Text(Program(bits, read, lambda *_: "", lambda: b"/", lambda _: b""), Style(verbose=verbose))


def _shown(row: Described, memory: bytes, *, result: int | None = 0, verbose: bool = False) -> str:
    return _text(memory, 64, verbose=verbose).struct(row, _END - len(memory), result)


def _described(lines: str, *words: str) -> Described:
    return Described("test", [line.strip() for line in lines.strip().splitlines()], {}, words)


@pytest.mark.parametrize("bits", [64, 32])
def test_arguments_of_ioctl_are_written_as_the_real_strace_writes_them(bits: int) -> None:
    row = tables.row_of("__x64_sys_ioctl" if bits == 64 else "__ia32_compat_sys_ioctl", "ioctl")
    assert row is not None
    others = []
    for line in (line for line in _LINES if line.startswith(str(bits))):
        _, command, result, dump, expected = line.split(" ", 4)
        memory = bytes.fromhex(dump)
        address = _END - len(memory)
        values = (0xFFFF_FFFF, int(command, 0), address)
        arg = row.arguments(values, tables.sets())[2].arg
        text = _text(memory, bits)
        shown = text.value(arg, address, {"fd": -1, "cmd": values[1]}, None if result == "-1" else 0)
        others += [(command, expected, shown)] * (shown != expected)
    assert not others


def _references(arg: Arg) -> Iterator[str]:
    """What an argument speaks of that is not there."""
    if arg.meaning is Meaning.VALUES and arg.of not in tables.sets():
        yield f"set {arg.of}"
    known = {**own_structs.every(), **SPECIAL}
    if arg.meaning is Meaning.STRUCT and arg.when is not None and arg.of not in known:
        yield f"struct {arg.of}"


@pytest.mark.parametrize("bits", [64, 32])
def test_structs_speak_of_what_there_is(bits: int) -> None:
    missing = []
    for name, row in families.described().items():
        places = {place.field.name: place.field for place in row.layout(bits).places}
        for field in places.values():
            if field.type.startswith("struct ") and not field.pointer:
                continue
            target = scalar(field.type, bits) if field.type in TYPES else TYPES["u64"]
            arg = meaning(field.meaning or "number", POINTER if field.pointer else target, bits, target)
            missing += [f"{name}.{field.name}: {what}" for what in _references(arg)]
            if arg.condition is not None and arg.condition.argument not in places:
                missing.append(f"{name}.{field.name}: {arg.condition.argument}")
        shown = {item.name for item in (*row.shown, *row.answer)} - {""}
        missing += [f"{name}: {item}" for item in shown if item not in places]
    assert not missing


@pytest.mark.parametrize("symbol", ["sys_ioctl", "compat_sys_ioctl"])
def test_commands_speak_of_what_there_is(symbol: str) -> None:
    row = tables.row_of(f"__x64_{symbol}", "ioctl")
    assert row is not None
    by = row.parameters[2].arg.by
    assert by is not None
    assert not {what for arg in by.values() for what in _references(arg)}


def test_a_row_adds_to_one_before_it() -> None:
    rows = Rows(["a(int b: hex)", "a(int b: number)\n    from a"], dict)
    assert rows["a"].parameters[0].arg.meaning is Meaning.NUMBER


def test_fields_are_shown_by_what_others_are() -> None:
    row = _described(
        "u32 kind\n{\nu32 small: hex if kind=1\nu64 large: number if kind!=1|2\n}\nshow kind small large"
    )
    assert row.size(64) == 16
    assert row.size(32) == 12
    assert _shown(row, bytes([1, 0, 0, 0, 0, 0, 0, 0, 16]).ljust(16, b"\0")) == "{kind=1, small=0x10}"
    assert _shown(row, bytes([3, 0, 0, 0, 0, 0, 0, 0, 16]).ljust(16, b"\0")) == "{kind=3, large=16}"
    assert _shown(row, bytes([2, 0, 0, 0, 0, 0, 0, 0, 16]).ljust(16, b"\0")) == "{kind=2}"


def test_what_is_shown_depends_on_the_result_and_on_v() -> None:
    row = _described("u8 a\nu8 b\nu8 c\nu8 d\nshow a (b) -> c\nanswer d")
    assert _shown(row, b"\1\2\3\4") == "{a=1, ..., c=3} => {d=4}"
    assert _shown(row, b"\1\2\3\4", verbose=True) == "{a=1, b=2, c=3} => {d=4}"
    assert _shown(row, b"\1\2\3\4", result=None) == "{a=1, ...}"


def test_answers_and_changes() -> None:
    row = _described("u8 a\nu8 b\nshow a=> b=?after\nanswer [b] !")
    text = _text(b"\1\2", 64)
    text.entered[_END - 2] = b"\7\2"
    assert text.struct(row, _END - 2, 0) == "{a=7 => 1} => [2]"
    assert _shown(row, b"\1\2", result=None) == "{a=1} => 0x2000fffe"


def test_arrays_are_as_long_as_a_field_says() -> None:
    row = _described("u8 count\nu8 some[4]: number[count]\nu8 more[]: bytes[count]")
    assert _shown(row, b"\2\1\2\3\4xyz") == '{count=2, some=[1, 2], more="xy"}'
    assert _shown(row, b"\x09\1\2\3\4xyz") == "{count=9, some=[1, 2, 3, 4], more=0x2000fffd}"
    words = _described("u16 count\nu16 words[]: hex[count]\nshow count words=[...]")
    assert _shown(words, b"\1\0\2\0") == "{count=1, words=[...]}"
    assert _shown(words, b"\1\0\2\0", verbose=True) == "{count=1, words=[0x2]}"
    assert _shown(words, b"\1\0", verbose=True) == "{count=1, words=0x20010000}"


def test_times_have_dates_and_bare_structs_no_names() -> None:
    dated = _described("s64 sec\nu32 nsec", "dated")
    assert _shown(dated, bytes([5]).ljust(16, b"\0")) == "{sec=5, nsec=0} /* 1970-01-01T00:00:05+0000 */"
    assert _shown(_described("u8 a\nu8 b", "bare"), b"\1\2") == "[1, 2]"


def test_a_struct_that_cannot_be_read_is_an_address() -> None:
    arg = Arg(POINTER, Meaning.STRUCT, "rtc_pll_info", when=When.ENTRY)
    assert _text(bytes(8), 64).value(arg, _END - 8, {}) == f"{_END - 8:#x}"


def test_as_much_counts_as_the_call_says() -> None:
    row = _described("u32 a\nu32 b\nshow a @4 b", "sized=size", "inside=both")
    memory = bytes([1, 0, 0, 0, 2, 0, 0, 0, 3])
    text = _text(memory, 64)
    assert text.struct(row, _END - 9, 0, 4) == "{both={a=1}}"
    assert text.struct(row, _END - 9, 0, 5) == "{both={a=1, b=2}}"
    assert text.struct(row, _END - 9, 0, 8) == "{both={a=1, b=2}}"
    assert text.struct(row, _END - 9, 0, 9) == "{both={a=1, b=2}, ...}"
    assert _text(memory, 64, verbose=True).struct(row, _END - 9, 0, 9) == (
        '{both={a=1, b=2}, extra_data="\\x03" /* bytes 8..8 */}'
    )


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (64, ", wakeup_events=0, config1=0}"),
        (65, ", wakeup_events=0, config1=0, config2=0}"),
        (96, ", wakeup_events=0, config1=0, config2=0, sample_regs_user=0}"),
    ],
)
def test_attributes_of_events_are_as_many_as_their_size_says(size: int, shown: str) -> None:
    memory = bytes([0, 0, 0, 0, size]).ljust(size, b"\0")
    attributes = _text(memory, 64, verbose=True)
    arg = Arg(POINTER, Meaning.STRUCT, "perf_event_attr", when=When.ENTRY)
    assert attributes.value(arg, _END - size, {}).endswith("sigtrap=0" + shown)
    assert _text(memory[:60], 64).value(arg, _END - 60, {}) == f"{_END - 60:#x}"
