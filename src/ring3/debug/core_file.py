"""A core file of Linux: memory, the registers of all threads, and what its notes say of the process (core(5)).

Layouts: include/linux/elfcore.h and include/uapi/linux/elfcore.h of Linux 6.x; ``fill_files_note`` of
fs/binfmt_elf.c for NT_FILE. The files that were mapped are named, and not in it.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from ring3.abi.linux.structs.tracing import USER_REGS, USER_REGS32
from ring3.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRSTATUS_REGISTERS: Final = {64: 112, 32: 72}
"""Where the registers stand in ``struct elf_prstatus``; the thread's number lies 8 words of time before them."""
_PRPSINFO: Final = {64: "<bcbbxxxxQII4i16s80s", 32: "<bcbbIHH4i16s80s"}
_AT_ENTRY: Final = 9
_SI_USER: Final = (0, -6, -1)
"""``si_code`` of signals that a process has sent: SI_USER, SI_TKILL, SI_QUEUE."""
_NAMES: Final = {"ip": "rip", "flags": "rflags", "eflags": "rflags", "orig_ax": "orig_rax"}


class CoreThread(NamedTuple):
    """A thread as it was.

    Attributes:
        tid: Its number.
        signal: What it was about to take.
        registers: By the names of `debug.registers`.
        floating_point: 512 bytes as fxsave has them, empty where there are none.
    """

    tid: int
    signal: int
    registers: dict[str, int]
    floating_point: bytes = b""


class MappedFile(NamedTuple):
    """A part of a file that was mapped.

    Attributes:
        start: The first address.
        end: The address behind the last.
        offset: Of its first byte in the file.
        name: The file's path.
    """

    start: int
    end: int
    offset: int
    name: str


class Segment(NamedTuple):
    """A mapping, and how much of it is in the file."""

    start: int
    size: int
    offset: int
    kept: int


