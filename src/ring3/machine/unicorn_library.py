"""The C library of the `unicorn` package, called directly.

The package's own binding costs 25 ms to import and several microseconds a call; a system call on this machine is
shorter than that. Here are the functions needed, by their C signatures (``unicorn/unicorn.h``, 2.1), and the
constants from ``unicorn/unicorn.h`` and ``unicorn/x86.h``.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Collection
from importlib.machinery import PathFinder
from typing import Final

from ring3.errors import UserError
from ring3.machine import interposition

ARCH_X86: Final = 4
MODE_64: Final = 1 << 3
PROT_ALL: Final = 7
HOOK_INTR: Final = 1 << 0
HOOK_INSN: Final = 1 << 1
HOOK_BLOCK: Final = 1 << 3
HOOK_MEM_READ: Final = 1 << 10
HOOK_MEM_WRITE: Final = 1 << 11
ERR_OK: Final = 0
ERR_INSN_INVALID: Final = 10
CPU_X86_BROADWELL: Final = 20
X86_INS_CPUID: Final = 113
X86_INS_RDTSC: Final = 608
X86_INS_RDTSCP: Final = 609
X86_INS_SYSCALL: Final = 699
X86_INS_SYSENTER: Final = 700

REG_EFLAGS: Final = 25
REG_RAX: Final = 35
REG_RBX: Final = 37
REG_RCX: Final = 38
REG_RDX: Final = 40
REG_RIP: Final = 41
REG_CR0: Final = 50
REG_CR3: Final = 53
REG_CR4: Final = 54
REG_IDTR: Final = 242
REG_GDTR: Final = 243
REG_LDTR: Final = 244
REG_TR: Final = 245
REG_MSR: Final = 248

_WRITE: Final = 1 << 30
_CTL_USE_EXITS: Final = 4 | 1 << 26 | _WRITE
_CTL_EXITS: Final = 6 | 2 << 26 | _WRITE
_CTL_CPU_MODEL: Final = 7 | 1 << 26 | _WRITE
_CTL_TB_FLUSH: Final = 10 | 0 << 26 | _WRITE

BLOCK_CALLBACK: Final = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p
)
MEM_CALLBACK: Final = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
)
INSN_CALLBACK: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
INTERRUPT_CALLBACK: Final = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_int)


class TableRegister(ctypes.Structure):
    """``uc_x86_mmr``: what GDTR, IDTR, LDTR and TR are read and written as."""

    _fields_ = (
        ("selector", ctypes.c_uint16),
        ("base", ctypes.c_uint64),
        ("limit", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
    )


class MsrValue(ctypes.Structure):
    """``uc_x86_msr``."""

    _fields_ = (("number", ctypes.c_uint32), ("value", ctypes.c_uint64))


class RunRecord(ctypes.Structure):
    """``struct run`` of ``emulator/stops.c``: how a run ended, and what it needs."""

    _fields_ = (
        ("window", ctypes.c_uint64),
        ("event", ctypes.c_int64),
        ("rflags", ctypes.c_uint64),
        ("rip", ctypes.c_uint64),
        ("engine", ctypes.c_uint64),
        ("rflags_at", ctypes.c_uint64),
        ("rip_at", ctypes.c_uint64),
        ("hflags_at", ctypes.c_uint64),
        ("computed", ctypes.c_int64),
        ("enough", ctypes.c_int64),
        ("price", ctypes.c_int64),
    )


def library_path() -> str:
    """Where the installed `unicorn` package keeps its library.

    Raises:
        UserError: It is not installed.
    """
    spec = PathFinder.find_spec("unicorn")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("the package unicorn is not installed", 2)
    name = {"win32": "unicorn.dll", "darwin": "libunicorn.2.dylib"}.get(sys.platform, "libunicorn.so.2")
    return os.path.join(spec.submodule_search_locations[0], "lib", name)


def _find_asks_nowhere(library: ctypes.PyDLL) -> int | None:
    """Where in a ``uc_struct`` the byte ``no_exit_request`` is; None where its only reader looks otherwise.

    That is ``check_exit_request`` (qemu/tcg/tcg-op.c of 2.1.3), which begins with
    ``mov uc(%rdi), %rax; cmpb $0, no_exit_request(%rax)``.
    """
    try:
        place = ctypes.cast(library.check_exit_request_x86_64, ctypes.c_void_p).value
    except AttributeError:
        return None
    assert place is not None
    code = ctypes.string_at(place, 14)
    if not (code.startswith(b"\x48\x8b\x87") and code[7:9] == b"\x80\xb8" and code[13] == 0):
        return None
    return int.from_bytes(code[9:13], "little")


class Library:
    """The functions, typed. Those that never run guest code keep the interpreter lock: they are shorter than it.

    Attributes:
        ours: The functions of ours that the library calls.
    """

    def __init__(self) -> None:
        self.ours = ours = interposition.load(library_path())
        held, released = ctypes.PyDLL("", handle=ours.handle), ctypes.CDLL("", handle=ours.handle)
        pointer, number = ctypes.c_void_p, ctypes.c_uint64

        def declare(function: ctypes._FuncPointer, *arguments: type) -> ctypes._FuncPointer:
            function.argtypes = arguments
            return function

        self.open = declare(held.uc_open, ctypes.c_int, ctypes.c_int, pointer)
        self.close = declare(held.uc_close, pointer)
        self.mem_map_ptr = declare(
            held.uc_mem_map_ptr, pointer, number, ctypes.c_size_t, ctypes.c_uint32, pointer
        )
        self.reg_read = declare(held.uc_reg_read, pointer, ctypes.c_int, pointer)
        self.reg_write = declare(held.uc_reg_write, pointer, ctypes.c_int, pointer)
        self.context_size = declare(held.uc_context_size, pointer)
        self.context_size.restype = ctypes.c_size_t
        self.context_alloc = declare(held.uc_context_alloc, pointer, pointer)
        self.context_free = declare(held.uc_context_free, pointer)
        self.context_save = declare(held.uc_context_save, pointer, pointer)
        self.context_restore = declare(held.uc_context_restore, pointer, pointer)
        self.emu_start = declare(released.uc_emu_start, pointer, number, number, number, ctypes.c_size_t)
        self.emu_stop = declare(held.uc_emu_stop, pointer)
        self._asks_nowhere = _find_asks_nowhere(held)
        self._held = held

    def hook(
        self,
        engine: int,
        kind: int,
        function: object,
        data: int = 0,
        instruction: int = 0,
        where: tuple[int, int] = (1, 0),
    ) -> int:
        """Hooks an event with a C function: one of a callback type above, or one of the library itself.

        Code that was translated before has to be translated anew, unless such an event is hooked already.

        Args:
            engine: The emulator.
            kind: The event.
            function: The C function.
            data: Its last argument.
            instruction: For instructions: which one.
            where: The first and last address at which it is called, everywhere by default; for memory, physical ones.

        Returns:
            What `unhook` takes.
        """
        handle = ctypes.c_size_t()
        status = self._held.uc_hook_add(
            ctypes.c_void_p(engine),
            ctypes.byref(handle),
            ctypes.c_int(kind),
            ctypes.cast(function, ctypes.c_void_p),  # type: ignore[arg-type]
            ctypes.c_void_p(data),
            ctypes.c_uint64(where[0]),
            ctypes.c_uint64(where[1]),
            ctypes.c_int(instruction),
        )
        self.check(status, "uc_hook_add")
        return handle.value

    def unhook(self, engine: int, handle: int) -> None:
        """Undoes `hook`; the function is not called any more, and may go when the emulator stands still."""
        self.check(self._held.uc_hook_del(ctypes.c_void_p(engine), ctypes.c_size_t(handle)), "uc_hook_del")

    def choose_cpu(self, engine: int, model: int) -> None:
        """Selects the CPU model; only before memory is mapped."""
        self.check(self._held.uc_ctl(ctypes.c_void_p(engine), _CTL_CPU_MODEL, ctypes.c_int(model)), "uc_ctl")

    def use_exits(self, engine: int, *, on: bool) -> None:
        """Makes ``emu_start`` stop at the exit addresses, or at its ``until`` argument.

        With the former, of which there are none at first, code may run at any address, 0 included.
        """
        self.check(self._held.uc_ctl(ctypes.c_void_p(engine), _CTL_USE_EXITS, ctypes.c_int(on)), "uc_ctl")

    def set_exits(self, engine: int, addresses: Collection[int]) -> None:
        """Sets the exit addresses; code translated before does not know them."""
        array = (ctypes.c_uint64 * len(addresses))(*addresses)
        count = ctypes.c_size_t(len(addresses))
        self.check(self._held.uc_ctl(ctypes.c_void_p(engine), _CTL_EXITS, array, count), "uc_ctl")

    @property
    def init_arch(self) -> int:
        """The address of the function that an emulator of x86-64 has as its ``init_arch``."""
        function = ctypes.cast(self._held.uc_init_x86_64, ctypes.c_void_p)
        assert function.value is not None
        return function.value

    def stop_between_blocks(self, engine: int, wanted: bool) -> bool:
        """Makes ``emu_stop`` stop a program only where a block of its code begins; False where that cannot be done.

        As it comes, the emulator asks behind every access to memory too whether it is to stop, in the middle of a
        block: but RIP is at the block's start then, and what was done of the block would be done again. Without these
        questions code is a twentieth faster. Running a number of instructions needs them.

        Args:
            engine: The emulator.
            wanted: Whether code that is translated from now on is to be so.
        """
        if self._asks_nowhere is None:
            return False
        ctypes.c_bool.from_address(engine + self._asks_nowhere).value = wanted
        return True

    def flush_translations(self, engine: int) -> None:
        """Drops every translated block."""
        self.check(self._held.uc_ctl(ctypes.c_void_p(engine), _CTL_TB_FLUSH), "uc_ctl")

    @staticmethod
    def check(status: int, name: str) -> None:
        """Raises an error of ours if a call that cannot fail did."""
        if status != ERR_OK:
            raise RuntimeError(f"{name} of the Unicorn library failed with status {status}")
