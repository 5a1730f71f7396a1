"""Rules of injection as they are written, and what strace says of those that are wrong."""

from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.errors import UserError
from ring3.trace.inject.parse import parse, remarks
from ring3.trace.inject.rule import FOREVER, Moments, Poke


def test_errors_and_values() -> None:
    assert parse("read:error=EIO").error == E.EIO
    assert parse("read:error=4095").error == 4095
    assert parse("read", is_fault=True).error == E.ENOSYS
    assert parse("read:retval=0x10").value == 16
    assert parse("read:signal=SIGUSR1:delay_enter=2ms:delay_exit=1.5")[6:10] == (10, "", 2_000_000, 1500)
    assert parse("read:poke_enter=@arg2=6162,@arg1=00").poke_enter == (Poke(1, b"ab"), Poke(0, b"\0"))


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("3", [3]), ("3+", [3, 4, 5, 6, 7, 8, 9]), ("2+3", [2, 5, 8]), ("2..4", [2, 3, 4]), ("1..6+2", [1, 3, 5]),
        ("1+65535", [1]),
    ],
)  # fmt: skip
def test_moments(text: str, counts: list[int]) -> None:
    moments = parse(f"read:error=1:when={text}").moments
    assert [count for count in range(1, 10) if moments.include(count)] == counts
    assert Moments().last == FOREVER


def test_which_calls() -> None:
    rule = parse("%file,close:error=1")
    assert rule.calls("open", 64)
    assert rule.calls("close", 32)
    assert not rule.calls("read", 64)


@pytest.mark.parametrize(
    "text",
    [
        "read", "read:", "read:error=0", "read:error=4096", "read:error=ENONE", "read:retval=x",
        "read:error=1:retval=2", "read:error=1:error=2", "read:signal=65", "read:signal=NONE", "read:when=1",
        "read:error=1:when=0", "read:error=1:when=65536", "read:error=1:when=4..3", "read:error=1:when=1..65535",
        "read:error=1:when=1+0", "read:error=1:when=1..2..3", "read:delay_enter=1m", "read:delay_exit=-1",
        "read:poke_enter=arg1=00", "read:poke_enter=@arg8=00", "read:poke_exit=@arg1=0", "read:poke_exit=@arg1=xx",
        "read:poke_exit=@arg1=00,@arg1=11", "read:syscall=write", "read:prob=2", "read:short=-1", "read:if=fd",
        "read:error=1:if=path~(", "read:nothing=1",
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_as_strace_says_it(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    assert str(caught.value) == f"invalid inject argument '{text}'"
    assert caught.value.status == 1


def test_faults_are_errors_alone() -> None:
    with pytest.raises(UserError, match="invalid fault argument 'read:retval=1'"):
        parse("read:retval=1", is_fault=True)


@pytest.mark.parametrize(
    ("text", "said"), [("", ""), ("::", ""), (":error=1", "error=1"), ("read,x:error=1", "x")]
)
def test_wrong_calls_are_said_as_strace_says_it(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    assert str(caught.value) == f"invalid system call '{said}'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-1", "Inadvertent injection of error 1 is possible for retval=18446744073709551615"),
        (
            "0xfffff001",
            "Inadvertent injection of error 4095 is possible in compat personality for retval=4294963201",
        ),
        ("0x100000001", "Injected return value 4294967297 will be clipped to 1 in compat personality"),
    ],
)
def test_values_that_programs_see_otherwise_are_remarked_on(text: str, said: str) -> None:
    assert remarks(parse(f"read:retval={text}")) == [said]


def test_numbers_as_strtoull_and_strtod_have_them() -> None:
    rule = parse("read:retval=010:delay_enter=1e3:when=+2..+9+:signal=sigrt_1:")
    assert (rule.value, rule.delay_enter, rule.signal) == (8, 10**6, 33)
    assert rule.moments == Moments(2, 9, 1)
