"""seccomp(2) and Syscall User Dispatch compared with a native run, and classic BPF by itself."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.computer import Linux
from ring3.kernel import classic_bpf as bpf
from ring3.linux.filters.seccomp import DIALECT, Action, CallData, seccomp_run_filters
from ring3.linux.model.filters import Filter
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
DATA = CallData(range(64))


def raw(*instructions: tuple[int, int, int, int]) -> bytes:
    return b"".join(struct.pack("<HBBI", *one) for one in instructions)


def program(*instructions: tuple[int, int, int, int]) -> bpf.Program:
    return bpf.parse(raw(*instructions), DIALECT)


@BITS
@pytest.mark.parametrize("name", ["seccomp", "seccomp_asked"])
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    built = toolchain.program(f"tasks/{name}.c", bits=bits)
    assert guest.run(linux, built).finished == native(built)


@BITS
def test_a_tracer_reads_filters(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    built = toolchain.program("tasks/seccomp_read.c", bits=bits)
    expected = native(built)
    if b"metadata = 16" not in expected.stdout:
        pytest.skip("only an administrator may look at filters")
    assert guest.run(linux, built).finished == expected


def test_loads_words_of_the_data() -> None:
    for at in range(0, 64, 4):
        found = bpf.run(program((bpf.LD | bpf.ABS, 0, 0, at), (bpf.RET | bpf.RET_A, 0, 0, 0)), DATA)
        assert found == int.from_bytes(DATA[at : at + 4], "little")


@given(
    a=st.integers(0, 0xFFFF_FFFF),
    x=st.integers(0, 0xFFFF_FFFF),
    operation=st.sampled_from([bpf.ADD, bpf.SUB, bpf.MUL, bpf.OR, bpf.AND, bpf.XOR]),
)
def test_arithmetic_is_of_32_bits(a: int, x: int, operation: int) -> None:
    expected = {
        bpf.ADD: a + x, bpf.SUB: a - x, bpf.MUL: a * x, bpf.OR: a | x, bpf.AND: a & x, bpf.XOR: a ^ x,
    }  # fmt: skip
    found = bpf.run(
        program(
            (bpf.LDX | bpf.IMM, 0, 0, x),
            (bpf.LD | bpf.IMM, 0, 0, a),
            (bpf.ALU | operation | bpf.BY_X, 0, 0, 0),
            (bpf.RET | bpf.RET_A, 0, 0, 0),
        ),
        DATA,
    )
    assert found == expected[operation] & 0xFFFF_FFFF


@given(st.binary(max_size=200))
def test_no_program_that_passes_the_checks_fails_or_goes_on_for_ever(content: bytes) -> None:
    try:
        checked = bpf.parse(content[: len(content) // 8 * 8], DIALECT)
    except bpf.BadProgram:
        return
    assert 0 <= bpf.run(checked, DATA) <= 0xFFFF_FFFF


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(bpf.CODES)), st.integers(0, 3), st.integers(0, 3), st.integers(0, 20)
        ),
        max_size=12,
    )
)
def test_programs_of_known_instructions(instructions: list[tuple[int, int, int, int]]) -> None:
    try:
        checked = program(*instructions, (bpf.RET | bpf.RET_A, 0, 0, 0))
    except bpf.BadProgram:
        return
    assert 0 <= bpf.run(checked, DATA) <= 0xFFFF_FFFF


def test_the_lowest_action_as_a_signed_number_wins() -> None:
    def ends(*results: int) -> Filter | None:
        newest: Filter | None = None
        for result in results:
            newest = Filter(program((bpf.RET, 0, 0, result)), newest, 0)
        return newest

    allow, errno, log = int(Action.ALLOW), Action.ERRNO | 5, int(Action.LOG)
    assert seccomp_run_filters(None, DATA) == (allow, None)
    assert seccomp_run_filters(ends(allow, errno, log), DATA)[0] == errno
    assert (
        seccomp_run_filters(ends(int(Action.KILL_THREAD), int(Action.KILL_PROCESS)), DATA)[0]
        == Action.KILL_PROCESS
    )
    assert seccomp_run_filters(ends(Action.ERRNO | 5, Action.ERRNO | 6), DATA)[0] == Action.ERRNO | 6
