from __future__ import annotations

from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ring3.abi import elf
from ring3.computer import Linux
from ring3.linux.model.task import LinuxTask
from ring3.trace.user_symbols import UserSymbols, preference
from tests.support import guest
from tests.support.toolchain import Bits, Kind, Toolchain


def functions(program: Path) -> dict[str, tuple[int, int]]:
    """Address in the file and size of each function, as another reader of ELF finds them."""
    with program.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        return {
            symbol.name: (symbol["st_value"], symbol["st_size"])
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"]
        }


def bias(linux: Linux, task: LinuxTask, program: Path) -> int:
    """What was added to the file's addresses."""
    with program.open("rb") as file:
        return task.frame.ip - int(ELFFile(file).header["e_entry"])


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("kind", ["static", "static-pie"])
def test_functions_of_a_program(toolchain: Toolchain, kind: Kind, bits: Bits) -> None:
    program = toolchain.program("basic/hello.c", bits=bits, kind=kind)
    with guest.boot() as linux:
        task = linux.load(str(program), (), {})
        symbols = UserSymbols(linux.kernel)
        known = functions(program)
        assert len(known) > 20
        names: dict[int, set[str]] = {}
        for name, (value, _) in known.items():
            names.setdefault(value, set()).add(name)
        for value, size in known.values():
            address = value + bias(linux, task, program)
            assert symbols.describe(task.memory, address) in names[value]
            if size > 1:
                name, _, offset = symbols.describe(task.memory, address + size - 1).partition("+")
                assert name in names[value]
                assert int(offset, 16) == size - 1


@pytest.mark.parametrize(("bits", "name"), [(32, "__kernel_vsyscall"), (64, "__vdso_gettimeofday")])
def test_functions_of_the_vdso(toolchain: Toolchain, bits: Bits, name: str) -> None:
    with guest.boot() as linux:
        task = linux.load(str(toolchain.program("basic/hello.c", bits=bits)), (), {})
        vdso = linux.kernel.vdso(bits)
        start = task.memory.find_object(vdso.pages)
        found = UserSymbols(linux.kernel).describe(task.memory, start + vdso.symbols[name] + 1)
        assert found == f"{name}+0x1"


def test_page_that_two_segments_share(toolchain: Toolchain) -> None:
    program = toolchain.program("seeds/hello.s", kind="nolibc")
    with guest.boot() as linux:
        task = linux.load(str(program), (), {})
        symbols = UserSymbols(linux.kernel)
        assert symbols.describe(task.memory, task.frame.ip) == "_start"
        assert symbols.describe(task.memory, task.frame.ip & ~0xFFF) == ""


@pytest.mark.parametrize(
    "names",
    [("strdup", "__strdup"), ("malloc", "__libc_malloc"), ("work", "$x")],
)
def test_one_of_several_names(names: tuple[str, str]) -> None:
    symbols = [elf.Symbol(name, 0x1000, 16, 0x12, 1) for name in names]
    assert min(reversed(symbols), key=preference).name == names[0]


def test_a_global_name_goes_before_a_local_one() -> None:
    symbols = [elf.Symbol("here", 0x1000, 16, 0x02, 1), elf.Symbol("__everywhere", 0x1000, 16, 0x12, 1)]
    assert min(symbols, key=preference).name == "__everywhere"


def test_nothing_is_known(toolchain: Toolchain) -> None:
    stripped = toolchain.program("basic/hello.c", flags=["-s"])
    with guest.boot() as linux:
        task = linux.load(str(stripped), (), {})
        symbols = UserSymbols(linux.kernel)
        assert symbols.describe(task.memory, task.frame.ip) == ""
        assert symbols.describe(task.memory, task.frame.sp) == ""
        assert symbols.describe(task.memory, 8) == ""
