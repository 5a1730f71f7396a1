"""Does memory calls natively: reads a line of JSON (a list of operations), answers with a line of JSON.

An operation is ``[name, argument...]`` on a region of `PAGES` pages that starts as one PROT_NONE mapping; addresses
are pages from its start. The answer holds what each operation gave (a number, ``-errno``), the region's rows of
/proc/self/maps at the end, and what loading a byte from each page gives then. `test_against_host` starts this as
a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

PAGE = 4096
PAGES = 64
FILE_PAGES = 5
FILE_TAIL = 100

_libc = ctypes.CDLL(None, use_errno=True)
_long = ctypes.c_ulong
for _name in ("mmap", "munmap", "mprotect", "mremap", "madvise", "mlock", "munlock", "msync", "mincore"):
    getattr(_libc, _name).restype = ctypes.c_long if _name in ("mmap", "mremap") else ctypes.c_int
    getattr(_libc, _name).argtypes = [_long] * (2 if _name in ("munmap", "mlock", "munlock") else 3)
_libc.mmap.argtypes = [_long] * 6
_libc.mremap.argtypes = [_long] * 5
_libc.process_vm_readv.restype = _libc.process_vm_writev.restype = ctypes.c_long

MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS = 1, 2, 0x10, 0x20
MAP_NORESERVE, MAP_FIXED_NOREPLACE = 0x4000, 0x100000


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Region:
    """A region of the host's memory, and a file to map into it."""

    def __init__(self) -> None:
        flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        room = self._call("mmap", 0, (PAGES + 1) * PAGE, 0, flags, -1, 0)
        self.base = room + PAGE  # a page that nobody changes keeps the region from its neighbour
        _libc.mprotect(room, PAGE, 1)
        self.file = os.memfd_create("test")
        os.pwrite(self.file, file_contents(), 0)

    def close(self) -> None:
        """Unmaps all of it."""
        _libc.munmap(self.base - PAGE, (PAGES + 1) * PAGE)
        os.close(self.file)

    @staticmethod
    def _call(name: str, *arguments: int) -> int:
        result: int = getattr(_libc, name)(*[_long(argument) for argument in arguments])
        return -ctypes.get_errno() if result == -1 else result

    def do(self, operation: list[int | str]) -> int:
        """Does one operation."""
        name, *rest = operation
        return int(getattr(self, str(name))(*rest))

    def map(self, page: int, pages: int, prot: int, kind: str, offset: int, replace: int) -> int:
        """Maps memory: kind is a for anonymous, f for the file; s for shared, p for private, n for noreserve."""
        flags = MAP_SHARED if "s" in kind else MAP_PRIVATE
        flags |= 0 if "f" in kind else MAP_ANONYMOUS
        flags |= MAP_NORESERVE if "n" in kind else 0
        flags |= MAP_FIXED if replace else MAP_FIXED_NOREPLACE
        file = self.file if "f" in kind else -1
        return min(
            self._call("mmap", self.base + page * PAGE, pages * PAGE, prot, flags, file, offset * PAGE), 0
        )

    def hint(self, page: int, pages: int) -> int:
        """Maps memory with a hint; gives -1 if it went elsewhere, and unmaps it there."""
        flags = MAP_PRIVATE | MAP_ANONYMOUS
        address = self._call("mmap", self.base + page * PAGE, pages * PAGE, 3, flags, -1, 0)
        if address == self.base + page * PAGE or address < 0:
            return min(address, 0)
        self._call("munmap", address, pages * PAGE)
        return -1

    def unmap(self, page: int, pages: int) -> int:
        """Calls munmap."""
        return self._call("munmap", self.base + page * PAGE, pages * PAGE)

    def protect(self, page: int, pages: int, prot: int) -> int:
        """Calls mprotect."""
        return self._call("mprotect", self.base + page * PAGE, pages * PAGE, prot)

    def advise(self, page: int, pages: int, advice: int) -> int:
        """Calls madvise."""
        return self._call("madvise", self.base + page * PAGE, pages * PAGE, advice)

    def remap(self, page: int, old: int, new: int, flags: int, to: int) -> int:
        """Calls mremap."""
        target = self.base + to * PAGE
        result = self._call("mremap", self.base + page * PAGE, old * PAGE, new * PAGE, flags, target)
        return (result - self.base) // PAGE if result > 0 else result

    def lock(self, page: int, pages: int) -> int:
        """Calls mlock."""
        return self._call("mlock", self.base + page * PAGE, pages * PAGE)

    def unlock(self, page: int, pages: int) -> int:
        """Calls munlock."""
        return self._call("munlock", self.base + page * PAGE, pages * PAGE)

    def sync(self, page: int, pages: int) -> int:
        """Calls msync with MS_SYNC."""
        return self._call("msync", self.base + page * PAGE, pages * PAGE, 4)

    def core(self, page: int, pages: int) -> int:
        """Calls mincore."""
        found = ctypes.create_string_buffer(PAGES * 2)
        return self._call("mincore", self.base + page * PAGE, pages * PAGE, ctypes.addressof(found))

    def store(self, page: int, value: int) -> int:
        """Stores a byte as the program would."""
        return self._transfer(_libc.process_vm_writev, page, ctypes.c_ubyte(value))

    def load(self, page: int) -> int:
        """Loads a byte as the program would."""
        found = ctypes.c_ubyte()
        result = self._transfer(_libc.process_vm_readv, page, found)
        return result if result < 0 else found.value

    def _transfer(self, function: object, page: int, byte: ctypes.c_ubyte) -> int:
        here = _Iovec(ctypes.addressof(byte), 1)
        there = _Iovec(self.base + page * PAGE, 1)
        result = function(os.getpid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0)  # type: ignore[operator]
        return -ctypes.get_errno() if result < 0 else 0

    def truncate(self, size: int) -> int:
        """Changes the file's size."""
        os.ftruncate(self.file, size)
        return 0

    def rows(self) -> list[list[int | str]]:
        """The region's rows: first and last page, permissions, page of the file, number of the object."""
        inodes: dict[str, int] = {"0": 0}
        found: list[list[int | str]] = []
        for line in Path("/proc/self/maps").read_text().splitlines():
            addresses, perms, offset, _, inode, *_ = line.split()
            start, end = (int(address, 16) for address in addresses.split("-"))
            if self.base <= start < self.base + PAGES * PAGE:
                number = inodes.setdefault(inode, len(inodes))
                pages = (start - self.base) // PAGE, (end - self.base) // PAGE
                found.append([*pages, perms, int(offset, 16) // PAGE, number])
        return found


def file_contents() -> bytes:
    """What the mapped file holds: page n is full of 0x40 + n, the last one is short."""
    return b"".join(bytes([0x40 + n]) * PAGE for n in range(FILE_PAGES)) + b"T" * FILE_TAIL


def main() -> None:
    """Answers until its input ends."""
    for line in sys.stdin:
        region = Region()
        results = [region.do(operation) for operation in json.loads(line)]
        rows = region.rows()
        sys.stdout.write(json.dumps([results, rows, [region.load(page) for page in range(PAGES)]]) + "\n")
        sys.stdout.flush()
        region.close()


if __name__ == "__main__":
    main()
