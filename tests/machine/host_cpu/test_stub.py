"""What a stub has, what it may do, and when it ends."""

from __future__ import annotations

import errno
import os
import re
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.machine.host_cpu import filter as wall
from ring3.machine.host_cpu import first, ptrace
from ring3.machine.host_cpu.first import LIST_FD, RAM_FD, First
from ring3.machine.host_cpu.stub import BASE, SIZE, Call, Refused, Stub, Stubs
from ring3.machine.host_cpu.turn import Turn
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.ram import PAGE_SIZE, Ram
from tests.support.host_cpu import NEEDS_HOST_CPU

pytestmark = NEEDS_HOST_CPU

FREE = 0x50_0000_0000
NOBODY = (1 << 64) - 1


@pytest.fixture
def ram() -> Iterator[Ram]:
    memory = Ram(64 << 20, shared=True)
    yield memory
    memory.close()


@pytest.fixture
def stubs(ram: Ram) -> Iterator[Stubs]:
    made = Stubs(First(ram.fd), Turn(0, 0))
    yield made
    made.close()


def new(stubs: Stubs) -> Stub:
    stub = stubs.new()
    assert stub is not None
    return stub


def maps(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/maps").read_text().splitlines()


def test_it_has_nothing_mapped_but_itself(stubs: Stubs) -> None:
    for stub in (stubs.first, new(stubs)):
        lines = [line for line in maps(stub.pid) if "[vsyscall]" not in line]
        ranges = [[int(part, 16) for part in line.split()[0].split("-")] for line in lines]
        assert all(BASE <= low < high <= BASE + SIZE for low, high in ranges)
        assert [line.split()[1] for line in lines] == ["r-xp", "r--s", "rw-p"]


def test_it_has_no_descriptors_of_the_users(stubs: Stubs) -> None:
    for stub in (stubs.first, new(stubs)):
        links = {
            int(fd): os.readlink(f"/proc/{stub.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{stub.pid}/fd")
        }
        assert {fd: link.split(":")[1].split()[0] for fd, link in links.items()} == {
            RAM_FD: "ring3-ram",
            LIST_FD: "ring3-calls",
        }


def test_it_has_a_session_of_its_own(stubs: Stubs) -> None:
    assert os.getsid(stubs.first.pid) == stubs.first.pid
    assert os.getsid(new(stubs).pid) == stubs.first.pid


def test_frames_of_ram_can_be_mapped(stubs: Stubs, ram: Ram) -> None:
    stub = new(stubs)
    ram.bytes[0x5000:0x5004] = b"ring"
    stubs.run(stub, [(wall.MMAP, FREE, PAGE_SIZE, 3, wall.MAP_FRAMES, RAM_FD, 0x5000)])
    word = ptrace.request(ptrace.PEEKDATA, stub.pid, FREE)
    assert word & 0xFFFF_FFFF == int.from_bytes(b"ring", "little")


def test_a_stub_is_used_again_for_another_address_space(stubs: Stubs) -> None:
    stub = new(stubs)
    stubs.give_back(stub)
    assert new(stubs) is stub
    assert stub.has_remains


def test_one_that_moves_takes_all_with_it(stubs: Stubs, ram: Ram) -> None:
    stub, pmap = new(stubs), Pmap(ram)
    for number in range(1, 3):
        pmap.enter(BASE - number * (1 << 40), 0x5000, Prot.READ)
    stubs.move(stub, pmap)
    assert stub.base == BASE - 3 * (1 << 40)
    assert not [line for line in maps(stub.pid) if line.startswith(f"{BASE >> 32:x}")]
    stubs.run(stub, [(wall.MUNMAP, FREE, PAGE_SIZE)])


def test_a_refused_call_is_told(stubs: Stubs) -> None:
    with pytest.raises(Refused, match="Invalid argument") as told:
        stubs.run(new(stubs), [(wall.MUNMAP, FREE + 1, PAGE_SIZE)])
    assert told.value.error == 22


ALLOWED: list[Call] = [
    (wall.MUNMAP, FREE, PAGE_SIZE),
    (wall.MMAP, FREE, PAGE_SIZE, 7, wall.MAP_FRAMES, RAM_FD, 0),
    (wall.SIGALTSTACK, 0, 0),
    (wall.PRCTL, wall.PR_SET_TSC, 1),
]


@pytest.mark.parametrize("call", ALLOWED, ids=str)
def test_the_second_wall_lets_the_calls_of_lists_through(stubs: Stubs, call: Call) -> None:
    stubs.run(new(stubs), [call])


FORBIDDEN: dict[str, Call] = {
    "getpid": (39,),
    "write": (1, 3, BASE, 1),
    "read": (0, 3, BASE, 1),
    "open": (2, BASE, 0, 0),
    "fork": (57,),
    "a clone that shares memory": (wall.CLONE, 0x100 | wall.CLONE_FLAGS, 0, 0, 0, 0),
    "a clone with another stack": (wall.CLONE, wall.CLONE_FLAGS, FREE, 0, 0, 0),
    "a clone in a new namespace": (wall.CLONE, 1 << 28 | wall.CLONE_FLAGS, 0, 0, 0, 0),
    "execve": (59, BASE, 0, 0),
    "ptrace": (101, 0, 0, 0),
    "kill": (62, 1, 0),
    "private memory": (wall.MMAP, FREE, PAGE_SIZE, 7, 0x32, NOBODY, 0),
    "memory wherever there is room": (wall.MMAP, 0, PAGE_SIZE, 3, 0x22, NOBODY, 0),
    "frames as a private copy": (wall.MMAP, FREE, PAGE_SIZE, 3, 0x12, RAM_FD, 0),
    "frames without FIXED": (wall.MMAP, FREE, PAGE_SIZE, 3, 1, RAM_FD, 0),
    "the list to be written": (wall.MMAP, FREE, PAGE_SIZE, 3, wall.MAP_LIST, LIST_FD, 0),
    "the list to be executed": (wall.MMAP, FREE, PAGE_SIZE, 5, wall.MAP_LIST, LIST_FD, 0),
    "another descriptor": (wall.MMAP, FREE, PAGE_SIZE, 3, wall.MAP_FRAMES, 5, 0),
    "protections that are none": (wall.MPROTECT, FREE, PAGE_SIZE, 1 << 24 | 3),
    "mremap of more": (wall.MREMAP, BASE, PAGE_SIZE, 2 * PAGE_SIZE, wall.MREMAP_FLAGS, FREE),
    "mremap that keeps the old": (wall.MREMAP, BASE, PAGE_SIZE, PAGE_SIZE, 7, FREE),
    "a handler of a far signal": (wall.RT_SIGACTION, 31, 0, 0, 8),
    "another prctl": (wall.PRCTL, 4, 1),
    "reading descriptors of the LDT": (wall.MODIFY_LDT, 0, FREE, 16),
    "io_uring_setup": (425, 1, FREE),
    "process_vm_readv": (310, 1, 0, 0, 0, 0),
    "a call of x32": (0x4000_0000 | wall.MUNMAP, FREE, PAGE_SIZE),
}


@pytest.mark.parametrize("call", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_the_second_wall_kills_for_every_other_call(stubs: Stubs, call: Call) -> None:
    stub = new(stubs)
    with pytest.raises(UserError, match=f"was ended: status {int(signal.SIGSYS):#x}"):
        stubs.run(stub, [call])


def test_a_stub_that_was_killed_is_told_of(stubs: Stubs) -> None:
    stub = new(stubs)
    os.kill(stub.pid, signal.SIGKILL)
    with pytest.raises(UserError, match="process"):
        stubs.run(stub, [(wall.MUNMAP, FREE, PAGE_SIZE)])


HOLDER = """
    import os, signal, sys
    from ring3.machine.host_cpu.first import First
    from ring3.machine.host_cpu.stub import Stubs
    from ring3.machine.host_cpu.turn import Turn
    from ring3.machine.ram import Ram
    ram = Ram(64 << 20, shared=True)
    stubs = Stubs(First(ram.fd), Turn(0, 0))
    print(stubs.first.pid, stubs.new().pid, stubs.new().pid, flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_stubs_end_with_who_made_them_whatever_ends_that() -> None:
    command = [sys.executable, "-c", textwrap.dedent(HOLDER)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None
    assert holder.stdout is not None
    pids = [int(pid) for pid in holder.stdout.readline().split()]
    files = [os.pidfd_open(pid) for pid in pids]
    holder.stdin.close()
    assert holder.wait() == -signal.SIGKILL
    holder.stdout.close()
    for fd in files:
        assert select.select([fd], [], [], 60)[0]  # readable when the process has ended (pidfd_open(2))
        os.close(fd)


@pytest.mark.parametrize(
    ("can_close", "what"), [(True, "lets no child be traced"), (False, "refuses close_range(2)")]
)
def test_what_a_stub_could_not_do_is_told(
    monkeypatch: pytest.MonkeyPatch, can_close: bool, what: str
) -> None:
    monkeypatch.setattr(first, "_closes", lambda: can_close)
    with pytest.raises(UserError, match=f"this host {re.escape(what)}: Operation not permitted"):
        first._check(errno.EPERM << 8)
