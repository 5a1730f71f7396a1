"""Which code of a program has run: blocks, and files of them that other tools read (drcov and lcov)."""

from __future__ import annotations

import io
import os
import struct
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from ring3.abi import elf
from ring3.kernel import points
from ring3.kernel.mm.pagecache import PageCache

if TYPE_CHECKING:
    from ring3.kernel.mm.space import Space
    from ring3.kernel.task import Task
    from ring3.python.machine import Machine

_PAGE = 4096


class Module(NamedTuple):
    """A file whose code is mapped.

    Attributes:
        path: The file.
        base: The address of its beginning.
        end: The address behind it.
        raw: Its contents.
    """

    path: str
    base: int
    end: int
    raw: bytes


class Coverage:
    """Blocks of code that ring 3 has entered, until it is stopped or the ``with`` block ends.

    Attributes:
        blocks: How often each was entered, by address and size.
    """

    def __init__(self, machine: Machine) -> None:
        self.blocks: dict[tuple[int, int], int] = {}
        self._modules: dict[str, Module] = {}
        self._seen: object = None
        attach = machine.kernel.probes.attach
        self._attachments = [
            attach(points.Block(), self._entered),
            attach(points.ObjectLoaded(), lambda event: self._loaded(event.space)),
        ]

    def _entered(self, task: Task, address: int, size: int) -> None:
        if task.mm is not self._seen:
            self._seen = task.mm
            self._loaded(task.memory)
        key = address, size
        self.blocks[key] = self.blocks.get(key, 0) + 1

    def _loaded(self, space: Space) -> None:
        for vma in space.vmas:
            if not isinstance(vma.obj, PageCache):
                continue
            path = vma.name if isinstance(vma.name, str) else vma.name()
            path = path or vma.obj.name
            start, end = vma.start - vma.offset * _PAGE, vma.end
            known = self._modules.get(path)
            if known is None:
                raw = vma.obj.read(0, vma.obj.size)
                if raw.startswith(elf.MAGIC):
                    self._modules[path] = Module(path, start, end, raw)
            else:
                self._modules[path] = known._replace(base=min(known.base, start), end=max(known.end, end))

    def stop(self) -> None:
        """Records no more."""
        for attachment in self._attachments:
            attachment.detach()

    @property
    def addresses(self) -> set[int]:
        """Where the blocks begin."""
        return {address for address, _size in self.blocks}

    @property
    def modules(self) -> list[Module]:
        """The files whose code was mapped, by address."""
        return sorted(self._modules.values(), key=lambda module: module.base)

    def drcov(self, path: str | os.PathLike[str]) -> None:
        """Writes a file of DynamoRIO's drcov (version 2), which Lighthouse and others read."""
        modules = self.modules
        rows = []
        for address, size in self.blocks:
            for number, module in enumerate(modules):
                if module.base <= address < module.end:
                    rows.append(struct.pack("<IHH", address - module.base, min(size, 0xFFFF), number))
                    break
        lines = [
            "DRCOV VERSION: 2",
            "DRCOV FLAVOR: drcov",
            f"Module Table: version 2, count {len(modules)}",
            "Columns: id, base, end, entry, path",
            *(f"{n:3}, {m.base:#x}, {m.end:#x}, 0x0, {m.path}" for n, m in enumerate(modules)),
            f"BB Table: {len(rows)} bbs",
        ]
        with open(path, "wb") as file:
            file.write("\n".join(lines).encode() + b"\n" + b"".join(rows))

    def lines(self) -> dict[str, dict[int, int]]:
        """How often each line of each source file was entered, by the line tables that DWARF gives."""
        found: dict[str, dict[int, int]] = {}
        for module in self.modules:
            bias = _bias(module)
            ranges = sorted((address, address + size, n) for (address, size), n in self.blocks.items())
            for address, source, line in _line_table(module):
                counts = found.setdefault(source, {})
                times = max((n for start, end, n in ranges if start <= address + bias < end), default=0)
                counts[line] = max(counts.get(line, 0), times)
        return found

    def lcov(self, path: str | os.PathLike[str]) -> None:
        """Writes a tracefile of lcov (geninfo(1)), which genhtml and editors read; needs programs with ``-g``."""
        with open(path, "w", encoding="utf-8") as file:
            for source, counts in sorted(self.lines().items()):
                file.write(f"TN:\nSF:{source}\n")
                file.writelines(f"DA:{line},{times}\n" for line, times in sorted(counts.items()))
                hit = sum(1 for times in counts.values() if times)
                file.write(f"LF:{len(counts)}\nLH:{hit}\nend_of_record\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<coverage: {len(self.blocks)} blocks of {len(self._modules)} files>"


def _bias(module: Module) -> int:
    """What is to be added to the addresses in a file."""
    header = elf.parse_header(module.raw)
    table = module.raw[header.phoff : header.phoff + header.phnum * header.phentsize]
    first = min(
        s.vaddr & -_PAGE for s in elf.parse_program_headers(header, table) if s.type == elf.PType.LOAD
    )
    return module.base - first


def _line_table(module: Module) -> list[tuple[int, str, int]]:
    """The statements that DWARF tells of: address in the file, source file, line."""
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 -- for who asks

    file = ELFFile(io.BytesIO(module.raw))
    if not file.has_dwarf_info():
        return []
    dwarf, found = file.get_dwarf_info(), []
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        folder = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
        base = "" if folder is None else os.fsdecode(folder.value)
        names, first = program["file_entry"], 1 if program["version"] < 5 else 0
        for entry in program.get_entries():
            state = entry.state
            if state is not None and state.is_stmt and not state.end_sequence and state.line:
                name = os.fsdecode(names[state.file - first].name)
                found.append((state.address, os.path.normpath(os.path.join(base, name)), state.line))
    return found
