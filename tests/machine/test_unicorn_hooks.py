"""Blocks and accesses, told while somebody asks."""

from __future__ import annotations

import pytest

from ring3.machine.cpu import Event
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.registers import Gpr
from tests.machine.bare import USER_CODE_PAGE, USER_DATA_PAGE, USER_RIP, Bare

CALL = bytes.fromhex("0f05")


@pytest.fixture
def bare() -> Bare:
    return Bare()


def test_blocks_are_told_as_they_are_entered(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("90 ebfd 0f05".replace("ebfd", "eb00")))
    seen: list[tuple[int, int]] = []
    assert bare.cpu.run() is Event.SYSCALL
    leave = bare.cpu.hook_blocks(lambda address, size: seen.append((address, size)), 0, (1 << 63) - 1)
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is Event.SYSCALL
    assert seen == [(USER_RIP, 3), (USER_RIP + 3, 2)]
    leave()
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is Event.SYSCALL
    assert len(seen) == 2


def test_accesses_to_a_range_are_told_with_their_instruction(bare: Bare) -> None:
    store, load = (
        bytes.fromhex("890c25") + USER_DATA_PAGE.to_bytes(4, "little"),
        bytes.fromhex("8b0425") + (USER_DATA_PAGE + 2).to_bytes(4, "little"),
    )
    bare.put_code(store + load + CALL)
    bare.cpu.set_gpr(Gpr.RCX, 0x1234_5678)
    seen: list[tuple[int, int, int, int | None]] = []
    leave = bare.cpu.hook_accesses(
        lambda *access: seen.append(access), bare.pmap, USER_DATA_PAGE + 3, 1, read=True, write=True
    )
    assert bare.cpu.run() is Event.SYSCALL
    assert seen == [
        (USER_RIP, USER_DATA_PAGE, 4, 0x1234_5678),
        (USER_RIP + len(store), USER_DATA_PAGE + 2, 4, None),
    ]
    leave()
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is Event.SYSCALL
    assert len(seen) == 2


def test_accesses_beside_the_range_or_of_the_other_kind_are_not(bare: Bare) -> None:
    store = bytes.fromhex("890c25") + USER_DATA_PAGE.to_bytes(4, "little")
    bare.put_code(store + CALL)
    seen: list[object] = []
    for address, read, write in ((USER_DATA_PAGE + 4, False, True), (USER_DATA_PAGE, True, False)):
        bare.cpu.hook_accesses(
            lambda *access: seen.append(access), bare.pmap, address, 4, read=read, write=write
        )
    assert bare.cpu.run() is Event.SYSCALL
    assert seen == []


def test_a_page_that_moves_is_followed_and_other_spaces_are_not_watched(bare: Bare) -> None:
    store = bytes.fromhex("880c25") + USER_DATA_PAGE.to_bytes(4, "little")
    bare.put_code(store + CALL)
    seen: list[int | None] = []
    bare.cpu.hook_accesses(
        lambda _ip, _at, _size, value: seen.append(value),
        bare.pmap,
        USER_DATA_PAGE,
        8,
        read=False,
        write=True,
    )
    bare.cpu.set_gpr(Gpr.RCX, 1)
    assert bare.cpu.run() is Event.SYSCALL
    bare.map_user(USER_DATA_PAGE, Prot.READ | Prot.WRITE)
    bare.cpu.rip = USER_RIP
    bare.cpu.set_gpr(Gpr.RCX, 2)
    assert bare.cpu.run() is Event.SYSCALL
    other = Pmap(bare.ram, bare.machine.kernel_pmap)
    for page in (USER_CODE_PAGE, USER_DATA_PAGE):
        physical = bare.machine.translate(page)
        assert physical is not None
        other.enter(page, physical, Prot.READ | Prot.WRITE | Prot.EXEC)
    bare.cpu.use(other)
    bare.cpu.rip = USER_RIP
    bare.cpu.set_gpr(Gpr.RCX, 3)
    assert bare.cpu.run() is Event.SYSCALL
    assert seen == [1, 2]


def test_what_a_hook_raises_comes_out_of_the_run(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("ebfe"))

    def failing(_address: int, _size: int) -> None:
        raise ZeroDivisionError

    bare.cpu.hook_blocks(failing, 0, (1 << 63) - 1)
    with pytest.raises(ZeroDivisionError):
        bare.cpu.run()
