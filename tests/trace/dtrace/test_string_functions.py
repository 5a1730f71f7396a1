import pytest

from ring3.trace.dtrace.errors import Fault
from ring3.trace.dtrace.json_path import find
from ring3.trace.dtrace.string_functions import (
    basename,
    cleanpath,
    dirname,
    index,
    lltostr,
    rindex,
    strchr,
    strtoll,
    substr,
)


@pytest.mark.parametrize(
    ("path", "base", "directory"),
    [
        (b"/usr/lib/", b"lib", b"/usr"),
        (b"a", b"a", b"."),
        (b"/", b"/", b"/"),
        (b"", b".", b"."),
        (b"//a", b"a", b"/"),
    ],
)
def test_parts_of_paths(path: bytes, base: bytes, directory: bytes) -> None:
    assert (basename(path), dirname(path)) == (base, directory)


def test_cleanpath_resolves_dots() -> None:
    assert cleanpath(b"/a//b/./c/../d") == b"/a/b/d"
    assert cleanpath(b"/../a") == b"/a"


@pytest.mark.parametrize(
    ("start", "length", "part"),
    [(2, None, b"cdef"), (-2, None, b"ef"), (1, 2, b"bc"), (1, -2, b"bcd"), (9, 1, b""), (-9, 5, b"ab")],
)
def test_substr_counts_from_both_ends(start: int, length: int | None, part: bytes) -> None:
    assert substr(b"abcdef", start, length) == part


def test_searches() -> None:
    assert (index(b"banana", b"an"), rindex(b"banana", b"an"), index(b"banana", b"an", 2)) == (1, 3, 3)
    assert (index(b"banana", b"x"), strchr(b"banana", 110), strchr(b"b", 97)) == (-1, b"nana", None)


def test_numbers_and_their_bases() -> None:
    assert [lltostr(-5), lltostr(255, 16), lltostr(8, 8), lltostr(-1, 2)] == [
        b"-5",
        b"0xff",
        b"010",
        b"1" * 64,
    ]
    assert [strtoll(b" -0x1f", 16), strtoll(b"12abc"), strtoll(b"z", 36)] == [-31, 12, 35]
    with pytest.raises(Fault):
        lltostr(1, 37)


def test_json_paths() -> None:
    text = b'{"a": {"b": [1, "two", true, null, 2.50]}}'
    assert [find(text, path) for path in (b"a.b[0]", b"a.b[1]", b"a.b[2]", b"a.b[4]")] == [
        b"1",
        b"two",
        b"true",
        b"2.50",
    ]
    assert find(text, b"a.c") is None
    assert find(b"{broken", b"a") is None
