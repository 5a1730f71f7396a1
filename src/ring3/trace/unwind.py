"""Stacks of programs: who has called whom, from the registers down, by the files' call frame information.

Each file that is mapped brings tables that say, for every instruction, where the caller's registers are (DWARF 4,
section 6.4; .eh_frame and .eh_frame_hdr of the Linux Standard Base). Where there are none, code is taken to keep frame
pointers. A file is read when a frame is first found in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from elftools.common.exceptions import ELFError
from elftools.dwarf.callframe import CIE, FDE, CallFrameInfo
from elftools.dwarf.lineprogram import LineProgram
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.kernel.mm.pagecache import PageCache
from ring3.kernel.mm.report import row
from ring3.kernel.mm.shared import SharedObject
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE
from ring3.trace.dwarf_expressions import evaluate

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.mm.objects import MemoryObject
    from ring3.kernel.mm.vma import Vma
    from ring3.linux.model.task import LinuxTask

_FUNCTIONS: Final = frozenset({"STT_FUNC", "STT_GNU_IFUNC", "STT_NOTYPE"})


Rule = tuple[Any, dict[int, Any]]
"""Where a frame's address and the caller's registers are, as pyelftools says it."""


class Frame(NamedTuple):
    """One function that has not returned.

    Attributes:
        address: Where it goes on, as a virtual address.
        file: The path of the file it is in, "" for none.
        offset: The same place, in bytes from the file's beginning.
        symbol: The function's name, "" if it is not known.
        distance: Bytes from the function's beginning.
        source: The source's path and line, "" if it is not known or was not asked for.
    """

    address: int
    file: str
    offset: int
    symbol: str
    distance: int
    source: str = ""


class RegisterNumbers(NamedTuple):
    """The numbers that DWARF gives the registers of a width (System V ABIs).

    Attributes:
        names: Registers of `UserRegs` by number, the last one standing for the return address.
        sp: The number of the stack pointer.
        fp: That of the frame pointer.
        ip: That of the return address.
    """

    names: tuple[str, ...]
    sp: int
    fp: int
    ip: int


WIDE: Final = RegisterNumbers(
    ("ax", "dx", "cx", "bx", "si", "di", "bp", "sp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip"),
    7, 6, 16,
)  # fmt: skip
NARROW: Final = RegisterNumbers(("ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "ip"), 4, 5, 8)


class CodeFile:
    """What a file says of its code: functions, call frames, lines."""

    def __init__(self, raw: bytes) -> None:
        self._elf = ELFFile(BytesIO(raw))
        self._loads = [s for s in self._elf.iter_segments() if s["p_type"] == "PT_LOAD"]
        self._bits: int = self._elf.elfclass

    def address(self, offset: int) -> int | None:
        """The address that the file gives the byte at an offset, None outside of its segments."""
        for load in self._loads:
            if load["p_offset"] <= offset < load["p_offset"] + load["p_filesz"]:
                return int(offset - load["p_offset"] + load["p_vaddr"])
        return None

    def symbol(self, address: int) -> tuple[str, int]:
        """The last function that begins at or before an address, and the distance from there."""
        starts, names = self._symbols
        at = bisect_right(starts, address) - 1
        return (names[at], address - starts[at]) if at >= 0 else ("", 0)

    @cached_property
    def _symbols(self) -> tuple[list[int], list[str]]:
        found: dict[int, str] = {}
        for section in self._elf.iter_sections():
            if not isinstance(section, SymbolTableSection):
                continue
            for symbol in section.iter_symbols():
                is_there = symbol["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS") and symbol.name
                if is_there and symbol["st_info"]["type"] in _FUNCTIONS:
                    found.setdefault(symbol["st_value"], symbol.name)
        starts = sorted(found)
        return starts, [found[start] for start in starts]

    # -- call frame information ----------------------------------------------------------------------------------

    @cached_property
    def _frames(self) -> tuple[list[int], list[int], CallFrameInfo] | None:
        """Where functions begin, where their entries lie in .eh_frame, and what reads them."""
        section = self._elf.get_section_by_name(".eh_frame")
        if section is None:
            return None
        structs = self._elf.get_dwarf_info(relocate_dwarf_sections=False).structs
        info = CallFrameInfo(
            BytesIO(section.data()), section["sh_size"], section["sh_addr"], structs, for_eh_frame=True
        )
        header = self._elf.get_section_by_name(".eh_frame_hdr")
        if header is not None and header.data()[:4] == b"\x01\x1b\x03\x3b":
            rows = _header_rows(header.data(), header["sh_addr"])
            return [start for start, _ in rows], [at - section["sh_addr"] for _, at in rows], info
        entries = [entry for entry in info.get_entries() if isinstance(entry, FDE)]
        rows = sorted((entry["initial_location"], entry.offset) for entry in entries)
        return [start for start, _ in rows], [at for _, at in rows], info

    def rule(self, address: int) -> Rule | None:
        """Where the caller's registers are at an address: the rule of the frame's address and those of registers."""
        if self._frames is None:
            return None
        starts, places, info = self._frames
        at = bisect_right(starts, address) - 1
        if at < 0:
            return None
        entry = info._parse_entry_at(places[at])  # noqa: SLF001 -- all of them would take seconds
        if not isinstance(entry, FDE):
            return None
        begin = entry["initial_location"]
        if not begin <= address < begin + entry["address_range"]:
            return None
        found = None
        for line in entry.get_decoded().table:
            if line["pc"] > address:
                break
            found = line
        if found is None:
            return None
        return found["cfa"], {key: rule for key, rule in found.items() if isinstance(key, int)}

    def is_signal(self, address: int) -> bool:
        """Whether the frame at an address is one that a signal made: the address is not behind a call."""
        if self._frames is None:
            return False
        starts, places, info = self._frames
        at = bisect_right(starts, address) - 1
        entry = info._parse_entry_at(places[at]) if at >= 0 else None  # noqa: SLF001
        cie = entry.cie if isinstance(entry, FDE) else None
        return isinstance(cie, CIE) and b"S" in cie.header.get("augmentation", b"")

    # -- lines ---------------------------------------------------------------------------------------------------

    def source(self, address: int) -> str:
        """The source's path and line at an address."""
        starts, places = self._lines
        at = bisect_right(starts, address) - 1
        return places[at] if at >= 0 else ""

    @cached_property
    def _lines(self) -> tuple[list[int], list[str]]:
        found: dict[int, str] = {}
        if self._elf.has_dwarf_info():
            dwarf = self._elf.get_dwarf_info()
            for unit in dwarf.iter_CUs():
                program = dwarf.line_program_for_CU(unit)
                if program is not None:
                    found |= _lines_of(program)
        starts = sorted(found)
        return starts, [found[start] for start in starts]


