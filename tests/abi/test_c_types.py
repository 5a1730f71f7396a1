"""The casts of C types are those of C: compared with what ctypes makes of the same bits."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.abi import c_types
from ring3.abi.c_types import CType

TYPES = {name: value for name, value in vars(c_types).items() if isinstance(value, CType)}
COUNTERPARTS = {
    (16, True): ctypes.c_int16,
    (16, False): ctypes.c_uint16,
    (32, True): ctypes.c_int32,
    (32, False): ctypes.c_uint32,
    (64, True): ctypes.c_int64,
    (64, False): ctypes.c_uint64,
}


def as_c_does(type_: CType, value: int) -> int:
    return int(COUNTERPARTS[type_.bits, type_.signed](value).value)


@pytest.mark.parametrize("name", TYPES)
@given(value=st.integers(0, 2**64 - 1))
def test_a_register_becomes_the_type_as_in_c(name: str, value: int) -> None:
    type_ = TYPES[name]
    assert type_.cast(value) == as_c_does(type_, value)
    assert eval(type_.cast_expression("value"), {"value": value}) == as_c_does(type_, value)


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize(
    "value", [0, 1, 0x7F, 0x80, 0x7FFF, 0x8000, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]
)
def test_the_edges_of_every_width(name: str, value: int) -> None:
    assert TYPES[name].cast(value) == as_c_does(TYPES[name], value)


@given(value=st.integers(-(2**70), 2**70))
def test_a_cast_takes_any_integer(value: int) -> None:
    for type_ in TYPES.values():
        assert type_.cast(value) == as_c_does(type_, value)


@pytest.mark.parametrize("name", TYPES)
@given(value=st.integers(0, 2**64 - 1))
def test_a_cast_of_a_cast_is_the_same(name: str, value: int) -> None:
    once = TYPES[name].cast(value)
    assert TYPES[name].cast(once) == once


def test_the_sizes_are_those_of_linux() -> None:
    assert {name: (type_.bits, type_.signed) for name, type_ in TYPES.items()} | {
        "INT": (32, True),
        "UNSIGNED_INT": (32, False),
        "LONG": (64, True),
        "UNSIGNED_LONG": (64, False),
        "SIZE_T": (64, False),
        "POINTER": (64, False),
        "OFF_T": (64, True),
        "COMPAT_LONG": (32, True),
        "COMPAT_ULONG": (32, False),
        "COMPAT_OFF_T": (32, True),
        "COMPAT_SIZE_T": (32, False),
        "MODE_T": (16, False),
        "SHORT": (16, True),
        "UNSIGNED_SHORT": (16, False),
    } == {name: (type_.bits, type_.signed) for name, type_ in TYPES.items()}


def test_every_annotation_has_one_type() -> None:
    annotations = [value for value in vars(c_types).values() if hasattr(value, "__metadata__")]
    assert len(annotations) > 15
    for annotation in annotations:
        (note,) = annotation.__metadata__
        assert isinstance(note, CType)
