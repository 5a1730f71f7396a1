"""What the headers of Linux say, asked of the tests' C compiler: values of names, sizes and offsets of structs."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.support import toolchain
from tests.support.toolchain import Bits

ALWAYS = ("stddef.h", "linux/types.h", "linux/ioctl.h")
"""What other headers expect to be included."""


def constants(headers: Sequence[str], expressions: Sequence[str], bits: Bits) -> list[int]:
    """Returns the values of constant expressions, as signed numbers of 64 bits.

    Args:
        headers: What to include, in order.
        expressions: C expressions of integer type.
        bits: The width of the program to compile.

    Raises:
        CompileError: A header or an expression is not C.
    """
    includes = "".join(f"#include <{header}>\n" for header in (*ALWAYS, *headers))
    items = "".join(f"    (long long)({expression}),\n" for expression in expressions)
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "constants.c"
        source.write_text(f"{includes}\nconst long long constants[] = {{\n{items}}};\n")
        built = toolchain.build(
            [source], target=toolchain.musl(bits), kind="object", flags=["-fno-pic", "-w"]
        ).read_bytes()
    elf = ELFFile(BytesIO(built))
    symbols = elf.get_section_by_name(".symtab")
    assert isinstance(symbols, SymbolTableSection)
    symbol = (symbols.get_symbol_by_name("constants") or [])[0]
    data = elf.get_section(symbol["st_shndx"]).data()
    return list(struct.unpack_from(f"<{len(expressions)}q", data, symbol["st_value"]))
