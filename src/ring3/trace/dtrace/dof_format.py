"""DOF, the form in which programs carry their tracepoints: its header, sections and records.

Source: sys/dtrace.h of illumos (dof_hdr, dof_sec, dof_provider, dof_probe, dof_relohdr, dof_relodesc).
"""

from __future__ import annotations

from struct import Struct
from typing import Final

SECTION: Final = ".SUNW_dof"
MAGIC: Final = b"\x7fDOF"
HEADER: Final = Struct("<16sIIIIQQQQ")
"""Identification, flags, size of the header, size and number of sections' headers, where they are, size that is loaded,
size of all, padding."""
SECTION_HEADER: Final = Struct("<IIIIQQ")
"""Type, alignment, flags, size of an entry, offset, size."""
PROVIDER: Final = Struct("<11I")
"""Sections of strings, probes, arguments, offsets; name; five stabilities; section of the offsets of questions."""
OLD_PROVIDER: Final = Struct("<10I")
"""The same before there were questions."""
PROBE: Final = Struct("<QIIIIIIBBHIHHI")
"""Address, function, name, native and translated types, first argument, first offset, numbers of native and translated
arguments, number of offsets, first question, number of questions, padding."""
RELOCATION_HEADER: Final = Struct("<III")
"""Sections: of strings, of relocations, that is relocated."""
RELOCATION: Final = Struct("<IIQQ")
"""Name, type, offset in the section, what is added."""

STRINGS: Final = 8
RELOCATIONS: Final = 10
USER_RELOCATION: Final = 12
PROVIDER_SECTION: Final = 15
PROBES: Final = 16
ARGUMENTS: Final = 17
OFFSETS: Final = 18
QUESTIONS: Final = 26

RELATIVE: Final = 2
"""A relocation of which the linker leaves how far the place is from what it names (DOF_RELO_DOFREL)."""
LOADED: Final = 1
"""The flag of sections that the kernel gets."""
