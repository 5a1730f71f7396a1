"""The objects of a program as its own dynamic linker lists them: ``r_debug`` and its chain of ``struct link_map``.

The list is found as the linker's manual says (link.h): by the executable's dynamic section, which AT_PHDR leads to, and
its entry DT_DEBUG.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.abi import elf
from ring3.debug.memory import NoMemory
from ring3.linux.model.task import LinuxTask

if TYPE_CHECKING:
    from ring3.debug.memory import Memory
    from ring3.debug.thread import Thread

AT_PHDR: Final = 3
AT_PHNUM: Final = 5
DT_DEBUG: Final = 21
_MOST: Final = 10_000
"""Entries of a list that is taken for damaged."""


class LinkMap(NamedTuple):
    """One object.

    Attributes:
        address: Of its ``struct link_map``.
        bias: What is added to the addresses in its file.
        name: Its path; "" for the executable.
        dynamic: Address of its dynamic section.
        namespace: Address of the ``struct r_debug`` that it is listed in.
    """

    address: int
    bias: int
    name: str
    dynamic: int
    namespace: int


def auxiliary(thread: Thread) -> dict[int, int]:
    """The auxiliary vector by type; empty where there is none."""
    task = thread.task
    if not isinstance(task, LinuxTask) or task.mm is None:
        return {}
    word, raw = thread.memory.word, task.program.auxv
    values = [int.from_bytes(raw[at : at + word], "little") for at in range(0, len(raw), word)]
    return dict(zip(values[::2], values[1::2], strict=False))


def program_headers(memory: Memory, address: int, count: int) -> tuple[elf.ProgramHeader, ...]:
    """The program headers that lie at an address.

    Raises:
        NoMemory: There are none.
    """
    bits = 8 * memory.word
    size = 56 if bits == 64 else 32
    header = elf.Header(bits, 0, 0, 0, 0, 0, size, count, 0, 0, 0)
    return elf.parse_program_headers(header, memory.read(address, count * size))


def link_map(thread: Thread) -> Iterator[LinkMap]:
    """The objects, the executable first; none in a static program, or before the linker has listed them."""
    try:
        yield from _link_map(thread)
    except NoMemory:
        return


def _link_map(thread: Thread) -> Iterator[LinkMap]:
    facts, memory = auxiliary(thread), thread.memory
    if AT_PHDR not in facts:
        return
    headers = program_headers(memory, facts[AT_PHDR], facts.get(AT_PHNUM, 0))
    own = next((found for found in headers if found.type == elf.PType.PHDR), None)
    dynamic = next((found for found in headers if found.type == elf.PType.DYNAMIC), None)
    if dynamic is None:
        return
    bias = 0 if own is None else facts[AT_PHDR] - own.vaddr
    debug = dict(_dynamic(memory, bias + dynamic.vaddr)).get(DT_DEBUG, 0)
    word = memory.word
    entry = memory.pointer(debug + word) if debug else 0  # r_map, behind r_version
    for _ in range(_MOST):
        if not entry:
            return
        added, name, section, following = (memory.pointer(entry + at * word) for at in range(4))
        path = os.fsdecode(memory.string(name)) if name else ""
        yield LinkMap(entry, added, path, section, debug)
        entry = following


def _dynamic(memory: Memory, address: int) -> Iterator[tuple[int, int]]:
    """The entries of a dynamic section."""
    word = memory.word
    for at in range(address, address + 2 * word * _MOST, 2 * word):
        tag = memory.pointer(at)
        if not tag:
            return
        yield tag, memory.pointer(at + word)


def tls_address(thread: Thread, link: int, offset: int) -> int | None:
    """Where a thread has a variable of its own.

    The modules with such variables are numbered in the order in which they were loaded; the thread's vector (dtv) says
    where it has each one's (Drepper, "ELF Handling For Thread-Local Storage", 3.4.2). An entry of glibc's vector has
    two words.

    Args:
        thread: The thread.
        link: Address of the ``struct link_map`` of the object that has the variable.
        offset: Where in the object's segment it is.

    Returns:
        None if that cannot be told: it has not been allocated yet, or there is no such object.
    """
    memory = thread.memory
    module = 0
    names = [(entry, _has_tls(memory, entry, thread)) for entry in link_map(thread)]
    for entry, has in names:
        module += has
        if entry.address == link and has:
            break
    else:
        return None
    word = memory.word
    base = thread.registers["fs_base" if word == 8 else "gs_base"]
    size = word if any("musl" in entry.name for entry, _ in names) else 2 * word
    try:
        block = memory.pointer(memory.pointer(base + word) + module * size)
    except NoMemory:
        return None
    return None if block in (0, (1 << 8 * word) - 1) else block + offset


def _has_tls(memory: Memory, entry: LinkMap, thread: Thread) -> bool:
    """Whether an object has a segment of thread-local storage."""
    facts = auxiliary(thread)
    try:
        if not entry.name:
            headers = program_headers(memory, facts[AT_PHDR], facts[AT_PHNUM])
        else:
            header = elf.parse_header(memory.read(entry.bias, 64))
            headers = program_headers(memory, entry.bias + header.phoff, header.phnum)
    except (NoMemory, elf.ElfError):
        return False
    return any(found.type == elf.PType.TLS for found in headers)
