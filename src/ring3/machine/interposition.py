"""Our functions in the emulator: an ELF object whose symbols come before the library's own.

The library calls its helpers (one a guest instruction that is not translated inline), parts of its translator and its
own interface through symbols that an object loaded earlier may define. Ours does, for what the library does otherwise
than the processor; the sources are in ``emulator/``, whose docstring says what they cure. `load` brings both in, in
that order. The object finds the library's own functions by their names; whether the library keeps its state where the
object looks for it is proved at each start by running instructions (`unicorn_state.verify`).

Somebody may have loaded the library before, as its own Python package does; then its symbols are bound already. So the
machine gets a copy of the library for itself, which costs 20 ms and leaves the other one as it was.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

from ring3 import resources
from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError

OBJECT: Final = os.path.join(resources.ROOT, "machine", "emulator", "interposed.so")


class Interposed(NamedTuple):
    """The library with our functions in it.

    Attributes:
        handle: The library, or its copy, as dlopen(3) names it.
        on_syscall: Address of the function to hook on ``syscall``.
        on_sysenter: On ``sysenter``.
        on_vector: On exceptions and ``int``.
        run: Runs the emulator (``ring3_run`` of ``emulator/stops.c``), without the interpreter lock.
        copy_parts: Copies parts of a context into another (``ring3_copy_parts``, there).
    """

    handle: int
    on_syscall: ctypes.c_void_p
    on_sysenter: ctypes.c_void_p
    on_vector: ctypes.c_void_p
    run: ctypes._FuncPointer
    copy_parts: ctypes._FuncPointer


def load(path: str) -> Interposed:
    """Loads our object, then the library at a path, and connects them.

    Raises:
        UserError: The host is none that the object is made for, or the library is of an unknown build.
    """
    if not hasattr(os, "uname") or (os.uname().sysname, os.uname().machine) != ("Linux", "x86_64"):
        raise UserError("Ring3 runs on Linux hosts with x86-64 only")
    ours = ctypes.PyDLL(OBJECT, ctypes.RTLD_GLOBAL)
    if _is_loaded(path):
        path = _copy(path)
    handle = _open(path)
    bind = ours.ring3_bind
    bind.restype, bind.argtypes = ctypes.c_char_p, (ctypes.c_void_p, ctypes.c_void_p)
    missing = bind(handle, _address(ctypes.PyDLL(None), "dlsym"))
    if missing is not None:
        raise UserError(f"this build of the Unicorn library has no {missing.decode()}")
    on_syscall, on_sysenter, on_vector = (
        _address(ours, f"ring3_on_{name}") for name in ("syscall", "sysenter", "vector")
    )
    run = ctypes.CDLL(OBJECT).ring3_run
    run.argtypes = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_size_t
    copy_parts = ours.ring3_copy_parts
    copy_parts.restype, copy_parts.argtypes = None, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return Interposed(handle, on_syscall, on_sysenter, on_vector, run, copy_parts)


def _open(path: str) -> int:
    """Loads a library whose functions are bound when they are first called, as ctypes has no way to: 2 ms less of 8.

    Raises:
        UserError: It cannot be loaded.
    """
    system = ctypes.PyDLL(None)
    dlopen, dlerror = system.dlopen, system.dlerror
    dlopen.restype, dlopen.argtypes, dlerror.restype = (
        ctypes.c_void_p,
        (ctypes.c_char_p, ctypes.c_int),
        ctypes.c_char_p,
    )
    handle = dlopen(os.fsencode(path), os.RTLD_LAZY)
    if not handle:
        raise UserError(f"the Unicorn library cannot be loaded: {os.fsdecode(dlerror() or b'')}")
    return int(handle)


def _is_loaded(path: str) -> bool:
    try:
        ctypes.PyDLL(path, os.RTLD_NOLOAD)
    except OSError:
        return False
    return True


def _copy(path: str) -> str:
    """The path of a copy in memory, which the dynamic linker takes for another library."""
    copy = os.memfd_create("libunicorn")
    with open(path, "rb") as source:
        while os.sendfile(copy, source.fileno(), None, 1 << 30):
            pass
    return f"/proc/self/fd/{copy}"


def _address(library: ctypes.CDLL, name: str) -> ctypes.c_void_p:
    return ctypes.cast(getattr(library, name), ctypes.c_void_p)
