"""Our functions in the emulator's library: whoever loaded it first, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ring3.errors import UserError
from ring3.machine import interposition
from ring3.machine.unicorn_library import library_path

LOADED_BEFORE = """
import ctypes
other = ctypes.CDLL({path!r})
engine = ctypes.c_void_p()
assert not other.uc_open(4, 8, ctypes.byref(engine))
"""
MISALIGNED = """
from tests.machine.bare import Bare
bare = Bare()
bare.put_code(bytes.fromhex("0f280424"))  # movaps (%rsp), %xmm0
bare.cpu.set_gpr(4, bare.cpu.gpr(4) | 8)
print(bare.cpu.run().vector)
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("before", ["", LOADED_BEFORE.format(path=library_path())], ids=["first", "second"])
def test_they_are_called_whoever_has_loaded_the_library_before(before: str) -> None:
    done = python(before + MISALIGNED)
    assert (done.stdout, done.stderr) == ("13\n", "")


def test_the_library_of_somebody_else_is_left_as_it_was() -> None:
    # there, 1/3 does not set PE: ldmxcsr (%rdi); divss %xmm1, %xmm0; stmxcsr (%rdi)
    again = """
ram = ctypes.create_string_buffer(8192)
at = ctypes.addressof(ram) + 4095 & ~4095
ctypes.memmove(at, bytes.fromhex("0fae17f30f5ec10fae1f") + bytes(54) + bytes.fromhex("801f0000"), 68)
assert not other.uc_mem_map_ptr(engine, ctypes.c_uint64(0), ctypes.c_size_t(4096), 7, ctypes.c_void_p(at))
other.uc_reg_write(engine, 39, ctypes.byref(ctypes.c_uint64(64)))
for register, value in ((122, 0x3f800000), (123, 0x40400000)):
    other.uc_reg_write(engine, register, ctypes.byref((ctypes.c_uint64 * 2)(value, 0)))
assert not other.uc_emu_start(engine, ctypes.c_uint64(0), ctypes.c_uint64(10), ctypes.c_uint64(0), ctypes.c_size_t(0))
print(ctypes.string_at(at + 64, 4).hex())
"""
    done = python(LOADED_BEFORE.format(path=library_path()) + MISALIGNED + again)
    assert (done.stdout, done.stderr) == ("13\n801f0000\n", "")


def test_a_library_without_one_of_the_functions_is_refused() -> None:
    another = interposition.OBJECT
    done = python(
        "from ring3.errors import UserError\nfrom ring3.machine import interposition\n"
        f"try: interposition.load({another!r})\nexcept UserError as error: print(error)"
    )
    assert done.stdout == "this build of the Unicorn library has no raise_exception_err_ra_x86_64\n", (
        done.stderr
    )


def test_another_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = os.uname_result(("Linux", "host", "6.1", "#1", "aarch64"))
    monkeypatch.setattr(os, "uname", lambda: elsewhere)
    with pytest.raises(UserError, match="x86-64 only"):
        interposition.load("libunicorn.so.2")
