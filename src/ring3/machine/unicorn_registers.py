"""The registers of the emulated CPU: a *window*, which is a saved context in our own memory.

The emulator is given the whole of its state from the window before it runs, and saves it there afterwards. So a
register is a word of memory, read and written without the library; only what the emulator derives other state from
(control registers, EFER, the descriptor-table registers) is written through it. Where each field lies is
`machine.unicorn_state`'s.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import cache
from operator import sub
from typing import Any, Final

from ring3.errors import CLOSED, UserError
from ring3.machine import unicorn_library as api
from ring3.machine import unicorn_state as at
from ring3.machine.cpu import CpuState
from ring3.machine.descriptors import Segment
from ring3.machine.msr import Msr
from ring3.machine.paging import walk
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SIZE, Ram
from ring3.machine.registers import Flags, Seg

NOWHERE: Final = 1 << 63
"""No instruction lies here: it is not canonical."""

NOTHING: Final = -1
"""What `_happened` says in a run before something has."""
IDLE: Final = -2
"""What it says while there is no run: whatever makes the emulator work is to leave the window alone."""

_FIXED: Final = int(Flags.FIXED)  # an IntFlag would cost a microsecond each time
_M64: Final = (1 << 64) - 1
_GPR_IDS: Final = (35, 38, 40, 37, 44, 36, 43, 39, *range(106, 114))  # UC_X86_REG_RAX..R15 in encoding order
_CR4_SMAP: Final = 1 << 21


@cache
def _library() -> api.Library:
    return api.Library()


def closed(*_: object) -> Any:  # noqa: ANN401 -- stands in for every function
    """Stands in for a function of the emulator when that is gone.

    Raises:
        UserError: Always.
    """
    raise UserError(CLOSED)


class _Closed(api.Library):
    """Stands in for the library when the emulator is gone, which nobody may call any more."""

    def __init__(self) -> None:
        """Loads nothing."""

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 -- whatever is asked for
        return closed


NO_PAGE: Final = (-1, 0)
"""No page of code is remembered."""


class UnicornRegisters:
    """The emulator and its registers, as they are while it stands still.

    Attributes:
        words: The window as 64-bit words.
        flags: One word, RFLAGS; to change it, set `rflags`.
        base: Index in `words` of RAX; the other general registers and RIP follow in encoding order.
    """

    is_state = False

    def __init__(self, ram: Ram) -> None:
        """Makes the emulator, with its RAM, in its first state: ring 0, no paging.

        Raises:
            UserError: The library is missing or of an unknown build.
        """
        self._ram = ram
        self._lib = lib = _library()
        engine = ctypes.c_void_p()
        lib.check(lib.open(api.ARCH_X86, api.MODE_64, ctypes.byref(engine)), "uc_open")
        assert engine.value is not None
        self._engine = engine.value
        lib.choose_cpu(self._engine, api.CPU_X86_BROADWELL)
        self._ram_pointer = ctypes.c_char.from_buffer(ram.bytes)
        lib.mem_map_ptr(self._engine, 0, ram.size, api.PROT_ALL, ctypes.addressof(self._ram_pointer))
        lib.use_exits(self._engine, on=True)
        self._base = 0
        self._make_windows()
        self._pmap: Pmap | None = None
        self._flush: Callable[[Pmap], None] = self._flush_tlb
        self._scratch = ctypes.c_uint64(0)
        self._code_page = NO_PAGE

    def gpr(self, number: int) -> int:
        """General register by its encoding."""
        return self.words[self.base + number]

    def set_gpr(self, number: int, value: int) -> None:
        """Sets a general register."""
        self.words[self.base + number] = value & _M64

    @property
    def rip(self) -> int:
        """The instruction pointer."""
        return self.words[self._rip]

    @rip.setter
    def rip(self, value: int) -> None:
        self.words[self._rip] = value & _M64

    @property
    def rflags(self) -> int:
        """The flags register."""
        return self.flags[0]

    @rflags.setter
    def rflags(self, value: int) -> None:
        self.flags[0] = self.words[self._eflags] = value | _FIXED

    @property
    def cr2(self) -> int:
        """Linear address of the last page fault."""
        return self.words[self._cr2]

    @cr2.setter
    def cr2(self, value: int) -> None:
        self.words[self._cr2] = value & _M64

    @property
    def cr3(self) -> int:
        """Physical address of the top page table."""
        return self.words[(self._base + at.CR3) >> 3]

    @property
    def fs_base(self) -> int:
        """Base of FS."""
        return self.rdmsr(Msr.MSR_FS_BASE)

    @fs_base.setter
    def fs_base(self, value: int) -> None:
        self.wrmsr(Msr.MSR_FS_BASE, value)

    @property
    def gs_base(self) -> int:
        """Base of GS."""
        return self.rdmsr(Msr.MSR_GS_BASE)

    @gs_base.setter
    def gs_base(self, value: int) -> None:
        self.wrmsr(Msr.MSR_GS_BASE, value)

    @property
    def cpl(self) -> int:
        """Current privilege level."""
        return self._halves[self._hflags] & at.HF_CPL

    @property
    def long_mode(self) -> bool:
        """64-bit code, as opposed to code of compatibility mode."""
        return bool(self._halves[self._hflags] & at.HF_CS64)

    def selector(self, segment: Seg) -> int:
        """The visible part of a segment register."""
        return self._halves[self._selectors[segment]] & 0xFFFF

    def load_segment(self, segment: Seg, selector: int, descriptor: Segment) -> None:
        """Sets both parts of a segment register; CS also sets mode and privilege level."""
        offset = self._base + at.SEGMENTS + segment * at.SEGMENT_SIZE
        struct.pack_into(
            "<IIQII",
            self._buffer,
            offset,
            selector,
            0,
            descriptor.base,
            descriptor.limit,
            descriptor.cache_flags,
        )
        if segment is Seg.CS:
            hidden = self._halves[self._hflags] & ~(
                at.HF_CPL | at.HF_CS32 | at.HF_SS32 | at.HF_CS64 | at.HF_ADDSEG
            )
            hidden |= selector & 3
            if not selector & 3 and self.control(4) & _CR4_SMAP:
                hidden |= at.HF_SMAP
            if descriptor.is_long:
                hidden |= at.HF_CS64 | at.HF_CS32 | at.HF_SS32
            elif descriptor.flags & 4:
                hidden |= at.HF_CS32 | at.HF_SS32
            self._halves[self._hflags] = hidden

    @property
    def task_register(self) -> int:
        """The visible part of TR."""
        return self._halves[(self._base + at.TR) >> 2] & 0xFFFF

    def table_register(self, name: str) -> tuple[int, int]:
        """Base and limit of ``gdtr``, ``idtr``, ``tr`` or ``ldtr``."""
        offset = self._base + {"gdtr": at.GDTR, "idtr": at.IDTR, "tr": at.TR, "ldtr": at.LDTR}[name]
        base, limit = struct.unpack_from("<QI", self._buffer, offset + at.SEGMENT_BASE)
        return base, limit

    def set_table_register(self, name: str, selector: int, base: int, limit: int, flags: int = 0) -> None:
        """Loads ``gdtr``, ``idtr``, ``tr`` or ``ldtr`` as lgdt, lidt, ltr and lldt do, without any check."""
        register = {"gdtr": api.REG_GDTR, "idtr": api.REG_IDTR, "tr": api.REG_TR, "ldtr": api.REG_LDTR}[name]
        self._library_write(register, api.TableRegister(selector, base, limit, flags))

    def set_control(self, number: int, value: int) -> None:
        """Sets CR0, CR3 or CR4 as a move to it does."""
        register = {0: api.REG_CR0, 3: api.REG_CR3, 4: api.REG_CR4}[number]
        self._library_write(register, ctypes.c_uint64(value))

    def control(self, number: int) -> int:
        """CR0, CR2, CR3 or CR4."""
        return self.words[(self._base + at.CR0) // 8 + number]

    def rdmsr(self, number: int) -> int:
        """Value of an MSR."""
        return self.words[(self._base + at.MSRS[Msr(number)]) >> 3]

    def wrmsr(self, number: int, value: int) -> None:
        """Sets an MSR as the instruction does in ring 0, without its checks."""
        if number == Msr.MSR_EFER:
            self._library_write(api.REG_MSR, api.MsrValue(number, value))
        else:
            self.words[(self._base + at.MSRS[Msr(number)]) >> 3] = value & _M64

    def save(self) -> bytes:
        """All registers as one opaque value."""
        return self._window_bytes.tobytes()

    def load(self, saved: bytes) -> None:
        """Sets a program's registers; see `Cpu.load` for what stays."""
        self._copy_parts(self._window, saved, self._programs_at)
        self.flags[0] = self.words[self._eflags]
        if self._pmap is not None:
            self.words[(self._base + at.CR3) >> 3] = self._pmap.root

    def state(self) -> CpuState:
        """Everything that the CPU holds, its own registers included; see `Cpu.state`."""
        return CpuState(bytes(self._window_bytes), self._pmap)

    def put_state(self, state: CpuState) -> None:
        """Goes back to it; what observers have switched on stays."""
        word, ours = (self._base + at.HFLAGS2) >> 3, (at.REPEATABLE | at.ONE_BY_ONE) << 32
        hidden = self.words[word] & ours
        self._window_bytes[:] = state.registers
        self.words[word] = self.words[word] & ~ours | hidden
        self.flags[0] = self.words[self._eflags]
        self._pmap = state.pmap
        if state.pmap is not None:
            state.pmap.stale = True

    def fpu(self) -> memoryview:
        """The x87 and SSE state as the emulator keeps it; it can be copied from one saved state to another."""
        return self._fpu

    # -- the window ---------------------------------------------------------------------------------------------

    def _make_windows(self) -> None:
        """The window, a context in our own memory, and the words that say why it was saved (``emulator/stops.c``)."""
        lib = self._lib
        size = lib.context_size(self._engine)
        context = ctypes.c_void_p()
        lib.check(lib.context_alloc(self._engine, ctypes.byref(context)), "uc_context_alloc")
        lib.check(lib.context_save(self._engine, context), "uc_context_save")
        assert context.value is not None
        self._buffer = ctypes.create_string_buffer(ctypes.string_at(context.value, size), (size + 7) & ~7)
        lib.context_free(context)
        self._window = ctypes.addressof(self._buffer)
        self._window_bytes = memoryview(self._buffer).cast("B")
        self.words: memoryview = self._window_bytes.cast("Q")
        self._halves = self._window_bytes.cast("i")
        self._run_record = record = api.RunRecord(self._window, IDLE, engine=self._engine)
        self._happened = memoryview(record).cast("B").cast("q")
        self.flags: memoryview = memoryview(record).cast("B").cast("Q")[2:3]  # its ``rflags``
        self._start: Callable[[int, int, int], int] = lib.ours.run
        self._record_at = ctypes.addressof(record)
        self._flags_at = self._record_at + api.RunRecord.rflags.offset
        self._restore: Callable[[int, int], int] = lib.context_restore
        self._copy_parts: Callable[[int, bytes, int], None] = lib.ours.copy_parts

    def _place_fields(self) -> None:
        """Turns byte offsets into indices, once."""
        base = self._base
        self.base = base >> 3
        self._fpu = self._window_bytes[base + at.FPU : base + at.FPU_END]
        self._rip = (base + at.RIP) >> 3
        self._eflags = (base + at.EFLAGS) >> 3
        self._cr2 = (base + at.CR2) >> 3
        self._selectors = [(base + at.SEGMENTS + segment * at.SEGMENT_SIZE) >> 2 for segment in range(6)]
        self._hflags = (base + at.HFLAGS) >> 2
        self._error_code = (base + at.ERROR_CODE) >> 2
        self._is_int = (base + at.IS_INT) >> 2
        self._old_exception = (base + at.OLD_EXCEPTION) >> 2
        record = self._run_record
        record.rflags_at, record.rip_at, record.hflags_at = (
            self._window + base + offset for offset in (at.EFLAGS, at.RIP, at.HFLAGS)
        )
        ends = sorted((base + start, base + end) for start, end in at.PROCESSORS)
        starts = (0, *(end for _, end in ends))
        sizes = map(sub, (*(start for start, _ in ends), len(self._window_bytes)), starts)
        parts = [number for part in zip(starts, sizes, strict=True) for number in part]
        self._programs = (ctypes.c_size_t * (len(parts) + 2))(*parts)  # the last two are 0: the end
        self._programs_at = ctypes.addressof(self._programs)

    def _sync(self) -> None:
        """Brings the window up to date with the emulator."""
        self._lib.context_save(self._engine, self._window)
        self._lib.reg_read(self._engine, api.REG_EFLAGS, self._flags_at)

    def _library_write(self, register: int, value: ctypes._CData) -> None:
        """Writes a register through the library, which also changes what it derives from it."""
        self._restore(self._engine, self._window)
        status = self._lib.reg_write(self._engine, register, ctypes.byref(value))
        if status:
            raise UserError(f"the CPU refused a value for register {register}")
        self._sync()

    def _library_wrmsr(self, number: int, value: int) -> None:
        self._library_write(api.REG_MSR, api.MsrValue(number, value))

    def _write_gpr(self, number: int, value: int) -> None:
        self._library_write(_GPR_IDS[number], ctypes.c_uint64(value))

    def _snapshot(self) -> bytes:
        self._lib.context_save(self._engine, self._window)
        return bytes(self._window_bytes)

    # -- memory ------------------------------------------------------------------------------------------------

    def use(self, pmap: Pmap) -> None:
        """Switches to another address space; the next run flushes the TLB."""
        if pmap is self._pmap:
            return
        self._pmap = pmap
        self.words[(self._base + at.CR3) >> 3] = pmap.root
        pmap.stale = True

    def close(self) -> None:
        """Ends the emulator and lets go of guest RAM."""
        self._lib.close(self._engine)
        self._lib, self._restore = _Closed(), closed
        del self._ram_pointer

    def _flush_tlb(self, pmap: Pmap) -> None:
        """Makes the emulator look at changed page tables; `_flush` is this, or what a subclass puts in its place."""
        self._scratch.value = pmap.root
        self._lib.reg_write(self._engine, api.REG_CR3, ctypes.addressof(self._scratch))
        pmap.stale = False
        self._code_page = NO_PAGE

    def code_bytes(self, address: int, size: int) -> bytes:
        """Up to ``size`` bytes at a virtual address, fewer at the end of what is mapped."""
        parts = []
        while size > 0:
            physical = self._code_place(address)
            if physical is None:
                break
            part = min(size, PAGE_SIZE - address % PAGE_SIZE)
            parts.append(bytes(self._ram.bytes[physical : physical + part]))
            address, size = address + part, size - part
        return b"".join(parts)

    def _code_place(self, address: int) -> int | None:
        """Where in RAM the code at a virtual address lies, None where nothing is mapped.

        The page that was asked for last is remembered until the TLB is flushed: it is valid as long as the TLB's are.
        """
        pmap = self._pmap
        page, inside = address & -PAGE_SIZE, address % PAGE_SIZE
        is_known = pmap is not None and not pmap.stale
        if is_known and self._code_page[0] == page:
            return self._code_page[1] + inside
        found = walk(self._ram, self.cr3, address)
        if found is None or found.physical >= self._ram.size:
            return None
        if is_known:
            self._code_page = page, found.physical - inside
        return found.physical

    def _fetch(self, address: int) -> int:
        """The byte at a virtual address, -1 where nothing is mapped."""
        raw = self.code_bytes(address, 1)
        return raw[0] if raw else -1
