"""The letters of formats."""

from __future__ import annotations

import pytest

from tests.debug.mdb.session import Typed


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("-1=B", "ff      "),
        ("-1=V", "255     "),
        ("-1=b", "0377    "),
        ("-1=d", "-1      "),
        ("-1=u", "65535   "),
        ("-1=o", "0177777 "),
        ("-1=x", "ffff    "),
        ("-1=D", "-1              "),
        ("-1=U", "4294967295      "),
        ("-1=X", "ffffffff        "),
        ("-1=O", "037777777777    "),
        ("-1=e", "-1                   "),
        ("-1=E", "18446744073709551615 "),
        ("-1=G", "1777777777777777777777 "),
        ("-1=g", "-1                      "),
        ("1=J", "1               "),
        ("-1=J", "ffffffffffffffff "),
        ("11223344=H", "44332211        "),
        ("1122=h", "2211    "),
        ("41=c", "A"),
        ("5=R", "101"),
        ("8000000000000000=R", "1" + "0" * 63),
        ("123=W", "123             "),
        ("4142=cc", "BB"),
        ('1="x "B', "x 1       "),
    ],
)
def test_letters(text: str, line: str) -> None:
    assert Typed()(text) == f"{'':16}{line}\n"


def test_lines_are_broken_at_the_width() -> None:
    printed = Typed()("-1,4=E").splitlines()
    assert printed == [" " * 16 + "18446744073709551615 " * 3, " " * 16 + "18446744073709551615 "]


def test_bits_with_arms() -> None:
    assert Typed()("5=j") == (
        f"{'':16}101\n{'':16}| |\n{'':16}| +-- bit 0 mask 0x1\n{'':16}+---- bit 2 mask 0x4\n"
    )


def test_formats_are_listed() -> None:
    assert "J - hexadecimal long long (8 bytes)\n" in Typed()("::formats")
