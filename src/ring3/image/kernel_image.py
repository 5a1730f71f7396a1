"""A kernel in memory: its linked ELF at its addresses, its symbols, and the stubs that it gets later.

A *stub* is where machine code ends and Python begins. Ring 0 calls it like any function; at its ``hlt`` the machine
hands over, and it goes on with the result in rax. What stands around the ``hlt`` is the kernel's own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi import elf
from ring3.abi.kinds import NamedTuple
from ring3.image.symbols import SymbolTable
from ring3.machine.board import Machine
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SIZE


class StubForm(NamedTuple):
    """How a kernel's stubs look.

    Attributes:
        code: The machine code, padded to a power of two.
        hlt_end: Distance from the start to the instruction after ``hlt``.
    """

    code: bytes
    hlt_end: int


ENDBR_STUB: Final = StubForm(b"\xf3\x0f\x1e\xfa\xf4\xc3" + b"\xcc" * 10, 5)
"""``endbr64; hlt; ret``."""


class _StubArea:
    """Where the stubs of a module lie: those made so far, and what is mapped for them."""

    __slots__ = ("limit", "next", "start")

    def __init__(self, start: int) -> None:
        self.start = self.next = self.limit = start


@cache
def _file(path: str) -> bytes:
    """A linked image, which all machines of a process share."""
    return resources.read_bytes(f"image/{path}")


@cache
def _symbols(path: str) -> tuple[elf.Symbol, ...]:
    return tuple(elf.symbols(_file(path)))


class KernelImage:
    """The kernel half's contents on one machine.

    Attributes:
        symbols: Name and address of everything in it.
        stub: How its stubs look.
    """

    def __init__(
        self,
        machine: Machine,
        path: str,
        *,
        stub: StubForm = ENDBR_STUB,
        module_of: Callable[[int], str] = lambda _: "",
        stub_areas: Mapping[str, int] | None = None,
    ) -> None:
        """Places a linked image from the package, such as ``linux/vmlinux``, and maps it.

        Args:
            machine: The computer; its kernel pmap gets the mappings.
            path: The file, below ``image/``.
            stub: How the stubs made later look, and those in the file.
            module_of: The module that an address of the file belongs to, for kernels that name modules.
            stub_areas: For each module the page where its stubs begin; others lie behind the image.
        """
        self._machine = machine
        self.stub = stub
        self.symbols = SymbolTable()
        raw = _file(path)
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
        for symbol in _symbols(path):
            self.symbols.add(symbol.name, symbol.value, symbol.size, module_of(symbol.value))
        # a page stays free between, so that the symbols of the image's end and the first stub have different addresses
        self._behind = _StubArea(((end + PAGE_SIZE - 1) & -PAGE_SIZE) + PAGE_SIZE)
        self._areas = {module: _StubArea(start) for module, start in (stub_areas or {}).items()}

    def _place(self, address: int, content: bytes, size: int, prot: Prot) -> None:
        ram, pmap = self._machine.ram, self._machine.kernel_pmap
        pages = (size + PAGE_SIZE - 1) // PAGE_SIZE
        first = ram.alloc_contiguous(pages)
        ram.bytes[first : first + len(content)] = content
        for page in range(pages):
            pmap.enter(address + page * PAGE_SIZE, first + page * PAGE_SIZE, prot, user=False)

    def add_stub(self, name: str, module: str = "") -> int:
        """Makes a stub with a symbol; returns its address."""
        area, size = self._areas.get(module, self._behind), len(self.stub.code)
        address = area.next
        if address == area.limit:
            self._place(address, self.stub.code * (PAGE_SIZE // size), PAGE_SIZE, Prot.READ | Prot.EXEC)
            area.limit += PAGE_SIZE
        area.next += size
        self.symbols.add(name, address, size, module)
        return address

    def physical(self, symbol: str) -> int:
        """Physical address of a symbol."""
        return self.direct(symbol) - self._machine.direct_map

    def direct(self, symbol: str) -> int:
        """Address of a symbol in the direct map of RAM."""
        found = self._machine.kernel_pmap.lookup(self.symbols[symbol])
        frame = found & 0x000F_FFFF_FFFF_F000
        return self._machine.direct_map + frame + self.symbols[symbol] % PAGE_SIZE

    def text_is_pristine(self) -> bool:
        """Whether the machine code is, byte for byte, what was placed, stubs included."""
        for address, content in self._text:
            if self._machine.read(address, len(content)) != content:
                return False
        expected = self.stub.code * (PAGE_SIZE // len(self.stub.code))
        return all(
            self._machine.read(page, PAGE_SIZE) == expected
            for area in (self._behind, *self._areas.values())
            for page in range(area.start, area.limit, PAGE_SIZE)
        )