def _header_rows(raw: bytes, base: int) -> list[tuple[int, int]]:
    """The sorted table of .eh_frame_hdr: where functions begin and where their entries are, as addresses."""
    count = int.from_bytes(raw[8:12], "little")

    def signed(at: int) -> int:
        return int.from_bytes(raw[at : at + 4], "little", signed=True)

    return [(base + signed(12 + 8 * n), base + signed(16 + 8 * n)) for n in range(count)]


def _lines_of(program: LineProgram) -> dict[int, str]:
    """The places in sources that a unit's line program gives addresses; "" where a sequence ends."""
    header = program.header
    files, folders = header["file_entry"], header["include_directory"]
    since_5 = header["version"] >= 5
    found: dict[int, str] = {}
    for entry in program.get_entries():
        state = entry.state
        if state is None or (not state.line and not state.end_sequence):
            continue
        if state.end_sequence:
            found[state.address] = ""
            continue
        index = state.file if since_5 else state.file - 1
        if 0 <= index < len(files):
            file = files[index]
            folder = file.dir_index - (not since_5)
            name = file.name.decode("utf-8", "replace")
            if 0 <= folder < len(folders) and not name.startswith("/"):
                name = f"{folders[folder].decode('utf-8', 'replace')}/{name}"
            found[state.address] = f"{name}:{state.line}"
    return found


