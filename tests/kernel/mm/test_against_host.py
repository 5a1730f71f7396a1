"""The same memory calls done by Ring3 and by the host's own kernel: same results, same /proc/self/maps."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring3.abi.errno import Errno
from ring3.kernel.mm import Mm, SharedObject, arch_pick_mmap_layout
from ring3.machine.ram import Ram
from tests.kernel.mm.host_memory import PAGE, PAGES, file_contents


def _host_version() -> tuple[int, ...]:
    if sys.platform != "linux":
        return (0,)
    return tuple(int(number) for number in platform.release().split(".")[:2])


pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(_host_version() < (6, 17), reason="compares with mremap of Linux 6.17"),
]

BASE = 0x1000_0000
Operation = list[int | str]
Answer = list[list[int] | list[Operation]]
Host = Callable[[list[Operation]], Answer]


class Ours:
    """The region of `host_memory.Region`, in an address space of Ring3."""

    def __init__(self, ram: Ram) -> None:
        self.mm = Mm(ram, None, arch_pick_mmap_layout())
        self.mm.limits.ipc_lock = True
        self.mm.mmap(BASE - PAGE, (PAGES + 1) * PAGE, 0, fixed=True, noreserve=True)
        self.mm.mprotect(BASE - PAGE, PAGE, 1)
        self.file = SharedObject(ram, 0, "/memfd:test (deleted)", (0, 1), 1000)
        self.file.write(0, file_contents())

    def close(self) -> None:
        self.mm.destroy()
        self.file.drop()

    def do(self, operation: Operation) -> int:
        name, *rest = operation
        try:
            return int(getattr(self, str(name))(*rest) or 0)
        except Errno as error:
            return -error.number

    def map(self, page: int, pages: int, prot: int, kind: str, offset: int, replace: int) -> None:
        self.mm.mmap(
            BASE + page * PAGE,
            pages * PAGE,
            prot,
            obj=self.file if "f" in kind else None,
            offset=offset * PAGE,
            shared="s" in kind,
            noreserve="n" in kind,
            fixed=bool(replace),
            noreplace=not replace,
        )

    def hint(self, page: int, pages: int) -> int:
        address = self.mm.mmap(BASE + page * PAGE, pages * PAGE, 3)
        if address == BASE + page * PAGE:
            return 0
        self.mm.munmap(address, pages * PAGE)
        return -1

    def unmap(self, page: int, pages: int) -> None:
        self.mm.munmap(BASE + page * PAGE, pages * PAGE)

    def protect(self, page: int, pages: int, prot: int) -> None:
        self.mm.mprotect(BASE + page * PAGE, pages * PAGE, prot)

    def advise(self, page: int, pages: int, advice: int) -> None:
        self.mm.madvise(BASE + page * PAGE, pages * PAGE, advice)

    def remap(self, page: int, old: int, new: int, flags: int, to: int) -> int:
        start, target = BASE + page * PAGE, BASE + to * PAGE
        bits = {"maymove": bool(flags & 1), "fixed": bool(flags & 2), "dontunmap": bool(flags & 4)}
        result = self.mm.mremap(start, old * PAGE, new * PAGE, new_address=target, **bits)
        return (result - BASE) // PAGE

    def lock(self, page: int, pages: int) -> None:
        self.mm.mlock(BASE + page * PAGE, pages * PAGE)

    def unlock(self, page: int, pages: int) -> None:
        self.mm.munlock(BASE + page * PAGE, pages * PAGE)

    def sync(self, page: int, pages: int) -> None:
        self.mm.msync(BASE + page * PAGE, pages * PAGE, sync=True)

    def core(self, page: int, pages: int) -> None:
        assert sum(map(len, self.mm.mincore(BASE + page * PAGE, pages * PAGE))) == pages

    def store(self, page: int, value: int) -> None:
        self.mm.write(BASE + page * PAGE, bytes([value]))

    def load(self, page: int) -> int:
        return self.mm.read(BASE + page * PAGE, 1)[0]

    def truncate(self, size: int) -> None:
        self.file.truncate(size)

    def rows(self) -> list[Operation]:
        inodes, found = {0: 0}, list[Operation]()
        for row in self.mm.maps():
            if BASE <= row.start < BASE + PAGES * PAGE:
                number = inodes.setdefault(row.inode, len(inodes))
                pages = (row.start - BASE) // PAGE, (row.end - BASE) // PAGE
                found.append([*pages, row.perms, row.offset // PAGE, number])
        return found


def ours(operations: list[Operation]) -> Answer:
    ram = Ram(8 << 20)
    before = ram.frames_in_use
    region = Ours(ram)
    results = [region.do(operation) for operation in operations]
    rows = region.rows()
    answer: Answer = [results, rows, [region.do(["load", page]) for page in range(PAGES)]]
    region.close()
    assert ram.frames_in_use == before
    return answer


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    script = Path(__file__).with_name("host_memory.py")
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        to_host, from_host = process.stdin, process.stdout

        def ask(operations: list[Operation]) -> Answer:
            to_host.write(json.dumps(operations) + "\n")
            to_host.flush()
            answer: Answer = json.loads(from_host.readline())
            return answer

        yield ask
        to_host.close()


PAGE_NUMBERS = st.integers(0, 23)
COUNTS = st.sampled_from([0, 1, 1, 1, 2, 2, 3, 5, 8])
PROTS = st.sampled_from([0, 1, 3, 3, 5, 7])
KINDS = st.sampled_from(["ap", "ap", "as", "fp", "fs", "apn"])
# Not MADV_FREE, which Linux does later than we do, nor POPULATE_READ, which leaves no private page there but does here.
ADVICE = st.sampled_from([0, 1, 2, 3, 4, 4, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 77])
REMAP_FLAGS = st.sampled_from([0, 1 | 2, 1 | 2, 1 | 2, 1 | 2 | 4, 2, 4])


def _operation(
    name: str, *arguments: st.SearchStrategy[int] | st.SearchStrategy[str]
) -> st.SearchStrategy[Operation]:
    return st.tuples(st.just(name), *arguments).map(list)


OPERATIONS = st.one_of(
    _operation("map", PAGE_NUMBERS, COUNTS, PROTS, KINDS, st.integers(0, 5), st.integers(0, 1)),
    _operation("map", PAGE_NUMBERS, COUNTS, PROTS, KINDS, st.integers(0, 5), st.just(1)),
    _operation("hint", PAGE_NUMBERS, COUNTS),
    _operation("unmap", PAGE_NUMBERS, COUNTS),
    _operation("protect", PAGE_NUMBERS, COUNTS, PROTS),
    _operation("protect", PAGE_NUMBERS, COUNTS, PROTS),
    _operation("advise", PAGE_NUMBERS, COUNTS, ADVICE),
    _operation("remap", PAGE_NUMBERS, COUNTS, COUNTS, REMAP_FLAGS, st.integers(0, 30)),
    _operation("lock", PAGE_NUMBERS, COUNTS),
    _operation("unlock", PAGE_NUMBERS, COUNTS),
    _operation("sync", PAGE_NUMBERS, COUNTS),
    _operation("core", PAGE_NUMBERS, COUNTS),
    _operation("store", PAGE_NUMBERS, st.integers(1, 255)),
    _operation("store", PAGE_NUMBERS, st.integers(1, 255)),
    _operation("truncate", st.sampled_from([0, 100, 4096, 8192, 20000, 30000])),
)


def test_a_region_with_every_kind_of_mapping(host: Host) -> None:
    operations: list[Operation] = [
        ["map", 0, 4, 3, "ap", 0, 1],
        ["map", 4, 4, 3, "ap", 0, 1],
        ["store", 3, 9],
        ["map", 8, 8, 1, "fs", 0, 1],
        ["map", 16, 4, 3, "as", 0, 0],
        ["map", 16, 4, 3, "as", 0, 1],
        ["protect", 2, 20, 5],
        ["remap", 3, 1, 1, 3, 30],
    ]
    answer = ours(operations)
    assert answer == host(operations)
    assert answer[0] == [0, 0, 0, 0, -17, 0, 0, 30]


@settings(max_examples=400, derandomize=True)
@given(st.lists(OPERATIONS, min_size=1, max_size=30))
def test_any_operations_do_what_the_host_does(host: Host, operations: list[Operation]) -> None:
    assert ours(operations) == host(operations)
