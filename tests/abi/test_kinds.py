"""The light enumerations and named tuples beside the standard library's."""

from __future__ import annotations

import copy
import enum
import pickle
import typing
from collections.abc import Callable
from typing import Any, Self

import pytest

from ring3.abi import kinds


def numbers(base: type[Any]) -> type[Any]:
    class Number(base):  # type: ignore[misc]
        ONE = 1
        TWO = 2
        UNO = ONE

        @property
        def doubled(self) -> int:
            return 2 * self.value  # type: ignore[no-any-return]

    return Number


def with_text(base: type[Any]) -> type[Any]:
    class Texts(base):  # type: ignore[misc]
        def __new__(cls, number: int, text: str = "") -> Self:
            member = int.__new__(cls, number)
            member._value_ = number
            member.text = text
            return member

    class Error(Texts):
        FIRST = 1, "the first"
        SECOND = 2, "the second"
        SAME = FIRST

    return Error


def words(base: type[Any]) -> type[Any]:
    class Word(base):  # type: ignore[misc]
        YES = "yes"
        NO = "no"

    return Word


SHOWN: list[Callable[[Any], object]] = [
    lambda e: [(m.name, m.value) for m in e],
    len,
    lambda e: list(e.__members__),
    lambda e: [e(m.value) is m for m in e],
    lambda e: [e[m.name] is m for m in e],
    lambda e: [str(m) for m in e],
    lambda e: [repr(m) for m in e],
    lambda e: [f"{m}" for m in e],
    lambda e: [copy.deepcopy(m) is m for m in e],
    lambda e: [hash(m) for m in e if isinstance(m, int)],
]


@pytest.mark.parametrize("make", [numbers, with_text])
@pytest.mark.parametrize("name", ["IntEnum", "IntFlag"])
def test_numbers_are_those_of_the_standard_library(make: Callable[[Any], Any], name: str) -> None:
    ours, theirs = make(getattr(kinds, name)), make(getattr(enum, name))
    assert [show(ours) for show in SHOWN] == [show(theirs) for show in SHOWN]


@pytest.mark.parametrize("name", ["Enum", "StrEnum"])
def test_words_are_those_of_the_standard_library(name: str) -> None:
    ours, theirs = words(getattr(kinds, name)), words(getattr(enum, name))
    assert [show(ours) for show in SHOWN] == [show(theirs) for show in SHOWN]


def test_methods_and_attributes_of_members() -> None:
    assert numbers(kinds.IntEnum).TWO.doubled == 4
    assert with_text(kinds.IntEnum)(2).text == "the second"


def test_aliases_are_the_member_they_name() -> None:
    number = numbers(kinds.IntEnum)
    assert number.UNO is number.ONE
    assert number.UNO.name == "ONE"


@pytest.mark.parametrize("base", [kinds.IntEnum, enum.IntEnum])
def test_a_value_that_no_member_has(base: type[Any]) -> None:
    with pytest.raises(ValueError, match="7 is not a valid"):
        numbers(base)(7)
    with pytest.raises(KeyError):
        numbers(base)["SEVEN"]


def test_membership_is_by_value() -> None:
    number = numbers(kinds.IntEnum)
    assert 1 in number
    assert number.TWO in number
    assert 3 not in number


class Bits(kinds.IntFlag):
    A = 1
    B = 2
    C = 8


def test_operators_on_flags_give_plain_numbers() -> None:
    assert type(Bits.A | Bits.C) is int
    assert Bits.A | Bits.C == 9
    assert 0xF & ~Bits.B == 13


def test_composite_flags_have_a_name() -> None:
    assert Bits(9).name == "A|C"
    assert Bits(9) == 9


class Point(kinds.NamedTuple):
    """A place."""

    x: int
    y: int = 5

    def swapped(self) -> Point:
        return Point(self.y, self.x)


class Reference(typing.NamedTuple):
    x: int
    y: int = 5


@pytest.mark.parametrize("arguments", [((1,), {}), ((1, 2), {}), ((), {"x": 1}), ((1,), {"y": 3})])
def test_tuples_are_made_as_the_standard_librarys(arguments: tuple[Any, dict[str, Any]]) -> None:
    positional, named = arguments
    ours, theirs = Point(*positional, **named), Reference(*positional, **named)
    assert tuple(ours) == tuple(theirs)
    assert (ours.x, ours.y) == (theirs.x, theirs.y)
    assert ours._asdict() == theirs._asdict()
    assert tuple(ours._replace(x=9)) == tuple(theirs._replace(x=9))
    assert repr(ours).removeprefix("Point") == repr(theirs).removeprefix("Reference")
    assert hash(ours) == hash(theirs)


@pytest.mark.parametrize("arguments", [(), (1, 2, 3)])
def test_tuples_refuse_what_they_have_no_field_for(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="argument"):
        Point(*arguments)
    with pytest.raises(TypeError, match="argument"):
        Point(1)._replace(z=1)  # type: ignore[call-arg]


def test_what_a_class_of_tuples_says_of_itself() -> None:
    assert Point._fields == Reference._fields
    assert Point._field_defaults == Reference._field_defaults
    assert Point.__match_args__ == Reference.__match_args__
    assert Point.__doc__ == "A place."
    assert Point(1).swapped() == (5, 1)
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]


def test_members_and_tuples_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Bits.C)) is Bits.C
    assert pickle.loads(pickle.dumps(Point(1))) == Point(1)
