"""From one typed function come the layers that Linux's SYSCALL_DEFINE makes."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.abi import tbl
from ring3.abi.c_types import BufferIn, FdArg, Int, Long, Mode, OffT, Pointer, SizeT, UnsignedInt
from ring3.kernel.signature import Support
from ring3.linux.definition import DEFINED, Layer, Layers, Syscall, syscall
from ring3.linux.table import DEFINED as ALL

X64 = ("di", "si", "dx", "r10", "r8", "r9")
IA32 = ("bx", "cx", "dx", "si", "di", "bp")
REGISTERS = dict.fromkeys((*X64, *IA32), 0)


def sys_example(task: Any, fd: FdArg, buf: BufferIn, count: SizeT) -> int:  # noqa: ANN401
    """An example."""
    return cast(int, (task, fd, buf, count))


def sys_wide(task: Any, a: Int, b: UnsignedInt, c: Long, d: Mode, e: OffT, f: SizeT) -> int:  # noqa: ANN401
    """One with six arguments of six types."""
    return cast(int, (a, b, c, d, e, f))


def defined(function: Any) -> Syscall:  # noqa: ANN401
    return Syscall(function.__name__, function, Support.FULL, "")


def layers(function: Any) -> Layers:  # noqa: ANN401
    return Layers(defined(function))


def answer(layer: Layer, **values: int) -> object:
    """What a layer gives for user registers with these values."""
    return layer(None, registers(**values))


def registers(**values: int) -> Any:  # noqa: ANN401
    return SimpleNamespace(**(REGISTERS | values))


@pytest.fixture
def definitions() -> Iterator[None]:
    before = dict(DEFINED)
    yield
    DEFINED.clear()
    DEFINED.update(before)


def test_the_layers_are_the_macros_expansion() -> None:
    assert defined(sys_example).source == (
        "def __x64_sys_example(task, regs, _rsi=0):\n"
        "    return __se_sys_example(task, regs.di, regs.si, regs.dx)\n"
        "\n"
        "def __ia32_sys_example(task, regs, _rsi=0):\n"
        "    return __se_sys_example(task, regs.bx & 0xffffffff, regs.cx & 0xffffffff, regs.dx & 0xffffffff)\n"
        "\n"
        "def __se_sys_example(task, fd, buf, count):\n"
        "    return __do_sys_example(task, fd & 0xffffffff, buf, count)\n"
    )


def test_the_64_bit_layer_takes_its_registers_in_order() -> None:
    layer = layers(sys_wide).entry("__x64_sys_wide")
    values = {name: number for number, name in enumerate(X64, 1)}
    assert answer(layer, **values) == (1, 2, 3, 4, 5, 6)


def test_the_32_bit_layer_takes_its_own_registers_in_order() -> None:
    layer = layers(sys_wide).entry("__ia32_sys_wide")
    values = {name: number for number, name in enumerate(IA32, 1)}
    assert answer(layer, **values) == (1, 2, 3, 4, 5, 6)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6))
def test_arguments_are_cast_as_c_does(values: list[int]) -> None:
    definition = defined(sys_wide)
    types = [parameter.type for parameter in definition.parameters]
    made = Layers(definition)
    wide = answer(made.entry("__x64_sys_wide"), **dict(zip(X64, values, strict=True)))
    assert wide == tuple(type_.cast(value) for type_, value in zip(types, values, strict=True))
    narrow = answer(made.entry("__ia32_sys_wide"), **dict(zip(IA32, values, strict=True)))
    assert narrow == tuple(type_.cast(value & 0xFFFFFFFF) for type_, value in zip(types, values, strict=True))


def test_the_task_is_passed_through() -> None:
    task = object()
    assert cast(Any, layers(sys_example).entry("__x64_sys_example")(task, registers()))[0] is task


def test_each_layer_can_be_called_and_replaced_by_name() -> None:
    made = layers(sys_wide)
    assert made.namespace["__se_sys_wide"](None, 2**32 + 1, -1 & 2**64 - 1, 3, 2**16, 5, 6) == (
        1,
        2**32 - 1,
        3,
        0,
        5,
        6,
    )
    made.namespace["__do_sys_wide"] = lambda task, *arguments: 99
    assert answer(made.entry("__x64_sys_wide")) == 99
    made.namespace["__se_sys_wide"] = lambda task, *arguments: 98
    assert answer(made.entry("__ia32_sys_wide")) == 98


def test_two_kernels_have_layers_of_their_own() -> None:
    definition = defined(sys_wide)
    one, other = Layers(definition), Layers(definition)
    one.namespace["__do_sys_wide"] = lambda task, *arguments: 1
    assert answer(other.entry("__x64_sys_wide")) == (0,) * 6


def test_an_argument_without_a_type_is_refused() -> None:
    def sys_bad(task: object, fd: int) -> int:
        return fd

    with pytest.raises(TypeError, match="sys_bad: argument fd has no C type"):
        _ = defined(sys_bad).parameters


def test_more_than_six_arguments_are_refused() -> None:
    def sys_bad(task: object, a: Int, b: Int, c: Int, d: Int, e: Int, f: Int, g: Int) -> int:
        return a

    with pytest.raises(TypeError, match="sys_bad: more than six arguments"):
        _ = defined(sys_bad).source


@pytest.mark.usefixtures("definitions")
def test_a_definition_is_found_under_its_entry_point() -> None:
    syscall("partial", "a note")(sys_example)
    definition = DEFINED["sys_example"]
    assert (definition.entry, definition.support, definition.note) == (
        "sys_example",
        Support.PARTIAL,
        "a note",
    )
    with pytest.raises(ValueError, match="sys_example is defined already"):
        syscall("full")(sys_example)


@pytest.mark.usefixtures("definitions")
def test_a_handler_has_the_name_of_an_entry_point() -> None:
    def example(task: object) -> int:
        return 0

    with pytest.raises(ValueError, match="sys_NAME or compat_sys_NAME"):
        syscall("full")(example)


@pytest.mark.usefixtures("definitions")
def test_variants_are_the_same_function_told_its_width() -> None:
    def sys_wide(task: object, a: Long, b: SizeT, c: Pointer, *, bits: int = 64) -> int:
        return bits if a == -1 and b == 0xFFFF_FFFF else 0

    syscall("full", compat_sys_wide=32, sys_wide_time32=32)(sys_wide)
    compat, other = DEFINED["compat_sys_wide"], DEFINED["sys_wide_time32"]
    assert [parameter.type.bits for parameter in compat.parameters] == [32, 32, 64]
    assert [parameter.type.bits for parameter in other.parameters] == [64, 64, 64]
    answer = Layers(compat).entry("__ia32_compat_sys_wide")
    registers: Any = SimpleNamespace(bx=0xFFFF_FFFF, cx=0xFFFF_FFFF, dx=0)
    assert answer(cast(Any, None), registers) == 32
    with pytest.raises(ValueError, match="compat_sys_wide is defined already"):
        syscall("full", compat_sys_wide=32)(sys_example)


# -- every call that there is --------------------------------------------------------------------------------------

ENTRIES = {
    slot.symbol.removeprefix("__x64_").removeprefix("__ia32_")
    for abi in (tbl.Abi.X86_64, tbl.Abi.I386)
    for slot in tbl.sys_call_table(abi)
}


@pytest.mark.parametrize("entry", sorted(ALL))
def test_every_call_is_one_of_the_tables_and_has_typed_arguments(entry: str) -> None:
    definition = ALL[entry]
    assert entry in ENTRIES
    assert definition.support in (Support.FULL, Support.PARTIAL)
    assert definition.note or definition.support is Support.FULL
    assert len(definition.parameters) <= 6
    assert definition.function.__doc__
    namespace = Layers(definition).namespace
    assert {f"__x64_{entry}", f"__ia32_{entry}", f"__se_{entry}", f"__do_{entry}"} <= set(namespace)
