"""Options as words, as values of Python, and from several sources."""

from __future__ import annotations

import pytest

from ring3.errors import UserError
from ring3.fs.view import Bind
from ring3.sandbox import OPTIONS, Sandbox, given, sandbox_of


def test_every_option_is_a_field_and_has_its_place() -> None:
    assert tuple(OPTIONS) == Sandbox._fields


def test_nothing_said_is_what_is_usual() -> None:
    assert sandbox_of(("", dict.fromkeys(OPTIONS))) == Sandbox()
    assert list(given(Sandbox())) == []


def test_values_of_python() -> None:
    found = sandbox_of(
        ("option ", {"memory": "64M", "tasks": 5, "env": {"A": "x=y"}, "bind": ["/usr:/u:ro"]})
    )
    assert found == Sandbox(memory=64 << 20, tasks=5, env=(("A", "x=y"),), bind=(Bind(b"/usr", b"/u", "ro"),))
    assert [option.flag for option in given(found)] == ["--bind", "--memory", "--tasks", "--env"]


def test_what_comes_later_counts_and_what_is_repeated_is_added() -> None:
    found = sandbox_of(
        ("a: ", {"files": 5, "env": ["A=1"], "tmpfs": ["/a"]}), ("", {"files": "6", "tmpfs": ["/b"]})
    )
    assert found == Sandbox(files=6, env=(("A", "1"),), tmpfs=(b"/a", b"/b"))


def test_the_environment() -> None:
    assert sandbox_of(("", {"env": ["A=1", "A=2"]})).environment({"B": "0"}) == {"A": "2", "B": "0"}
    assert sandbox_of(("", {"env": ["A=1"], "clear_env": True})).environment({"B": "0"}) == {"A": "1"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("memory", "1M", "--memory 1M: a size from 16M to 64G is meant, such as 512M"),
        ("memory", "12T", "--memory 12T: a size is meant, such as 512M or 2G"),
        ("tasks", 0, "--tasks 0: a number from 1 to 2147483647 is meant"),
        ("timeout", "9" * 30, f"--timeout {'9' * 30}: a number from 1 to 2147483647 is meant"),
        ("tasks", True, "--tasks: True is not what it takes"),
        ("files", "²", "--files ²: a number from 1 to 2147483647 is meant"),
        ("bind", [5], "--bind: [5] is not what it takes"),
        ("bind", ["/usr:u"], "--bind /usr:u: SRC[:DST[:ro|rw|cow]] is meant, with an absolute DST"),
        ("tmpfs", ["/"], "--tmpfs /: an absolute path below / is meant"),
        ("clear_env", "yes", "--clear-env: true or false is meant"),
        ("hostname", "h" * 65, f"--hostname {'h' * 65}: 1 to 64 bytes are meant"),
        ("root", "/no/where", "--root /no/where: no such file or directory"),
        ("env", ["=1"], "--env =1: NAME=VALUE is meant"),
    ],
)
def test_what_makes_no_sense_is_said(name: str, value: object, message: str) -> None:
    with pytest.raises(UserError) as raised:
        sandbox_of(("", {name: value}))
    assert str(raised.value) == message
