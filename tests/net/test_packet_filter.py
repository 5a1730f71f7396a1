"""Programs of filters: whatever passes the checks ends with a number, whatever the packet."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from ring3.kernel import classic_bpf as bpf
from ring3.net.inet.wire import IPPROTO_UDP, datagram, ip_packet
from ring3.net.packet_filter import DIALECT, PacketFilter, Seen

INSTRUCTIONS = st.lists(
    st.tuples(
        st.sampled_from(sorted(bpf.CODES | DIALECT.codes)),
        st.integers(0, 3),
        st.integers(0, 3),
        st.one_of(
            st.integers(0, 40),
            st.integers(-64, -1),
            st.integers(-0x1000, -0xFC0),
            st.integers(-0x20_0100, -0xF_FF00),
        ),
    ),
    max_size=12,
)  # fmt: skip


@given(INSTRUCTIONS, st.binary(max_size=64))
def test_programs_end_with_a_number(code: list[tuple[int, int, int, int]], packet: bytes) -> None:
    raw = b"".join(struct.pack("<HBBI", op, jt, jf, k & 0xFFFF_FFFF) for op, jt, jf, k in code)
    try:
        checked = bpf.parse(raw + struct.pack("<HBBI", bpf.RET | bpf.RET_A, 0, 0, 0), DIALECT)
    except bpf.BadProgram:
        return
    assert 0 <= bpf.run(checked, Seen(packet)) <= 0xFFFF_FFFF
    if len(packet) >= 20:
        assert 0 <= bpf.run(checked, Seen(packet, 20, 0)) <= 0xFFFF_FFFF


def _attribute(at: int, x: int, extension: int) -> PacketFilter:
    """A filter that keeps as many bytes as the place of an attribute says."""
    code = [
        (bpf.LDX | bpf.IMM, x),
        (bpf.LD | bpf.IMM, at),
        (bpf.LD | bpf.ABS, -0x1000 + extension & 0xFFFF_FFFF),
        (bpf.RET | bpf.RET_A, 0),
    ]
    return PacketFilter(b"".join(struct.pack("<HBBI", op, 0, 0, k) for op, k in code), bytes)


def test_attributes_of_netlink_are_found() -> None:
    inner = struct.pack("<HHI", 8, 7, 1)
    message = bytes(16) + struct.pack("<HHI", 8, 5, 1) + struct.pack("<HH", 4 + len(inner), 6) + inner
    for at, kind, extension, place in ((16, 5, 12, 16), (16, 6, 12, 24), (24, 7, 16, 28)):
        assert _attribute(at, kind, extension).of_message(message) == message[:place]
    assert _attribute(16, 9, 12).of_message(message) is None
    assert _attribute(400, 5, 12).of_message(message) is None
    assert _attribute(400, 5, 16).of_message(message) is None


def test_a_packet_is_cut_off_behind_the_headers() -> None:
    ends = (b"\x7f\0\0\1", 9), (b"\x7f\0\0\1", 10)
    packet = ip_packet(IPPROTO_UDP, ends[0][0], ends[1][0], datagram(*ends, b"abcdef"))
    keeps = PacketFilter(struct.pack("<HBBI", bpf.RET, 0, 0, 10), bytes)
    assert keeps.of_packet(packet, 8) == 10
    assert keeps.of_packet(packet, 8, with_header=True) == 10
    assert PacketFilter(struct.pack("<HBBI", bpf.RET, 0, 0, 1), bytes).of_packet(packet, 8) == 8
    assert PacketFilter(struct.pack("<HBBI", bpf.RET, 0, 0, 0), bytes).of_packet(packet, 8) is None
