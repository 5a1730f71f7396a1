"""The CPU on the Unicorn emulator: real paging, rings and segments; no delivery, which is `machine.microcode`'s.

How it is made a real one. Unicorn cannot enter ring 0 by itself: it stops at ``syscall``, ``sysenter`` and every
exception, and it goes on from whatever state it is given. So the registers live in a *window*, a saved context
in our own memory. A run restores the window, starts, and finds what happened: for ``syscall`` the emulator itself
saves the context and stops, through two functions of its library hooked on the instruction, and no Python runs.

Habits of the emulator that are undone here:

* After a contributory exception it takes the next one for a double fault: the field ``old_exception`` is set back.
* ``in`` and ``out`` never fault in ring 3, and a hook on them cannot stop the block they stand in. The hook takes a
  snapshot and loads an empty page table, so that nothing that follows in the block can touch memory; the snapshot
  is restored and the instruction reported as #GP. (The snapshot's RIP is at or before the instruction, on a straight
  line of code, so that decoding from there finds it. Only the zero that ``ins`` stores before it asks the port stays.)
* ``ud2`` and undefined opcodes come back as a status, not as a vector; so does ``int1``, which is #DB.
* ``rdpmc`` is an undefined opcode to it; in ring 3 it is #GP, as CR4.PCE is clear.
* ``iret`` and far returns read the stack as ring 0 does, also in ring 3, where SMAP then forbids it. So ring 3 runs
  with SMAP off, from the first such fault on.
* A 32-bit ``iret`` takes the flag VM from ring 3 too, and leads to virtual-8086 mode, which long mode has not. What
  stops first there is reported as #GP of flat 32-bit code (hardware would have ignored the flag).
* While it runs it keeps the status flags apart from RFLAGS, and a ``syscall`` saves them so; a start takes all from
  RFLAGS. So the whole is put there.
* Changed page tables need a write of CR3; changed code needs its translations dropped.

Not modelled, because the emulator does not: segment limits, alignment checks (#AC, and the #GP of SSE operands), SIMD
exceptions (#XM), #SS where an address of the stack is not canonical (#GP), #UD for AVX (executed as SSE).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Container
from functools import cache
from typing import Final

from ring3.errors import UserError
from ring3.machine import unicorn_library as api
from ring3.machine import unicorn_state as at
from ring3.machine.brake import Brake
from ring3.machine.cpu import Event, Stop, Trap
from ring3.machine.descriptors import Segment
from ring3.machine.msr import Msr
from ring3.machine.paging import PF_USER, walk
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SIZE, Ram
from ring3.machine.registers import Flags, Gpr, Seg, Vector

_SYSCALL: Final = Event.SYSCALL
_FIXED: Final = int(Flags.FIXED)  # an IntFlag would cost a microsecond each time
_VM: Final = int(Flags.VM)
_USER_CODE32: Final = Segment(0, 0xFFFF_FFFF, 0xFB, 0xC)
_USER_DATA: Final = Segment(0, 0xFFFF_FFFF, 0xF3, 0xC)
_NO_SEGMENT: Final = Segment(0, 0, 0, 0)
_NOWHERE: Final = 1 << 63  # no instruction lies here: not canonical
_M64: Final = (1 << 64) - 1
_GPR_IDS: Final = (35, 38, 40, 37, 44, 36, 43, 39, *range(106, 114))  # UC_X86_REG_RAX..R15 in encoding order
_IO_OPCODES: Final = frozenset((0x6C, 0x6D, 0x6E, 0x6F, 0xE4, 0xE5, 0xE6, 0xE7, 0xEC, 0xED, 0xEE, 0xEF))


@cache
def _library() -> api.Library:
    return api.Library()


class UnicornCpu:
    """A processor of type Broadwell (Intel): SSE4.2, BMI2, FSGSBASE, SMEP, SMAP; no AVX.

    Attributes:
        words: The window as 64-bit words.
        flags: One word, RFLAGS; to change it, set `rflags`.
        base: Index in `words` of RAX; the other general registers and RIP follow in encoding order.
    """

    def __init__(self, ram: Ram) -> None:
        """Makes a CPU in its first state: ring 0, no paging.

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
        lib.never_exit_by_address(self._engine)
        self._make_windows()
        self._vector = -1
        self._port_snapshot: bytes | None = None
        self._counting = False
        self._was_asked = False
        self._halts: dict[int, bool] = {}
        self._running = False
        self._brake: Brake | None = None
        self._pmap: Pmap | None = None
        self._empty_root = ctypes.c_uint64(0)
        self._scratch = ctypes.c_uint64(0)
        self._install_hooks()
        probe = at.Probe(self._snapshot, self._write_gpr, self._library_wrmsr, self._execute)
        pristine = self._snapshot()
        self._base = at.find_registers(probe)
        at.verify(probe, self._base)
        self._window_bytes[:] = pristine
        self._restore(self._engine, self._window)
        self._place_fields()
        self._sync()
        self._features = self._cpuid(1)
        self._empty_root.value = ram.alloc()
        ram.on_code_freed = self.forget_code

    # -- running -----------------------------------------------------------------------------------------------

    def run(self) -> Stop:
        """Runs from the present registers until something happens; see `Cpu.run`."""
        words = self.words
        rip_at = self._rip
        rip = words[rip_at]
        if self._counting:
            self._stop_counting()
        self._restore(self._engine, self._window)
        pmap = self._pmap
        if pmap is not None and pmap.stale:
            self._flush(pmap)
        words[rip_at] = _NOWHERE
        self._running = True
        status = self._start(self._engine, rip, 0, 0, 0)
        self._running = False
        if words[rip_at] != _NOWHERE and not status:
            self._read_batch(self._engine, self._batch_ids, self._batch_values, 2)
            words[self._eflags], words[rip_at] = self.flags
            self._vector = -1  # with TF set, the emulator raises a #DB that the stop has overtaken
            return _SYSCALL if self._halves[self._hflags] & at.HF_CS64 else Event.SYSCALL_COMPAT
        return self._classify(status, rip, Event.HALT, self.run)

    def step(self) -> Stop:
        """Runs one instruction; see `Cpu.step`."""
        words = self.words
        rip = words[self._rip]
        self._restore(self._engine, self._window)
        if self._pmap is not None and self._pmap.stale:
            self._flush(self._pmap)
        words[self._rip] = _NOWHERE
        if not self._counting:
            self._counting = True
            self.forget_code()  # blocks translated for `run` do not count instructions
        opcode = self._fetch(rip)
        status = self._start(self._engine, rip, 0, 0, 1)
        if words[self._rip] != _NOWHERE and not status:
            self._read_batch(self._engine, self._batch_ids, self._batch_values, 2)
            words[self._eflags], words[self._rip] = self.flags
            self._vector = -1  # with TF set, the emulator raises a #DB that the stop has overtaken
            return _SYSCALL if self._halves[self._hflags] & at.HF_CS64 else Event.SYSCALL_COMPAT
        return self._classify(status, rip, Event.HALT if opcode == 0xF4 else Event.STEPPED, self.step)

    def make_interruptible(self) -> Brake:
        """Lets programs be stopped where that does not harm them, from now on; they are a tenth slower then."""
        if self._brake is None:
            self._brake = Brake(self._lib, self._engine)
            self.forget_code()
        return self._brake

    def interrupt(self) -> None:
        """Stops a `run` that goes on in another thread; see `Cpu.interrupt`."""
        if self._brake is not None:
            self._brake.ask()
        elif self._running:
            self._was_asked = True
            self._lib.emu_stop(self._engine)

    def make_repeatable(self, tsc: Callable[[], int]) -> None:
        """Takes the host out of what instructions give: they are the same in every run.

        ``rdtsc`` and ``rdtscp`` give what a function says. CPUID does not tell of ``rdrand``, so that programs that ask
        leave it alone; one that does not ask still gets random numbers from the host.

        Args:
            tsc: The time-stamp counter.
        """
        lib, engine = self._lib, self._engine

        def write(register: int, value: int) -> None:
            self._scratch.value = value & 0xFFFF_FFFF
            lib.reg_write(engine, register, ctypes.addressof(self._scratch))

        def on_tsc(_engine: int, instruction: int | None) -> int:
            value = tsc()
            write(api.REG_RAX, value)
            write(api.REG_RDX, value >> 32)
            if instruction:
                write(api.REG_RCX, self.rdmsr(Msr.MSR_TSC_AUX))
            return 1  # done: the emulator's own is not

        def on_cpuid(_engine: int, _data: int | None) -> int:
            lib.reg_read(engine, api.REG_RAX, ctypes.addressof(self._scratch))
            if self._scratch.value & 0xFFFF_FFFF != 1:
                return 0
            for register, value in self._features.items():
                write(register, value)
            enabled = _CPUID_OSXSAVE if self.control(4) & _CR4_OSXSAVE else 0
            write(api.REG_RCX, self._features[api.REG_RCX] & ~(_CPUID_RDRAND | _CPUID_OSXSAVE) | enabled)
            return 1

        callbacks = api.INSN_CALLBACK(on_tsc), api.INSN_CALLBACK(on_cpuid)
        self._callbacks += callbacks
        lib.hook(engine, api.HOOK_INSN, callbacks[0], 0, api.X86_INS_RDTSC)
        lib.hook(engine, api.HOOK_INSN, callbacks[0], 1, api.X86_INS_RDTSCP)
        lib.hook(engine, api.HOOK_INSN, callbacks[1], 0, api.X86_INS_CPUID)

    def _cpuid(self, leaf: int) -> dict[int, int]:
        """What CPUID gives for a leaf, by register of the library; only while there is no paging."""
        kept = self.save()
        self.set_gpr(Gpr.RAX, leaf)
        self.set_gpr(Gpr.RCX, 0)
        self._restore(self._engine, self._window)
        self._execute(b"\x0f\xa2")
        self._sync()
        found = {
            register: self.gpr(number)
            for register, number in (
                (api.REG_RAX, Gpr.RAX), (api.REG_RBX, Gpr.RBX), (api.REG_RCX, Gpr.RCX), (api.REG_RDX, Gpr.RDX)
            )
        }  # fmt: skip
        self.load(kept)
        return found

    def _stop_counting(self) -> None:
        """Makes the emulator drop its instruction counter.

        It looks the counted code up then, and a page that is no longer mapped leaves an exception in its state. So it
        is done at an address that has no code, before the state to run from is restored.
        """
        self._start(self._engine, _NOWHERE, 0, 0, 0)
        self._counting = False
        self._vector = -1

    def _classify(self, status: int, start: int, otherwise: Event, again: Callable[[], Stop]) -> Stop:
        """What ended a start other than by ``syscall``; brings the window up to date.

        Args:
            status: What the start returned.
            start: Where it started.
            otherwise: The event if nothing else happened.
            again: Starts once more in the same way.
        """
        if self._port_snapshot is not None:
            return self._port_fault()
        self._sync()
        if self._sysenter_words[self._rip] != _NOWHERE:
            self.words[self._rip] = self._sysenter_words[self._rip]  # since then the emulator has added 2
            self._sysenter_words[self._rip] = _NOWHERE
            self._vector = -1  # as above
            return Event.SYSENTER
        if self.words[self._eflags] & _VM:
            return self._leave_virtual_8086()
        if self._vector >= 0:
            return self._exception() or again()
        if status == api.ERR_INSN_INVALID:
            return self._undefined_opcode()
        if status:
            raise RuntimeError(f"the emulator stopped with status {status} at {self.rip:#x}")
        if self.cpl:
            braked = self._brake is not None and self._brake.release()
            if braked or otherwise is Event.HALT:  # ``hlt`` would be #GP
                return Event.INTERRUPTED
        if self._was_asked and otherwise is Event.HALT and not self._has_halted(start):
            return again()  # interrupts are off in ring 0
        return otherwise

    def _has_halted(self, start: int) -> bool:
        """Whether ring 0 stands behind a ``hlt`` that it has executed since it started at ``start``.

        A stop that was asked for may come at any instruction, and late: only the place tells it from ``hlt``.
        """
        rip = self.rip
        if rip == start:
            return False
        if rip not in self._halts:
            self._halts[rip] = self._fetch(rip - 1) == 0xF4
        return self._halts[rip]

    def _exception(self) -> Trap | None:
        """The vector that the emulator reported, with what it left in its state; None if it was a mistake of its."""
        vector, self._vector = self._vector, -1
        halves = self._halves
        halves[self._old_exception] = -1
        if halves[self._is_int] == 1:
            self.words[self._rip] = self.words[self._next_eip]
            return Trap(vector, 0, True)
        error = halves[self._error_code] if vector in _WITH_ERROR_CODE else 0
        if vector != Vector.PF:
            return Trap(vector, error)
        if not error & PF_USER and self.cpl == 3:
            if halves[self._hflags] & at.HF_SMAP:
                halves[self._hflags] &= ~at.HF_SMAP
                return None
            error |= PF_USER
        return Trap(vector, error, False, self.words[self._cr2])

    def _undefined_opcode(self) -> Trap:
        """#UD, or the #DB of ``int1``, which is a trap: RIP is that of the next instruction."""
        self._halves[self._old_exception] = -1
        if self._fetch(self.rip) == 0xF1:
            self.rip += 1
            return Trap(Vector.DB)
        if self._code_bytes(self.rip, 2) == _RDPMC and self.cpl:
            return Trap(Vector.GP)
        return Trap(Vector.UD)

    def _leave_virtual_8086(self) -> Trap:
        """Puts the segments of 32-bit programs into force where ring 3 got into virtual-8086 mode."""
        self._vector = self._halves[self._old_exception] = -1
        self.words[self._eflags] &= ~_VM
        self._halves[self._hflags] &= ~at.HF_VM
        selector = self.rdmsr(Msr.MSR_STAR) >> 48 | 3
        self.load_segment(Seg.CS, selector, _USER_CODE32)
        self.load_segment(Seg.SS, selector + 8, _USER_DATA)
        for segment in (Seg.ES, Seg.DS, Seg.FS, Seg.GS):
            self.load_segment(segment, 0, _NO_SEGMENT)
        return Trap(Vector.GP)

    def _port_fault(self) -> Trap:
        """Undoes what ran since an ``in`` or ``out`` of ring 3, and reports the instruction as #GP(0)."""
        assert self._port_snapshot is not None
        self.load(self._port_snapshot)
        self._port_snapshot = None
        self._vector = -1
        self._halves[self._old_exception] = -1
        self.rip = self.find_instruction(_IO_OPCODES)
        self._restore(self._engine, self._window)
        self._sync()
        if self._pmap is not None:
            self._pmap.stale = True
        return Trap(Vector.GP)

    def find_instruction(self, first: Container[int], second: Container[int] | None = None) -> int:
        """The address of the first instruction with such an opcode from RIP on; see `Cpu.find_instruction`."""
        rip = self.rip
        import capstone  # noqa: PLC0415 -- costs 40 ms, and few programs ever need it

        decoder = capstone.Cs(
            capstone.CS_ARCH_X86, capstone.CS_MODE_64 if self.long_mode else capstone.CS_MODE_32
        )
        decoder.skipdata = True
        for address, size, _name, _operands in decoder.disasm_lite(self._code_bytes(rip, PAGE_SIZE), rip):
            raw = self._code_bytes(address, size)
            opcode = raw.lstrip(b"\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65")
            if self.long_mode and opcode and opcode[0] & 0xF0 == 0x40:
                opcode = opcode[1:]
            if opcode and opcode[0] in first and (second is None or opcode[1] in second):
                return int(address)
        return rip

    # -- registers ---------------------------------------------------------------------------------------------

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
        return self._halves[(self._base + at.SEGMENTS + segment * at.SEGMENT_SIZE) >> 2] & 0xFFFF

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
        return bytes(self._window_bytes)

    def load(self, saved: bytes | memoryview) -> None:
        """Sets a program's registers; see `Cpu.load` for what stays."""
        window, source = self._window_bytes, memoryview(saved)
        for part in self._programs:
            window[part] = source[part]
        self.flags[0] = self.words[self._eflags]
        if self._pmap is not None:
            self.words[(self._base + at.CR3) >> 3] = self._pmap.root

    def fpu(self) -> memoryview:
        """The x87 and SSE state as the emulator keeps it; it can be copied from one saved state to another."""
        return self._window_bytes[self._base + at.FPU : self._base + at.FPU_END]

    # -- memory ------------------------------------------------------------------------------------------------

    def use(self, pmap: Pmap) -> None:
        """Switches to another address space; the next run flushes the TLB."""
        if pmap is self._pmap:
            return
        self._pmap = pmap
        self.words[(self._base + at.CR3) >> 3] = pmap.root
        pmap.stale = True

    def forget_code(self) -> None:
        """Drops every translation."""
        self._halts.clear()
        self._lib.flush_translations(self._engine)

    def close(self) -> None:
        """Ends the emulator and lets go of guest RAM."""
        self._lib.close(self._engine)
        del self._ram_pointer

    def _flush(self, pmap: Pmap) -> None:
        self._scratch.value = pmap.root
        self._lib.reg_write(self._engine, api.REG_CR3, ctypes.addressof(self._scratch))
        pmap.stale = False

    def _code_bytes(self, address: int, size: int) -> bytes:
        """Up to ``size`` bytes at a virtual address, fewer at the end of what is mapped."""
        parts = []
        while size > 0:
            found = walk(self._ram, self.cr3, address)
            if found is None or found.physical >= self._ram.size:
                break
            part = min(size, PAGE_SIZE - address % PAGE_SIZE)
            parts.append(bytes(self._ram.bytes[found.physical : found.physical + part]))
            address, size = address + part, size - part
        return b"".join(parts)

    def _fetch(self, address: int) -> int:
        """The byte at a virtual address, -1 where nothing is mapped."""
        raw = self._code_bytes(address, 1)
        return raw[0] if raw else -1

    # -- the library's side ------------------------------------------------------------------------------------

    def _make_windows(self) -> None:
        """Two contexts in our own memory: the window, and one that a ``sysenter`` saves into as its mark."""
        lib = self._lib
        size = lib.context_size(self._engine)
        context = ctypes.c_void_p()
        lib.check(lib.context_alloc(self._engine, ctypes.byref(context)), "uc_context_alloc")
        lib.check(lib.context_save(self._engine, context), "uc_context_save")
        assert context.value is not None
        self._buffer = ctypes.create_string_buffer(ctypes.string_at(context.value, size), (size + 7) & ~7)
        self._sysenter_buffer = ctypes.create_string_buffer(bytes(self._buffer.raw), len(self._buffer))
        lib.context_free(context)
        self._window = ctypes.addressof(self._buffer)
        self._window_bytes = memoryview(self._buffer).cast("B")
        self.words = self._window_bytes.cast("Q")
        self._halves = self._window_bytes.cast("i")
        self._sysenter_words = memoryview(self._sysenter_buffer).cast("B").cast("Q")
        self._batch = (ctypes.c_uint64 * 2)()
        self.flags = memoryview(self._batch).cast("B").cast("Q")
        self._batch_ids = (ctypes.c_int * 2)(api.REG_EFLAGS, api.REG_RIP)
        first = ctypes.addressof(self._batch)
        self._batch_values = (ctypes.c_void_p * 2)(first, first + 8)
        self._restore, self._start = lib.context_restore, lib.emu_start
        self._read_batch = lib.reg_read_batch

    def _place_fields(self) -> None:
        """Turns byte offsets into indices, once."""
        base = self._base
        self.base = base >> 3
        self._rip = (base + at.RIP) >> 3
        self._eflags = (base + at.EFLAGS) >> 3
        self._cr2 = (base + at.CR2) >> 3
        self._next_eip = (base + at.NEXT_EIP) >> 3
        self._hflags = (base + at.HFLAGS) >> 2
        self._error_code = (base + at.ERROR_CODE) >> 2
        self._is_int = (base + at.IS_INT) >> 2
        self._old_exception = (base + at.OLD_EXCEPTION) >> 2
        ends = sorted((base + start, base + end) for start, end in at.PROCESSORS)
        starts = (0, *(end for _, end in ends))
        self._programs = tuple(map(slice, starts, (*(start for start, _ in ends), len(self._window_bytes))))
        self._sysenter_words[self._rip] = _NOWHERE

    def _install_hooks(self) -> None:
        lib, engine = self._lib, self._engine
        stop = lib.emu_stop

        def on_vector(_engine: int, vector: int, _data: int) -> None:
            self._vector = vector
            stop(engine)

        def on_port(_engine: int, _port: int, _size: int, *_rest: int) -> int:
            if self._port_snapshot is None and self._live_cpl() == 3:
                self._sync()
                self._port_snapshot = bytes(self._window_bytes)
                self.words[self._rip] = _NOWHERE
                lib.reg_write(engine, api.REG_CR3, ctypes.addressof(self._empty_root))
                stop(engine)
            return 0xFFFF_FFFF  # what an empty bus answers

        self._callbacks: tuple[object, ...] = (
            api.INTR_CALLBACK(on_vector),
            api.IN_CALLBACK(on_port),
            api.OUT_CALLBACK(lambda *arguments: on_port(*arguments) and None),
        )
        lib.hook(engine, api.HOOK_INTR, self._callbacks[0])
        lib.hook(engine, api.HOOK_INSN, self._callbacks[1], 0, api.X86_INS_IN)
        lib.hook(engine, api.HOOK_INSN, self._callbacks[2], 0, api.X86_INS_OUT)
        save = lib.context_save
        lib.hook(engine, api.HOOK_INSN, save, self._window, api.X86_INS_SYSCALL)
        lib.hook(engine, api.HOOK_INSN, stop, 0, api.X86_INS_SYSCALL)
        lib.hook(engine, api.HOOK_INSN, save, ctypes.addressof(self._sysenter_buffer), api.X86_INS_SYSENTER)
        lib.hook(engine, api.HOOK_INSN, stop, 0, api.X86_INS_SYSENTER)

    def _live_cpl(self) -> int:
        """The privilege level inside a hook, where the window is out of date."""
        self._lib.reg_read(self._engine, _REG_CS, ctypes.addressof(self._scratch))
        return self._scratch.value & 3

    def _sync(self) -> None:
        """Brings the window up to date with the emulator."""
        self._lib.context_save(self._engine, self._window)
        self._read_batch(self._engine, self._batch_ids, self._batch_values, 2)

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

    def _execute(self, machine_code: bytes) -> None:
        """Runs code at a scratch address, in whatever mode the CPU is, and stops at the ``hlt`` after it."""
        code = machine_code + b"\xf4"
        kept = bytes(self._ram.bytes[PAGE_SIZE : PAGE_SIZE + len(code)])
        self._ram.bytes[PAGE_SIZE : PAGE_SIZE + len(code)] = code
        self.forget_code()
        self._start(self._engine, PAGE_SIZE, 0, 0, 0)
        self._vector = -1
        self._ram.bytes[PAGE_SIZE : PAGE_SIZE + len(code)] = kept
        self.forget_code()


_REG_CS: Final = 11
_CPUID_RDRAND: Final = 1 << 30
_CPUID_OSXSAVE: Final = 1 << 27
_CR4_OSXSAVE: Final = 1 << 18
_RDPMC: Final = b"\x0f\x33"
_CR4_SMAP: Final = 1 << 21
_WITH_ERROR_CODE: Final = frozenset((8, 10, 11, 12, 13, 14, 17))
