"""The same memory calls done by Ring3 and by the host's own kernel: same results, same /proc/self/maps."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ring3.abi.errno import Errno
from ring3.kernel.mm import Mm, SharedObject, choose
from ring3.machine.pmap import Pmap
from ring3.machine.ram import Ram
from tests.kernel.mm.host_memory import PAGE, PAGES, file_contents

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(sys.platform != "linux", reason="compares with Linux"),
]

BASE = 0x1000_0000
Operation = list[int | str]
Answer = list[list[int] | list[Operation]]
Host = Callable[[list[Operation]], Answer]


class Ours:
    """The region of `host_memory.Region`, in an address space of Ring3."""

    def __init__(self, ram: Ram) -> None:
        self.mm = Mm(ram, None, choose())
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
        assert len(self.mm.mincore(BASE + page * PAGE, pages * PAGE)) == pages

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
