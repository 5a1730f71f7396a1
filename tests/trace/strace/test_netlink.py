"""Messages of netlink(7) as text; what is expected is what strace 6.1 wrote of the same bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from ring3.abi.errno import E, Errno
from ring3.trace.strace import netlink_rows, own_structs, tables
from ring3.trace.strace.netlink import messages
from ring3.trace.strace.programs import Program
from ring3.trace.strace.style import Names, Style
from ring3.trace.strace.text import Text

_END = 0x20010000
"""Where the memory of `netlink_lines` ends."""
_LINES = Path(__file__).with_name("netlink_lines").read_text().splitlines()[1:]


def text(memory: bytes) -> Text:
    def read(address: int, size: int) -> bytes:
        if not 0 <= address <= address + size <= len(memory):
            raise Errno(E.EFAULT)
        return memory[address : address + size]

    return _text(read)


def _text(read: Callable[[int, int], bytes], names: Names = Names.ABBREV) -> Text:
    program = Program(
        64,
        read,
        lambda *_: "",
        lambda: b"/",
        lambda _: b"",
        lambda _: 0,
        lambda number: "lo" if number == 1 else "",
    )
    return Text(program, Style(names=names))


def message(kind: int, flags: int, body: bytes = b"", number: int = 5) -> bytes:
    return struct.pack("<IHHII", 16 + len(body), kind, flags, number, 0) + body


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (
            message(18, 0x5),
            "{nlmsg_len=16, nlmsg_type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST|NLM_F_ACK, nlmsg_seq=5, nlmsg_pid=0}",
        ),
        (
            message(22, 0x301, bytes(8)),
            (
                "[{nlmsg_len=24, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=5, "
                "nlmsg_pid=0}, "
                "{ifa_family=AF_UNSPEC, ifa_prefixlen=0, ifa_flags=0, ifa_scope=RT_SCOPE_UNIVERSE, ifa_index=0}]"
            ),
        ),
        (
            message(3, 2, bytes(4)),
            "[{nlmsg_len=20, nlmsg_type=NLMSG_DONE, nlmsg_flags=NLM_F_MULTI, nlmsg_seq=5, nlmsg_pid=0}, 0]",
        ),
        (
            message(2, 0, struct.pack("<i", -95) + message(9999, 1)),
            (
                "[{nlmsg_len=36, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=5, nlmsg_pid=0}, {error=-EOPNOTSUPP, "
                "msg={nlmsg_len=16, nlmsg_type=0x270f /* RTM_??? */, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=5, "
                "nlmsg_pid=0}}]"
            ),
        ),
        (
            message(
                20,
                2,
                bytes((2, 8, 0x80, 254, 1, 0, 0, 0)) + attribute(1, b"\x7f\0\0\1") + attribute(3, b"lo\0"),
            ),
            (
                "[{nlmsg_len=40, nlmsg_type=RTM_NEWADDR, nlmsg_flags=NLM_F_MULTI, nlmsg_seq=5, nlmsg_pid=0}, "
                "{ifa_family=AF_INET, ifa_prefixlen=8, ifa_flags=IFA_F_PERMANENT, ifa_scope=RT_SCOPE_HOST, "
                'ifa_index=if_nametoindex("lo")}, [[{nla_len=8, nla_type=IFA_ADDRESS}, inet_addr("127.0.0.1")], '
                '[{nla_len=7, nla_type=IFA_LABEL}, "lo"]]]'
            ),
        ),
    ],
    ids=["head", "request", "done", "error", "attributes"],
)
def test_messages_of_rtnetlink(raw: bytes, shown: str) -> None:
    assert messages(text(raw), 0, len(raw), 0) == shown


def test_several_messages_stand_in_brackets() -> None:
    raw = message(18, 1) + message(18, 1)
    head = "{nlmsg_len=16, nlmsg_type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=5, nlmsg_pid=0}"
    assert messages(text(raw), 0, len(raw), 0) == f"[{head}, {head}]"


def test_what_is_no_message_is_bytes() -> None:
    assert messages(text(b"abc"), 0, 3, 0) == '"\\x61\\x62\\x63"'
    assert messages(text(struct.pack("<IHHII", 3, 0, 0, 0, 0)), 0, 16, 0).startswith("{nlmsg_len=3, ")


def _line(line: str) -> None:
    protocol, size, raw, shown = line.split(" ", 3)
    memory = bytes.fromhex(raw)
    base = _END - len(memory)

    def read(address: int, size: int) -> bytes:
        if not base <= address <= address + size <= _END:
            raise Errno(E.EFAULT)
        return memory[address - base : address - base + size]

    assert messages(_text(read), base, int(size), int(protocol)) == shown


def test_attributes_as_strace_writes_them() -> None:
    for line in _LINES:
        try:
            _line(line)
        except Errno:
            assert line.split(" ", 3)[3] == f"{_END - len(line.split()[2]) // 2:#x}"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (Names.RAW, '[{nla_len=8, nla_type=0x1}, "\\x7f\\x00\\x00\\x01"]]'),
        (
            Names.VERBOSE,
            '[{nla_len=8, nla_type=0x1 /* IFA_ADDRESS */}, "\\x7f\\x00\\x00\\x01" /* inet_addr("127.0.0.1") */]]',
        ),
    ],
    ids=["raw", "verbose"],
)
def test_addresses_without_names(names: Names, shown: str) -> None:
    raw = message(20, 0, bytes((2, 8, 0, 0, 0, 0, 0, 0)) + attribute(1, b"\x7f\0\0\1"))
    written = messages(_text(lambda at, size: raw[at : at + size], names), 0, len(raw), 0)
    assert written.endswith(shown)


def test_rows_speak_of_what_there_is() -> None:
    known = tables.sets()
    for name, place in netlink_rows.places().items():
        names = set(known[place.of].by_value().values()) | {"*"}
        assert not set(place.kinds) - names, name
        for kind in place.kinds.values():
            for nested in re.findall(r"nested (\w+)", kind):
                assert nested in netlink_rows.places() or nested in known
            for struct_names in re.findall(r"structs? ([\w ]+?)(?: then.*)?$", kind):
                assert set(struct_names.split()) <= set(own_structs.every())
    for protocol in netlink_rows.protocols().values():
        assert set(protocol.messages) <= set(known[protocol.of].by_value().values())