class Unwinder:
    """Unwinds the stacks of programs."""

    def __init__(self) -> None:
        self._files: dict[MemoryObject, CodeFile | None] = {}

    def frames(
        self,
        task: LinuxTask,
        *,
        registers: Any = None,  # noqa: ANN401 - registers by name
        sources: bool = False,
    ) -> Iterator[Frame]:
        """The functions that have not returned, from the innermost one on.

        Args:
            task: Whose.
            registers: What has its registers by the names of `UserRegs`; None while it is in the kernel.
            sources: Whether lines in sources are looked for.
        """
        mm, regs = task.mm, registers or task.regs
        if mm is None:
            return
        numbers = NARROW if task.is_narrow else WIDE
        values = {number: getattr(regs, name) for number, name in enumerate(numbers.names)}
        is_return = False
        while ip := values[numbers.ip]:
            vma = mm.vma_at(ip)
            file = None if vma is None else self._file(mm, vma)
            name = "" if vma is None else row(mm, vma).name
            yield _frame(ip, vma, name, file, sources=sources, is_return=is_return)
            if vma is None:
                return
            inside = None if file is None else file.address(_offset(vma, ip))
            rule = None if file is None or inside is None else file.rule(inside - is_return)
            caller = _caller(task, rule, values, numbers)
            if caller is None or caller[numbers.sp] <= values[numbers.sp]:
                return
            is_return = not (file is not None and inside is not None and file.is_signal(inside))
            values = caller

    def _file(self, mm: Mm, vma: Vma) -> CodeFile | None:
        obj = vma.obj
        if obj is None:
            return None
        if obj not in self._files:
            try:
                raw = (
                    obj.read(0, obj.size)
                    if isinstance(obj, PageCache | SharedObject)
                    else mm.peek(vma.start, vma.end - vma.start)
                )
                self._files[obj] = CodeFile(raw)
            except (ELFError, Errno):
                self._files[obj] = None
        return self._files[obj]


def _offset(vma: Vma, address: int) -> int:
    return (vma.object_page(address) << PAGE_SHIFT) + address % PAGE_SIZE


def _frame(
    ip: int, vma: Vma | None, name: str, file: CodeFile | None, *, sources: bool, is_return: bool
) -> Frame:
    if vma is None:
        return Frame(ip, "", ip, "", 0)
    offset = _offset(vma, ip)
    inside = None if file is None else file.address(offset)
    if file is None or inside is None:
        return Frame(ip, name, offset, "", 0)
    symbol, distance = file.symbol(inside - is_return)  # a call at a function's end returns behind it
    source = file.source(inside - is_return) if sources else ""
    return Frame(ip, name, offset, symbol, distance + is_return, source)


def _caller(
    task: LinuxTask, rule: Rule | None, values: dict[int, int], numbers: RegisterNumbers
) -> dict[int, int] | None:
    """The registers of the caller of a frame; None where there is none or memory cannot be read."""
    word = 4 if task.is_narrow else 8

    def load(address: int) -> int:
        return int.from_bytes(task.memory.peek(address, word), "little")

    if rule is not None:
        return caller_of(rule, values, numbers, load, word)
    frame = values[numbers.fp]
    try:
        found = {numbers.fp: load(frame), numbers.ip: load(frame + word), numbers.sp: frame + 2 * word}
    except Errno:
        return None
    return values | found


def caller_of(
    rule: Rule, values: dict[int, int], numbers: RegisterNumbers, load: Callable[[int], int], word: int
) -> dict[int, int] | None:
    """The registers of the caller of a frame; None where there is none, or memory cannot be read.

    Args:
        rule: Where they are.
        values: The registers in the frame, by number.
        numbers: What the numbers mean.
        load: Reads a word of memory; raises Errno where there is none.
        word: Its bytes.
    """
    mask = (1 << (8 * word)) - 1
    cfa, registers = rule
    caller = dict(values)
    try:
        frame = values[cfa.reg] + cfa.offset if cfa.expr is None else evaluate(cfa.expr, values, load)
        if numbers.ip in registers and registers[numbers.ip].type == "UNDEFINED":
            return None
        caller[numbers.sp] = frame & mask
        for number, where in registers.items():
            caller[number] = _register(where, values, load, frame, values.get(number, 0)) & mask
    except (Errno, KeyError, ValueError):
        return None
    return caller


def _register(
    where: Any,  # noqa: ANN401 -- a rule of the library's, whose argument has many types
    values: dict[int, int],
    load: Callable[[int], int],
    frame: int,
    same: int,
) -> int:
    """The value that a register had in the caller, by its rule."""
    match where.type:
        case "OFFSET":
            return load(frame + where.arg)
        case "VAL_OFFSET":
            return frame + int(where.arg)
        case "REGISTER":
            return values[where.arg]
        case "EXPRESSION":
            return load(evaluate(where.arg, values, load, frame))
        case "VAL_EXPRESSION":
            return evaluate(where.arg, values, load, frame)
    return same
