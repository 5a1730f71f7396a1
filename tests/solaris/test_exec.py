"""What exec gives a program: its registers, its stack, and the auxiliary vector, if it gets one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.abi import elf
from ring3.abi.solaris.auxv import DYNAMIC_ORDER, Aux, HwCap
from ring3.computer import Solaris
from ring3.errors import UserError
from ring3.loader.host import make_visible
from ring3.solaris.exec import HWCAP
from ring3.solaris.layout import USERLIMIT
from tests.support import guest, solaris
from tests.support.toolchain import Toolchain

ARGUMENTS = ["a", "b c", ""]
ENVIRONMENT = {"ONE": "1", "EMPTY": ""}


@pytest.fixture(params=["short", "full"])
def machine(request: pytest.FixtureRequest) -> Iterator[Solaris]:
    with guest.boot_solaris(request.param) as booted:
        yield booted


def shown(machine: Solaris, program: Path) -> list[str]:
    outcome = guest.run(machine, program, ARGUMENTS, environment=ENVIRONMENT)
    assert outcome.status == 0
    return outcome.stdout.decode().splitlines()


def strings(program: Path) -> list[str]:
    return [
        "argc 4", f"argv {program}", "argv a", "argv b c", "argv ", "null at 6", "envp ONE=1", "envp EMPTY=",
    ]  # fmt: skip


def test_static_program_gets_no_auxv(machine: Solaris, toolchain: Toolchain) -> None:
    program = solaris.program(toolchain, "stack.c")
    lines = shown(machine, program)
    texts = sum(len(text) + 1 for text in [str(program), *ARGUMENTS, "ONE=1", "EMPTY="])
    size = ((4 + 2 + 4) * 8 + texts + 15) & ~15
    start = f"sp {USERLIMIT - size:x} registers 0 selectors 4b 43 0 0 flags 202 fcw 37f mxcsr 1f80"
    behind = f"behind envp {size - (4 + 2 + 3) * 8:x}"
    assert lines == [start, *strings(program), behind, "the last word is 0"]


def auxv(lines: list[str]) -> dict[Aux, str]:
    rows = [line.split()[1:] for line in lines if line.startswith("auxv ")]
    assert len({number for number, _ in rows}) == len(rows)
    return {Aux(int(number)): value for number, value in rows}


def test_program_that_can_lie_anywhere_gets_an_auxv(machine: Solaris, toolchain: Toolchain) -> None:
    program = solaris.program(toolchain, "stack.c", kind="static-pie")
    lines = shown(machine, program)
    assert lines[1:9] == strings(program)
    found = auxv(lines)
    assert list(found) == [entry for entry in DYNAMIC_ORDER if entry in found]
    assert {Aux.AT_PHDR, Aux.AT_PHENT, Aux.AT_PHNUM, Aux.AT_ENTRY, Aux.AT_SUN_LDDATA}.isdisjoint(found)
    assert (found[Aux.AT_SUN_PLATFORM], found[Aux.AT_SUN_EXECNAME]) == ("i86pc", str(program))
    assert (found[Aux.AT_PAGESZ], found[Aux.AT_FLAGS], found[Aux.AT_SUN_AUXFLAGS]) == ("1000", "0", "2")
    assert int(found[Aux.AT_BASE], 16) % 0x10000 == 0
    assert int(found[Aux.AT_SUN_HWCAP], 16) == HWCAP


def test_program_with_an_interpreter(machine: Solaris, toolchain: Toolchain, tmp_path: Path) -> None:
    """The interpreter is started instead; it is told where the program lies."""
    interpreter = tmp_path / "ld.so.1"
    interpreter.write_bytes(solaris.program(toolchain, "stack.c", kind="static-pie").read_bytes())
    interpreter.chmod(0o755)
    program = with_interpreter(
        solaris.program(toolchain, "modinfo.c"), str(interpreter), tmp_path / "program"
    )
    assert machine.kernel.cwd is not None  # the tree is built now
    make_visible(machine.kernel.vfs, str(interpreter))
    found = auxv(shown(machine, program))
    assert list(found) == [entry for entry in DYNAMIC_ORDER if entry in found]
    header = elf.parse_header(program.read_bytes())
    assert int(found[Aux.AT_ENTRY], 16) == header.entry
    assert (int(found[Aux.AT_PHENT], 16), int(found[Aux.AT_PHNUM], 16)) == (56, header.phnum)
    assert int(found[Aux.AT_PHDR], 16) == 0x100_0040
    assert (
        0
        < int(found[Aux.AT_SUN_LDDATA], 16) - int(found[Aux.AT_BASE], 16)
        < interpreter.stat().st_size + 0x4000
    )


def with_interpreter(program: Path, interpreter: str, result: Path) -> Path:
    """A copy of a program whose first header, PT_NULL, is a PT_INTERP; its name lies at the end of the file."""
    raw = bytearray(program.read_bytes())
    name = interpreter.encode() + b"\0"
    struct.pack_into("<IIQQQQQQ", raw, 64, elf.PType.INTERP, 4, len(raw), 0, 0, len(name), len(name), 1)
    result.write_bytes(raw + name)
    result.chmod(0o755)
    return result


@pytest.mark.parametrize(
    ("make", "message", "status"),
    [
        (lambda folder: folder / "missing", "No such file or directory", 127),
        (lambda folder: folder, "is a directory", 126),
        (lambda folder: written(folder, b"#!\n"), "not an ELF file", 126),
        (lambda folder: written(folder, b"#!/no/such -x\n"), "No such file or directory", 127),
        (lambda folder: written(folder, b"#!%s\n" % bytes(folder / "file")), "not an ELF file", 126),
        (lambda folder: written(folder, b""), "empty file", 126),
        (lambda folder: written(folder, b"\x7fELF\x02\x01"), "truncated ELF header", 126),
        (lambda folder: written(folder, b"x", 0o644), "Permission denied", 126),
    ],
)
def test_what_cannot_be_run(make: object, message: str, status: int, tmp_path: Path) -> None:
    assert callable(make)
    with guest.boot_solaris() as machine:
        with pytest.raises(UserError, match=message) as caught:
            machine.load(str(make(tmp_path)))
        assert caught.value.status == status
        assert not machine.kernel.tasks


def written(folder: Path, content: bytes, mode: int = 0o755) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_missing_interpreter(toolchain: Toolchain, tmp_path: Path) -> None:
    program = with_interpreter(
        solaris.program(toolchain, "modinfo.c"), "/lib/amd64/ld.so.9", tmp_path / "program"
    )
    with guest.boot_solaris() as machine:
        with pytest.raises(UserError, match=r"interpreter /lib/amd64/ld\.so\.9: No such file") as caught:
            machine.load(str(program))
        assert caught.value.status == 127


def test_too_many_arguments(toolchain: Toolchain) -> None:
    program = solaris.program(toolchain, "stack.c")
    with guest.boot_solaris() as machine:
        assert machine.kernel.cwd is not None  # the tree of files is built
        frames = machine.machine.ram.frames_in_use - machine.kernel.vfs.ledger.frames
        with pytest.raises(UserError, match="too long"):
            machine.load(str(program), ["x" * 1000] * 3000, {})
        assert machine.machine.ram.frames_in_use - machine.kernel.vfs.ledger.frames == frames


def test_large_arguments_fit(machine: Solaris, toolchain: Toolchain) -> None:
    program = solaris.program(toolchain, "call.c")
    assert guest.run(machine, program, ["20", *["x" * 1000] * 1500]).status == 0


def test_memory_is_given_back(machine: Solaris, toolchain: Toolchain) -> None:
    program = solaris.program(toolchain, "calls.c")
    frames = []
    for _ in range(3):
        guest.run(machine, program, ["a"], environment={"A": "B"})
        frames.append(machine.machine.ram.frames_in_use)
    cached = -(-program.stat().st_size // 4096)
    assert frames[2] - frames[1] <= cached  # the page cache keeps the file


def test_hardware_capabilities_are_those_of_the_cpu(toolchain: Toolchain) -> None:
    with guest.boot_solaris() as machine:
        outcome = guest.run(machine, solaris.program(toolchain, "cpuid.c"))
    edx, ecx, extended = (int(word, 16) for word in outcome.stdout.split())
    bits = {
        HwCap.AV_386_FPU: edx >> 0, HwCap.AV_386_TSC: edx >> 4, HwCap.AV_386_CX8: edx >> 8, HwCap.AV_386_SEP: edx >> 11,
        HwCap.AV_386_CMOV: edx >> 15, HwCap.AV_386_MMX: edx >> 23, HwCap.AV_386_FXSR: edx >> 24,
        HwCap.AV_386_SSE: edx >> 25, HwCap.AV_386_SSE2: edx >> 26, HwCap.AV_386_SSE3: ecx >> 0,
        HwCap.AV_386_PCLMULQDQ: ecx >> 1, HwCap.AV_386_SSSE3: ecx >> 9, HwCap.AV_386_CX16: ecx >> 13,
        HwCap.AV_386_SSE4_1: ecx >> 19, HwCap.AV_386_SSE4_2: ecx >> 20, HwCap.AV_386_MOVBE: ecx >> 22,
        HwCap.AV_386_POPCNT: ecx >> 23, HwCap.AV_386_AES: ecx >> 25, HwCap.AV_386_AHF: extended >> 0,
        HwCap.AV_386_AMD_LZCNT: extended >> 5,
    }  # fmt: skip
    expected = HwCap.AV_386_AMD_SYSC
    for flag, bit in bits.items():
        if bit & 1:
            expected |= flag
    assert expected == HWCAP
