"""Declarations with meanings, and what is refused."""

from __future__ import annotations

import pytest

from ring3.abi.meaning import Meaning, When
from ring3.abi.notation import parameter


def test_a_declaration_gives_type_and_meaning() -> None:
    fd = parameter("unsigned int fd: fd")
    assert (fd.name, fd.arg.type.name, fd.arg.meaning, fd.arg.when) == (
        "fd",
        "unsigned int",
        Meaning.FD,
        None,
    )
    buffer = parameter("void *buf: out bytes[result]").arg
    assert (buffer.meaning, buffer.length, buffer.when) == (Meaning.BYTES, "result", When.EXIT)
    address = parameter("void *addr: out struct sockaddr[*addrlen]").arg
    assert (address.of, address.length, address.indirect) == ("sockaddr", "addrlen", True)
    assert parameter("char *path: path").arg.when is When.ENTRY
    assert parameter("int n").arg.meaning is Meaning.NUMBER


def test_what_a_pointer_points_to_has_a_type() -> None:
    assert parameter("int *status: out wait_status").arg.target == parameter("int status").arg.type
    hint = parameter("unsigned long arg: out u64 enum write_hint").arg
    assert (hint.target and hint.target.bits, hint.of) == (64, "write_hint")
    assert parameter("size_t size: size", 32).arg.type.bits == 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "int",
        "unsigned nothing fd: fd",
        "int fd: fdd",
        "int fd: fd of",
        "void *p: in struct",
        "void *p: in x[y",
    ],
)
def test_what_is_no_declaration_is_refused(text: str) -> None:
    if text == "void *p: in struct":
        assert parameter(text).arg.of == ""
        return
    with pytest.raises(ValueError, match=r"."):
        parameter(text)
