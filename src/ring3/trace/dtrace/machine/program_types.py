"""The types of a program by name: from the CTF or DWARF of its executable and libraries."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

from ring3.trace.dtrace.machine.objects import objects_of

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm
    from ring3.trace.dtrace.machine.objects import File
    from ring3.trace.dtrace.types import Type


class Types(Protocol):
    """Types by name."""

    def find(self, name: str) -> Type | None:
        """The type of a name in C; None if there is none."""


class ProgramTypes:
    """The types of the program in an address space."""

    def __init__(self, mm: Mm) -> None:
        """Look at the objects that are mapped when a type is asked for."""
        self._mm = mm
        self._files: dict[File, list[Types]] = {}

    def find(self, name: str, module: str = "") -> Type | None:
        """A type of one object (by its name, to the first dot), or of any; the executable's go before others."""
        for mapped in objects_of(self._mm):
            if module and module not in (mapped.name, mapped.name.split(".")[0]):
                continue
            if mapped.file not in self._files:
                self._files[mapped.file] = _types(bytes(mapped.file.read(0, mapped.file.size)))
            for types in self._files[mapped.file]:
                found = types.find(name)
                if found is not None:
                    return found
        return None


def _types(raw: bytes) -> list[Types]:
    """What describes types in a file."""
    if b".debug_info\0" not in raw and b".SUNW_ctf\0" not in raw:
        return []
    from elftools.common.exceptions import DWARFError, ELFError  # noqa: PLC0415 - few scripts name such types
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    from ring3.trace.dtrace.machine import ctf_types, dwarf_types  # noqa: PLC0415

    found: list[Types] = []
    try:
        file = ELFFile(io.BytesIO(raw))
        section, strings = (file.get_section_by_name(name) for name in (ctf_types.SECTION, ".strtab"))
        if section is not None:
            own = strings.data() if strings is not None else b""
            found.append(ctf_types.CtfTypes(section.data(), pointer=file.elfclass // 8, strings=own))
        found.append(dwarf_types.DwarfTypes(raw))
    except (ELFError, DWARFError, ValueError):
        return found
    return found
