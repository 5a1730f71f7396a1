"""A trampoline hands on what it gets, whatever the signature, and leaves no trace behind."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from ring3.kernel.trampoline import original, trampoline


def plain(a: int, b: int = 2) -> object:
    return a, b


def of_every_kind(a: int, b: int, /, c: int, *rest: int, d: int = 3, e: int, **more: int) -> object:
    return a, b, c, rest, d, e, more


def named(*, only: int = 1) -> object:
    return only


def closure() -> Callable[..., object]:
    kept, other = [7], [8]

    def inner(a: int) -> object:
        return kept, other, a

    return inner


class Thing:
    def __repr__(self) -> str:
        return "a thing"

    def method(self, a: int = 4) -> object:
        return super().__init__(), a, repr(self)


CALLS: list[tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]] = [
    (plain, (1,), {}),
    (plain, (), {"b": 5, "a": 6}),
    (of_every_kind, (1, 2, 3), {"e": 4}),
    (of_every_kind, (1, 2, 3, 4, 5), {"e": 6, "d": 7, "f": 8, "g": 9}),
    (named, (), {}),
    (named, (), {"only": 2}),
    (closure(), (1,), {}),
    (Thing.method, (Thing(),), {}),
    (lambda a: a, (3,), {}),
]


@pytest.mark.parametrize(("function", "arguments", "keywords"), CALLS)
def test_every_argument_arrives(
    function: FunctionType, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    expected = function(*arguments, **keywords)
    code, seen = function.__code__, []
    copy = original(function, code)

    def target(*given: object, **by_name: object) -> object:
        seen.append((given, by_name))
        return copy(*given, **by_name)

    function.__code__ = trampoline(code, target)
    try:
        assert repr(function(*arguments, **keywords)) == repr(expected)
        assert len(seen) == 1
    finally:
        function.__code__ = code
    assert repr(function(*arguments, **keywords)) == repr(expected)
    assert len(seen) == 1


def test_a_wrong_call_fails_as_it_would_without() -> None:
    code = plain.__code__
    with pytest.raises(TypeError) as without:
        plain()  # type: ignore[call-arg]
    plain.__code__ = trampoline(code, lambda *_: None)
    try:
        with pytest.raises(TypeError) as watched:
            plain()  # type: ignore[call-arg]
    finally:
        plain.__code__ = code
    assert str(watched.value) == str(without.value)