class CoreFile:
    """What a process has left.

    Attributes:
        name: The path of the core file.
        bits: 32 or 64.
        threads: Its threads, that which took the signal first.
        files: What was mapped of files.
        segments: All mappings.
        pid: The process's number.
        program: What it was called, up to 15 bytes.
        arguments: Its command line, up to 79 bytes.
        signal: What ended it.
        reason: Where it came from: ``addr=0x8``, ``pid=7 uid=0``, or "".
        auxv: The auxiliary vector, as it lay on the stack.
    """

    def __init__(self, name: str, raw: bytes) -> None:
        """Takes a file apart.

        Raises:
            UserError: It is no core file.
        """
        self.name = name
        self._raw = raw
        self.threads: list[CoreThread] = []
        self.files: list[MappedFile] = []
        self.segments: list[Segment] = []
        self.pid, self.program, self.arguments = 0, "", ""
        self.signal, self.reason, self.auxv = 0, "", b""
        try:
            elf = ELFFile(io.BytesIO(raw))
            self.bits: int = elf.elfclass
            if elf.header["e_type"] != "ET_CORE":
                raise UserError(f"{name} is not a core file")
            for segment in elf.iter_segments():
                if segment["p_type"] == "PT_LOAD":
                    numbers = (segment[key] for key in ("p_vaddr", "p_memsz", "p_offset", "p_filesz"))
                    self.segments.append(Segment(*map(int, numbers)))
                elif segment["p_type"] == "PT_NOTE":
                    for kind, body in _notes(segment.data()):
                        self._take(kind, body)
        except (ELFError, KeyError, ValueError, struct.error, IndexError) as error:
            raise UserError(f"{name} is not a core file: {error}") from None
        if not self.threads:
            raise UserError(f"{name} has no threads")

    def _take(self, kind: int, body: bytes) -> None:
        match kind:
            case 1:  # NT_PRSTATUS
                self._prstatus(body)
            case 2 | 0x46E62B7F:  # NT_FPREGSET, NT_PRXFPREG
                self.threads[-1] = self.threads[-1]._replace(floating_point=body)
            case 3:  # NT_PRPSINFO
                self._prpsinfo(body)
            case 6:  # NT_AUXV
                self.auxv = body
            case 0x46494C45:  # NT_FILE
                self._mapped(body)
            case 0x53494749:  # NT_SIGINFO
                self._siginfo(body)

    def _prstatus(self, body: bytes) -> None:
        at = _PRSTATUS_REGISTERS[self.bits]
        layout = USER_REGS if self.bits == 64 else USER_REGS32
        size = layout.size(self.bits)
        names = [place.field.name for place in layout.layout(self.bits).places]
        values = layout.unpack(self.bits, body[at : at + size])
        registers = {_register(name): int(value) for name, value in zip(names, values, strict=True)}
        (tid,) = struct.unpack_from("<i", body, at - 8 * (self.bits // 8) - 16)
        (signal,) = struct.unpack_from("<h", body, 12)
        self.threads.append(CoreThread(tid, signal, registers))
        self.signal = self.signal or signal

    def _prpsinfo(self, body: bytes) -> None:
        found: tuple[Any, ...] = struct.unpack_from(_PRPSINFO[self.bits], body)
        self.pid = found[-6]
        self.program, self.arguments = (
            text.partition(b"\0")[0].decode("utf-8", "replace").rstrip() for text in found[-2:]
        )

    def _siginfo(self, body: bytes) -> None:
        signal, _errno, code = struct.unpack_from("<3i", body)
        self.signal = signal
        place = 16 if self.bits == 64 else 12
        if code in _SI_USER:
            pid, uid = struct.unpack_from("<2i", body, place)
            self.reason = f"pid={pid} uid={uid} code={code}"
        elif code > 0:
            (address,) = struct.unpack_from("<Q" if self.bits == 64 else "<I", body, place)
            self.reason = f"addr={address:x}"

    def _mapped(self, body: bytes) -> None:
        word = self.bits // 8
        form = "Q" if word == 8 else "I"
        count, page = struct.unpack_from(f"<2{form}", body)
        numbers = struct.unpack_from(f"<{3 * count}{form}", body, 2 * word)
        names = body[(2 + 3 * count) * word :].split(b"\0")
        for index in range(count):
            start, end, offset = numbers[3 * index : 3 * index + 3]
            name = names[index].decode("utf-8", "surrogateescape")
            self.files.append(MappedFile(start, end, offset * page, name))

    def read(self, address: int, size: int) -> bytes:
        """Up to so many bytes of memory, fewer where it was not mapped or is not in the file."""
        parts = []
        while size:
            piece = self._piece(address, size)
            if not piece:
                break
            parts.append(piece)
            address, size = address + len(piece), size - len(piece)
        return b"".join(parts)

    def _piece(self, address: int, size: int) -> bytes:
        for segment in self.segments:
            inside = address - segment.start
            if 0 <= inside < segment.kept:
                return self._raw[segment.offset + inside : segment.offset + min(segment.kept, inside + size)]
        return b""

    def file_at(self, address: int) -> MappedFile | None:
        """What file an address belongs to."""
        return next((each for each in self.files if each.start <= address < each.end), None)

    @property
    def entry(self) -> int | None:
        """Where the executable begins (AT_ENTRY), None if it is not said."""
        form = "<2Q" if self.bits == 64 else "<2I"
        for key, value in struct.iter_unpack(form, self.auxv[: len(self.auxv) & -struct.calcsize(form)]):
            if key == _AT_ENTRY:
                return int(value)
        return None


def _notes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 12 <= len(data):
        owner, size, kind = struct.unpack_from("<3I", data, at)
        start = at + 12 + (owner + 3 & -4)
        yield kind, data[start : start + size]
        at = start + (size + 3 & -4)


def _register(name: str) -> str:
    """What `debug.registers` calls a register of ``struct user_regs_struct``."""
    if name in _NAMES:
        return _NAMES[name]
    return f"r{name}" if len(name) == 2 and name[0] != "r" and name[1] in "xpi" else name
