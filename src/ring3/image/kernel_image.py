"""A kernel in memory: its linked ELF at its addresses, its symbols, and the stubs made at boot.

A *stub* is where machine code ends and Python begins: ``endbr64; hlt; ret``. Ring 0 calls it like any function; at
``hlt`` the machine hands over, and it goes on with the result in rax.
"""

from __future__ import annotations

from typing import Final

from ring3 import resources
from ring3.abi import elf
from ring3.image.symbols import SymbolTable
from ring3.machine.board import DIRECT_MAP, Machine
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SIZE

STUB_CODE: Final = b"\xf3\x0f\x1e\xfa\xf4\xc3" + b"\xcc" * 10
STUB_SIZE: Final = len(STUB_CODE)
HLT_END: Final = 5
"""Distance from a stub's start to the instruction after its ``hlt``."""


class KernelImage:
    """The kernel half's contents on one machine.

    Attributes:
        symbols: Name and address of everything in it.
    """

    def __init__(self, machine: Machine, path: str, module: str = "") -> None:
        """Places a linked image from the package, such as ``linux/vmlinux``, and maps it.

        Args:
            machine: The computer; its kernel pmap gets the mappings.
            path: The file, below ``image/``.
            module: The module its symbols belong to, for kernels that name modules.
        """
        self._machine = machine
        self.symbols = SymbolTable()
        raw = resources.read_bytes(f"image/{path}")
        header = elf.parse_header(raw)
        table = raw[header.phoff : header.phoff + header.phnum * header.phentsize]
        end = 0
        self._text: list[tuple[int, bytes]] = []
        for segment in elf.parse_program_headers(header, table):
            if segment.type != elf.PType.LOAD:
                continue
            content = raw[segment.offset : segment.offset + segment.filesz]
            prot = Prot.READ
            if segment.flags & elf.PFlags.W:
                prot |= Prot.WRITE
            if segment.flags & elf.PFlags.X:
                prot |= Prot.EXEC
                self._text.append((segment.vaddr, content))
            self._place(segment.vaddr, content, segment.memsz, prot)
            end = max(end, segment.vaddr + segment.memsz)
        for symbol in elf.symbols(raw):
            self.symbols.add(symbol.name, symbol.value, symbol.size, module)
        self._first_stub = self._next_stub = self._stub_limit = (end + PAGE_SIZE - 1) & -PAGE_SIZE

    def _place(self, address: int, content: bytes, size: int, prot: Prot) -> None:
        ram, pmap = self._machine.ram, self._machine.kernel_pmap
        pages = (size + PAGE_SIZE - 1) // PAGE_SIZE
        first = ram.alloc_contiguous(pages)
        ram.bytes[first : first + len(content)] = content
        for page in range(pages):
            pmap.enter(address + page * PAGE_SIZE, first + page * PAGE_SIZE, prot, user=False)

    def add_stub(self, name: str, module: str = "") -> int:
        """Makes a stub with a symbol; returns its address."""
        address = self._next_stub
        if address == self._stub_limit:
            self._place(address, STUB_CODE * (PAGE_SIZE // STUB_SIZE), PAGE_SIZE, Prot.READ | Prot.EXEC)
            self._stub_limit += PAGE_SIZE
        self._next_stub += STUB_SIZE
        self.symbols.add(name, address, STUB_SIZE, module)
        return address

    def physical(self, symbol: str) -> int:
        """Physical address of a symbol."""
        return self.direct(symbol) - DIRECT_MAP

    def direct(self, symbol: str) -> int:
        """Address of a symbol in the direct map of RAM."""
        found = self._machine.kernel_pmap.lookup(self.symbols[symbol])
        frame = found & 0x000F_FFFF_FFFF_F000
        return DIRECT_MAP + frame + self.symbols[symbol] % PAGE_SIZE

    def text_is_pristine(self) -> bool:
        """Whether the machine code is, byte for byte, what was placed, stubs included."""
        for address, content in self._text:
            if self._machine.read(address, len(content)) != content:
                return False
        expected = STUB_CODE * (PAGE_SIZE // STUB_SIZE)
        return all(
            self._machine.read(page, PAGE_SIZE) == expected
            for page in range(self._first_stub, self._stub_limit, PAGE_SIZE)
        )
