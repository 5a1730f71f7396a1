"""Members of each kind, as ::print, ::enum and ::offsetof write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.object_file import ObjectFile
from tests.debug.mdb.session import Typed
from tests.support.toolchain import PROGRAMS, Toolchain, musl

ALL = """\
{
    a = 'a'
    b = 0xffffffff
    c = 2
    in = {
        c = 'z'
        big = 0x10000000000
    }
    sb = -2
    ub = 9
    f = 5 (F_{READ|EXEC})
    col = 0t12 (BLUE)
    ip = 127.0.0.1
    ff = 1.5000000e+00
    dd = 2.2500000e+00
    s = msg "some text"
    arr = [
        {
            c = '\\001'
            big = 2
        },
        {
            c = '\\003'
            big = 4
        },
    ]
    m = [
        [ 1, 2 ]
        [ 3, 4 ]
    ]
}
"""


@pytest.fixture
def typed(toolchain: Toolchain) -> Typed:
    path = toolchain.build(
        [PROGRAMS / "debug" / "members.c"],
        target=musl(64),
        kind="nolibc",
        flags=("-g", "-O0", "-fno-builtin"),
    )
    return Typed(FileTarget(ObjectFile(str(path), path.read_bytes())))


def test_all(typed: Typed) -> None:
    assert typed("one::print") == ALL
    assert typed("one::print struct all") == ALL


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("one::print -d struct all b f col sb", "b = -1\nf = 5 (F_{READ|EXEC})\ncol = 0t12 (BLUE)\nsb = -2\n"),
        ("one::print -x struct all col sb", "col = 0xc (BLUE)\nsb = 6\n"),
        ("one::print struct all $[8] in.big", "c = 2\nin.big = 0x10000000000\n"),
        ("one::print -s 0 struct all in m", "in = { ... }\nm = [ ... ]\n"),
        ("5::print -i enum flags", "5 (F_{READ|EXEC})\n"),
        ("0::print -i enum flags", "0 (0)\n"),
        ("0t12::print -i enum color", "0t12 (BLUE)\n"),
        ("one::print struct all b.c", "mdb: int is not a struct or union type\n"),
        ("one::print struct all a->b", "mdb: char is not a pointer type\n"),
        ("one::print struct all arr[", "mdb: no trailing ']'\n"),
        ("one::print struct all in[1]", "mdb: cannot index into non-array, non-pointer type\n"),
        ("one::print struct all $[0x500]", "mdb: invalid offset 500\n"),
        ("0::print struct all s", "mdb: failed to read s pointer at 40: no mapping for address\n"),
        ("1::print", "mdb: no symbol information for 1: no symbol corresponds to address\n"),
        ("::offsetof all ub", "offsetof (all, ub) = 0x20.3, sizeof (...->ub) = 4 bits\n"),
    ],
)  # fmt: skip
def test_one(typed: Typed, command: str, printed: str) -> None:
    assert typed(command) == printed


def test_holes(typed: Typed) -> None:
    lines = [line.strip() for line in typed("one::print -ht struct all").splitlines()]
    assert "unsigned <<HOLE>> :24 = 0" in lines  # behind the first character
    assert "unsigned <<HOLE>> :48 = 0" in lines


def test_enumerations(typed: Typed) -> None:
    assert [line.split() for line in typed("::enum flags").splitlines()] == [
        ["VALUE", "NAME"], ["1", "F_READ"], ["2", "F_WRITE"], ["4", "F_EXEC"],
    ]  # fmt: skip
    assert [line.split()[1] for line in typed("::enum -e flags").splitlines()[1:]] == [
        "READ",
        "WRITE",
        "EXEC",
    ]
    assert typed("5::enum flags").splitlines()[1] == f"{5:>8} F_{{READ|EXEC}}"
    assert typed("::enum color NEG").splitlines()[1] == f"{-3:>11} NEG"
    assert typed("::enum color XX").endswith("mdb: name \"XX\" not in 'enum color'\n")
    assert typed("99::enum color").endswith("mdb: value 0t153 not in 'enum color'\n")
    assert typed("::enum struct all") == "mdb: 'struct all': not an enumeration\n"


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("one$<inner", "{\n    c = 'a'\n    big = 2\n}\n"),
        ("one$<nosuch", "mdb: failed to open nosuch (see ::help '$<')\n"),
        ("::head", "Usage: ::head -num|-n num\n"),
        ("one::array struct inner", "Usage: address ::array [type count] [variable]\n"),
        ("one/l", "mdb: expected value following l\n"),
        ("one/L 1 2 3", "mdb: only value and mask may follow L\n"),
        ("one/w", "mdb: expected value to write following w\n"),
        ("one,9/l 2", "one+8\n"),
        ("one/L ffffffff", "one+4\n"),
        ("one/z 5", "mdb: CTF type should be integer, pointer, or enum\n"),
        ("one::write -l 3 1", "mdb: writes of size 3 are not supported\n"),
        ("one+1::write 1", "mdb: no CTF data found at this address\n"),
        ("9>a-b", "mdb: '-' may not be used in a variable name\n"),
        ("::typeset x", ""),
        ("::unset zz", "mdb: variable 'zz' not defined\n"),
        ("$s", "symbol matching distance = 0 (smart mode)\n"),
        ("$w", "output page width = 80\n"),
        ("0t99$d", "mdb: expected radix from 2 to 16\n"),
        ("$f ! grep members", "1       members.c\n"),
    ],
)  # fmt: skip
def test_small_commands(typed: Typed, command: str, printed: str) -> None:
    assert typed(command) == printed


def test_the_users_own_dcmds_fail_in_one_line(typed: Typed, tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text(
        "from ring3.debug.mdb import dcmd\n\n\n@dcmd('mine', '', 'fails')\ndef mine(call):\n    raise KeyError('x')\n"
    )
    typed(f"::load {module}")
    assert typed("::mine") == "mdb: mine of mine failed: KeyError: 'x'\n"
    typed("::unload mine")
