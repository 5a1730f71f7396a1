"""The kernel's way to user memory: copy_from_user and copy_to_user, copyin and copyout.

Every access follows the page tables and faults pages in as the program's own access would, so copy-on-write, file
pages and stack growth happen here too. An address that cannot be accessed is `BadAddress`, an EFAULT that knows how
many bytes were done. Nothing of a range is touched if it reaches beyond user memory (access_ok).

Slices of RAM that `UserMemory.segments` hands out, and addresses from `UserMemory.physical`, are good until the
kernel next runs a program or awaits something.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.kernel.mm.fault import FaultingSpace, FaultOutcome
from ring3.kernel.mm.objects import MemoryObject
from ring3.kernel.mm.vma import SHARED
from ring3.machine.paging import PTE_ADDRESS, PTE_P, PTE_W
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

PIECE: Final = 1 << 20
"""Bytes of user memory that a call takes at once."""
_IN_PAGE: Final = PAGE_SIZE - 1
_CHUNK: Final = 256


class BadAddress(Errno):
    """EFAULT: user memory could not be accessed.

    Attributes:
        done: Bytes from the start of the range that could; for a write, that were written.
    """

    __slots__ = ("done",)

    def __init__(self, done: int = 0) -> None:
        super().__init__(E.EFAULT)
        self.done = done


class UserMemory(FaultingSpace):
    """An address space that the kernel can read and write."""

    __slots__ = ()

    def read(self, address: int, size: int) -> bytes:
        """Copies bytes in.

        Raises:
            BadAddress: A part of the range cannot be read.
        """
        inside = address & _IN_PAGE
        if inside + size <= PAGE_SIZE:
            if address + size <= self.task_size:
                entry = self.pmap.lookup(address)
                if entry & PTE_P:
                    start = (entry & PTE_ADDRESS) + inside
                    return bytes(self.ram.bytes[start : start + size])
            if not size:
                return b""
        return b"".join(self.segments(address, size, write=False))

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Copies bytes out, page by page up to the first page that cannot be written.

        Raises:
            BadAddress: A part of the range cannot be written; ``done`` says how many bytes were.
        """
        size = len(data)
        inside = address & _IN_PAGE
        if inside + size <= PAGE_SIZE and address + size <= self.task_size:
            entry = self.pmap.lookup(address)
            if entry & PTE_W:
                frame = entry & PTE_ADDRESS
                self.ram.bytes[frame + inside : frame + inside + size] = data
                if frame in self.ram.code:
                    self.ram.on_code_freed()
                return
        done = 0
        for segment in self.segments(address, size, write=True, partial=True):
            count = len(segment)
            segment[:] = data[done : done + count]
            done += count
        if done < size:
            raise BadAddress(done)

    def segments(self, address: int, size: int, write: bool, partial: bool = False) -> list[memoryview]:
        """The slices of RAM that hold a range, for input and output without a copy.

        Args:
            address: Guest virtual address.
            size: Bytes.
            write: The caller is going to write to them.
            partial: Give what lies before the first bad page, if anything does, instead of raising.

        Raises:
            BadAddress: A part of the range cannot be accessed.
        """
        if not size:
            return []
        if address + size > self.task_size:
            raise BadAddress
        found = []
        ram, lookup, is_code = self.ram.bytes, self.pmap.lookup, self.ram.is_code
        needed = PTE_W if write else PTE_P
        start = end = done = 0
        while done < size:
            at = address + done
            entry = lookup(at)
            if not entry & needed:
                if self.fault(at, write=write, user=False) is not FaultOutcome.OK:
                    if partial and done:
                        break
                    raise BadAddress(done)
                entry = lookup(at)
            frame = entry & PTE_ADDRESS
            if write and is_code(frame):
                self.ram.on_code_freed()
            inside = at & _IN_PAGE
            if frame + inside != end:
                if end:
                    found.append(ram[start:end])
                start = frame + inside
            count = min(PAGE_SIZE - inside, size - done)
            end = frame + inside + count
            done += count
        found.append(ram[start:end])
        return found

    def physical(self, address: int, write: bool) -> int:
        """Physical address of a user byte, after faulting its page in.

        With ``write`` the caller is going to store there: the page is the program's own, counts as changed, and
        translations the CPU may have made of it are dropped.

        Raises:
            BadAddress: It cannot be accessed.
        """
        if address >= self.task_size:
            raise BadAddress
        entry = self.pmap.lookup(address)
        if not entry & (PTE_W if write else PTE_P):
            if self.fault(address, write=write, user=False) is not FaultOutcome.OK:
                raise BadAddress
            entry = self.pmap.lookup(address)
        frame = entry & PTE_ADDRESS
        if write and self.ram.is_code(frame):
            self.ram.on_code_freed()
        return frame + (address & _IN_PAGE)

    def read_cstring(self, address: int, limit: int) -> bytes | None:
        """The string at an address without its NUL; None if the first ``limit`` bytes hold no NUL.

        Raises:
            BadAddress: Memory ends before the string does.
        """
        parts: list[bytes] = []
        ram = self.ram.bytes
        chunk = _CHUNK
        while limit > 0:
            start = self.physical(address, write=False)
            count = min(PAGE_SIZE - (start & _IN_PAGE), limit, chunk)
            piece = bytes(ram[start : start + count])
            nul = piece.find(0)
            if nul >= 0:
                if not parts:
                    return piece[:nul]
                parts.append(piece[:nul])
                return b"".join(parts)
            parts.append(piece)
            address += count
            limit -= count
            chunk = PAGE_SIZE
        return None

    def read_extensible(self, address: int, size: int, known: int) -> bytes:
        """A struct that grows with time: short ones are filled up, long ones end in zeros (copy_struct_from_user).

        Args:
            address: Where it is.
            size: How many bytes the program says that it has.
            known: How many bytes are known, and returned.

        Raises:
            Errno: E2BIG, there is something behind what is known; EFAULT.
        """
        raw = self.read(address, size)
        if any(raw[known:]):
            raise Errno(E.E2BIG)
        return raw[:known].ljust(known, b"\0")

    def read_u32(self, address: int) -> int:
        """A 32-bit word.

        Raises:
            BadAddress: It cannot be read.
        """
        if not address & 3 and address < self.task_size:
            entry = self.pmap.lookup(address)
            if entry & PTE_P:
                word = self.ram.q[((entry & PTE_ADDRESS) + (address & _IN_PAGE)) >> 3]
                return word >> 32 if address & 4 else word & 0xFFFF_FFFF
        return int.from_bytes(self.read(address, 4), "little")

    def read_u64(self, address: int) -> int:
        """A 64-bit word.

        Raises:
            BadAddress: It cannot be read.
        """
        if not address & 7 and address < self.task_size:
            entry = self.pmap.lookup(address)
            if entry & PTE_P:
                return self.ram.q[((entry & PTE_ADDRESS) + (address & _IN_PAGE)) >> 3]
        return int.from_bytes(self.read(address, 8), "little")

    def write_u32(self, address: int, value: int) -> None:
        """Stores the low 32 bits of a number.

        Raises:
            BadAddress: They cannot be written.
        """
        self.write(address, (value & 0xFFFF_FFFF).to_bytes(4, "little"))

    def write_u64(self, address: int, value: int) -> None:
        """Stores the low 64 bits of a number.

        Raises:
            BadAddress: They cannot be written.
        """
        self.write(address, (value & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(8, "little"))

    def clear(self, address: int, size: int) -> None:
        """Stores zeros (clear_user).

        Raises:
            BadAddress: A part of the range cannot be written; ``done`` says how many bytes were.
        """
        self.write(address, bytes(size))

    def sharing_key(self, address: int) -> tuple[MemoryObject | UserMemory, int]:
        """What names a byte in all address spaces that share it (get_futex_key).

        Returns:
            The object and the byte's offset in it, or this address space and the address for private memory.

        Raises:
            BadAddress: Nothing is mapped there.
        """
        vma = self.vma_at(address)
        if vma is None:
            raise BadAddress
        if vma.obj is None or not vma.flags & SHARED:
            return self, address
        return vma.obj, (vma.object_page(address) << PAGE_SHIFT) + (address & _IN_PAGE)

    def peek(self, address: int, size: int) -> bytes:
        """Copies bytes in for a debugger, from any page the program could make readable.

        Raises:
            BadAddress: A part of the range is not there.
        """
        parts = []
        for at, count in self._forced(address, size, write=False):
            parts.append(bytes(self.ram.bytes[at : at + count]))
        return b"".join(parts)

    def poke(self, address: int, data: bytes) -> None:
        """Writes for a debugger, also to private pages the program cannot write (ptrace(2), /proc/PID/mem).

        Raises:
            BadAddress: A part of the range cannot be written; nothing was.
        """
        done = 0
        for at, count in self._forced(address, len(data), write=True):
            self.ram.bytes[at : at + count] = data[done : done + count]
            if self.ram.is_code(at - at % PAGE_SIZE):
                self.ram.on_code_freed()
            done += count

    def _forced(self, address: int, size: int, write: bool) -> list[tuple[int, int]]:
        """Physical address and length of the pieces of a range."""
        if address + size > self.task_size:
            raise BadAddress
        pieces: list[tuple[int, int]] = []
        done = 0
        while done < size:
            try:
                frame = self.forced_frame(address + done, write)
            except OutOfFrames:
                frame = 0
            if not frame:
                raise BadAddress(done)
            inside = (address + done) & _IN_PAGE
            count = min(PAGE_SIZE - inside, size - done)
            pieces.append((frame + inside, count))
            done += count
        return pieces
