"""The initial stack of a program: arguments, environment and the auxiliary vector.

Layout: System V ABI, AMD64 supplement 3.4.1 and i386 supplement; the order of the strings is Linux's
(fs/exec.c, fs/binfmt_elf.c create_elf_tables): from the top down a null word, the file's name, the environment, the
arguments, then what the kernel adds, then the vectors.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import accumulate

from ring3.abi.errno import E
from ring3.abi.kinds import NamedTuple
from ring3.kernel.mm.mm import Mm
from ring3.loader.program import ExecError


class Strings(NamedTuple):
    """What a program is started with; no string holds a null byte.

    Attributes:
        name: The file as it was named (AT_EXECFN).
        argv: The arguments.
        envp: The environment, ``NAME=value`` each.
    """

    name: bytes
    argv: Sequence[bytes]
    envp: Sequence[bytes]


class Places(NamedTuple):
    """Where things on the stack lie, for auxiliary entries that point at them.

    Attributes:
        name: The file's name.
        extra: Each block of bytes that the kernel adds, in the order given.
        argv: Start and end of the argument strings.
        envp: Start and end of the environment strings.
    """

    name: int
    extra: tuple[int, ...]
    argv: tuple[int, int]
    envp: tuple[int, int]


def build_stack(
    mm: Mm,
    top: int,
    strings: Strings,
    bits: int,
    extra: Sequence[bytes],
    align: Callable[[int], int],
    auxv: Callable[[Places], Sequence[tuple[int, int]]],
) -> tuple[int, Places]:
    """Writes the initial stack; returns the stack pointer and where things lie.

    Args:
        mm: The address space, with the stack mapped below ``top``.
        top: End of the stack.
        strings: Name, arguments and environment.
        bits: 64 or 32.
        extra: Blocks of bytes below the strings (platform name, random bytes), the first one highest.
        align: Moves the stack pointer below the strings down and aligns it (arch_align_stack).
        auxv: The auxiliary entries in order, without the null one, given the places.

    Raises:
        ExecError: E2BIG, it does not fit in a quarter of the stack limit.
    """
    word = bits // 8
    total = sum(len(text) + 1 + word for text in (*strings.argv, *strings.envp)) + len(strings.name)
    if total > max(min(mm.limits.stack // 4, 6 << 20), 32 * 4096):
        raise ExecError(E.E2BIG, "the arguments and the environment are too long")
    at = top - word - len(strings.name) - 1
    name = at
    env_end = at
    env_text = b"".join(text + b"\0" for text in strings.envp)
    arg_text = b"".join(text + b"\0" for text in strings.argv)
    env_start = env_end - len(env_text)
    arg_start = env_start - len(arg_text)
    mm.write(arg_start, arg_text + env_text + strings.name + bytes(1 + word))
    at = align(arg_start)
    places = []
    for block in extra:
        at -= len(block)
        mm.write(at, block)
        places.append(at)
    where = Places(name, tuple(places), (arg_start, env_start), (env_start, env_end))
    mask = (1 << bits) - 1
    vector: list[int] = [len(strings.argv)]
    for texts, start in ((strings.argv, arg_start), (strings.envp, env_start)):
        ends = accumulate((len(text) + 1 for text in texts), initial=start)
        vector += [*list(ends)[:-1], 0]
    for key, value in (*auxv(where), (0, 0)):
        vector += (key, value & mask)  # a damaged file's entry point may lie anywhere
    pointer = (at - word * len(vector)) & ~15
    mm.write(pointer, struct.pack(f"<{len(vector)}{'Q' if word == 8 else 'I'}", *vector))
    return pointer, where
