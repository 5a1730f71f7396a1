"""Extended regular expressions as regcomp(3) of the host has them, which is what strace(1) reads: not those of `re`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from ring3.errors import UserError

_REG_EXTENDED: Final = 1
_REG_NOSUB: Final = 8
"""Flags of regcomp(3), the same for glibc and musl (regex.h)."""
_SIZE: Final = 256
"""Bytes that surely hold a regex_t, which has 64 with glibc and with musl."""


@cache
def extended(text: str) -> Callable[[str], bool]:
    """Whether a name has such a pattern anywhere in it.

    Raises:
        UserError: It is malformed; the message is strace's and the status 1.
    """
    import ctypes  # noqa: PLC0415 - few traces have a pattern

    libc = ctypes.CDLL(None)
    compiled = ctypes.create_string_buffer(_SIZE)
    pattern = text.encode(errors="surrogateescape")
    code = libc.regcomp(compiled, pattern, _REG_EXTENDED | _REG_NOSUB)
    if code:
        said = ctypes.create_string_buffer(_SIZE)
        libc.regerror(code, compiled, said, _SIZE)
        raise UserError(f"regcomp: {text}: {said.value.decode(errors='replace')}", 1)
    return lambda name: libc.regexec(compiled, name.encode(), 0, None, 0) == 0
