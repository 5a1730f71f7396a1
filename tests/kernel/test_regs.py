"""Registers in a frame in RAM and registers that never left the CPU look the same to whoever reads and writes them."""

from __future__ import annotations

import pytest

from ring3.kernel.regs import GPRS as GENERAL
from ring3.kernel.regs import NAMES, WindowRegs, copy_regs, describe, frame_type
from ring3.machine.registers import Flags, Gpr, Seg
from tests.machine.bare import USER32_CODE, USER32_CS, USER_CODE, USER_CS, USER_DATA, USER_DS, Bare

GPRS = {
    "ax": 0, "cx": 1, "dx": 2, "bx": 3, "sp": 4, "bp": 5, "si": 6, "di": 7, "r8": 8, "r9": 9, "r10": 10, "r11": 11,
    "r12": 12, "r13": 13, "r14": 14, "r15": 15,
}  # fmt: skip
SLOTS = {name: 8 * number for number, name in enumerate(NAMES)}


@pytest.fixture
def bare() -> Bare:
    return Bare()


@pytest.fixture
def window(bare: Bare) -> WindowRegs:
    segments = {USER_CS: USER_CODE, USER32_CS: USER32_CODE, USER_DS: USER_DATA}
    return WindowRegs(bare.cpu, segments)


def test_a_frame_is_words_in_memory() -> None:
    words = memoryview(bytearray(64 * 8)).cast("Q")
    frame = frame_type(SLOTS)(words, 10)
    for number, name in enumerate(NAMES):
        setattr(frame, name, 0x1111 * number)
    assert list(words[10 : 10 + len(NAMES)]) == [0x1111 * number for number in range(len(NAMES))]
    words[10 + NAMES.index("ip")] = 0x400000
    assert frame.ip == 0x400000
    assert not any(words[:10])


def test_a_frame_may_have_another_order() -> None:
    words = memoryview(bytearray(64 * 8)).cast("Q")
    frame = frame_type({name: 8 * (40 - number) for number, name in enumerate(NAMES)})(words, 0)
    frame.r15, frame.ss = 1, 2
    assert (words[40], words[40 - NAMES.index("ss")]) == (1, 2)


def test_values_are_reduced_to_64_bits(window: WindowRegs) -> None:
    words = memoryview(bytearray(64 * 8)).cast("Q")
    frame = frame_type(SLOTS)(words, 0)
    frame.ax, window.ax = -38, -38
    assert frame.ax == window.ax == (1 << 64) - 38


@pytest.mark.parametrize("name", GPRS)
def test_the_window_is_the_cpus_registers(bare: Bare, window: WindowRegs, name: str) -> None:
    setattr(window, name, 0x1234_5678_9ABC)
    assert bare.cpu.gpr(GPRS[name]) == 0x1234_5678_9ABC
    bare.cpu.set_gpr(GPRS[name], 7)
    assert getattr(window, name) == 7


def test_the_window_has_ip_flags_and_selectors(bare: Bare, window: WindowRegs) -> None:
    window.ip, window.flags = 0x5000, Flags.IF | Flags.CF
    assert (bare.cpu.rip, bare.cpu.rflags) == (0x5000, Flags.IF | Flags.CF | Flags.FIXED)
    assert (window.cs, window.ss) == (USER_CS, USER_DS)


def test_another_selector_needs_iret_and_the_same_one_does_not(bare: Bare, window: WindowRegs) -> None:
    window.cs, window.ss = USER_CS, USER_DS
    assert not needs_iret(window)
    window.cs = USER32_CS
    assert needs_iret(window)
    assert bare.cpu.selector(Seg.CS) == USER32_CS
    assert not bare.cpu.long_mode


def needs_iret(window: WindowRegs) -> bool:
    return window.by_iret


def test_registers_are_copied_between_a_window_and_a_frame(bare: Bare, window: WindowRegs) -> None:
    frame = frame_type(SLOTS)(memoryview(bytearray(64 * 8)).cast("Q"), 0)
    for number in Gpr:
        bare.cpu.set_gpr(number, 0x100 + number)
    window.orig_ax = 39
    copy_regs(window, frame)
    assert frame.r12 == 0x10C
    assert (frame.orig_ax, frame.cs) == (39, USER_CS)
    frame.r12 = 5
    copy_regs(frame, window)
    assert bare.cpu.gpr(Gpr.R12) == 5


def test_a_panic_shows_every_register(window: WindowRegs) -> None:
    text = describe(window)
    for name in NAMES:
        assert f"{name}=" in text
    assert f"cs={USER_CS:016x}" in text


def test_general_registers_at_once_are_those_one_by_one() -> None:
    words = memoryview(bytearray(8 * 40)).cast("Q")
    regs = frame_type({name: 8 * index for index, name in enumerate(NAMES)})(words, 7)
    regs.set_gprs([1000 + index for index in range(len(GENERAL))])
    assert [getattr(regs, name) for name in GENERAL] == [1000 + index for index in range(len(GENERAL))]
    assert list(regs.gprs()) == [1000 + index for index in range(len(GENERAL))]
    assert [regs.orig_ax, regs.cs, regs.flags, regs.ss] == [0, 0, 0, 0]
