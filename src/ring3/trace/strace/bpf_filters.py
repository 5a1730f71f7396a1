"""Programs of classic BPF (seccomp(2), SO_ATTACH_FILTER) as the macros that make them: ``BPF_STMT``, ``BPF_JUMP``.

As strace has it, an instruction's parts are named one by one, and what an instruction cannot have is a number with a
comment; what a seccomp filter answers has its name. Without ``-v`` a program is its address.

Sources: linux/filter.h, linux/bpf_common.h and linux/seccomp.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.trace.strace import tables
from ring3.trace.strace.naming import styled
from ring3.trace.strace.style import Names

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_SIZE: Final = 8
_MOST: Final = 4096
"""Instructions of a program at most (BPF_MAXINSNS)."""
_LD, _LDX, _ST, _STX, _ALU, _JMP, _RET, _MISC = range(8)
_UNKNOWN: Final = "BPF_???"
_ANCILLARY: Final = -0x1000 & 0xFFFF_FFFF
_NETWORK: Final = -0x10_0000 & 0xFFFF_FFFF
_LINK: Final = -0x20_0000 & 0xFFFF_FFFF
_ACTION: Final = 0xFFFF_0000


def fprog(text: Text, address: int, *, is_seccomp: bool) -> str:
    """A ``struct sock_fprog``: a program's length and its instructions.

    Raises:
        Errno: It cannot be read.
    """
    word = text.bits // 8
    count, at = text.integer(address, 2), text.integer(address + word, word)
    if not at:
        return f"{{len={count}, filter=NULL}}"
    try:
        instructions = program(text, at, count, is_seccomp=is_seccomp)
    except Errno:
        instructions = f"{at:#x}"
    return f"{{len={count}, filter={instructions}}}"


def program(text: Text, address: int, count: int, *, is_seccomp: bool) -> str:
    """A program of so many instructions.

    Raises:
        Errno: It cannot be read.
    """
    if not text.style.verbose or count > _MOST:
        return f"{address:#x}"
    return text.several(
        address, count, _SIZE, lambda at: _instruction(text, at, is_seccomp=is_seccomp), "len"
    )


def _instruction(text: Text, address: int, *, is_seccomp: bool) -> str:
    raw = text.read(address, _SIZE)
    code, true, false = int.from_bytes(raw[:2], "little"), raw[2], raw[3]
    k = int.from_bytes(raw[4:], "little")
    if true or false:
        return f"BPF_JUMP({_code(text, code)}, {_hex(k)}, {_hex(true)}, {_hex(false)})"
    return f"BPF_STMT({_code(text, code)}, {_operand(text, code, k, is_seccomp=is_seccomp)})"


def _hex(number: int) -> str:
    return f"{number:#x}" if number else "0"


def _named(text: Text, of: str, value: int) -> str:
    name = tables.sets()[of].by_value().get(value)
    return _styled(text, name, value, _UNKNOWN)


def _styled(text: Text, name: str | None, value: int, unknown: str) -> str:
    """A value by its name, as is wanted; one without a name in hexadecimal, with a comment where names are wanted."""
    if name is not None:
        return styled(text.style.names, name, _hex(value))
    return _hex(value) + f" /* {unknown} */" * (text.style.names is not Names.RAW)


def _code(text: Text, code: int) -> str:
    """The parts of an operation code."""
    kind, rest = code & 7, code & ~7
    parts = [_named(text, "bpf_class", kind)]
    if kind in (_LD, _LDX):
        parts += [_named(text, "bpf_size", code & 0x18), _named(text, "bpf_mode", code & 0xE0)]
        rest = 0
    elif kind in (_ALU, _JMP):
        of = "bpf_alu" if kind == _ALU else "bpf_jump"
        parts += [_named(text, "bpf_source", code & 8), _named(text, of, code & 0xF0)]
        rest = 0
    elif kind == _RET:
        parts.append(_named(text, "bpf_value", code & 0x18))
        rest &= ~0x18
    elif kind == _MISC:
        parts.append(_named(text, "bpf_misc", code & 0xF8))
        rest &= ~0xF8
    if rest:
        parts.append(f"{rest:#x} /* {_UNKNOWN} */")
    return "|".join(parts)


def _operand(text: Text, code: int, k: int, *, is_seccomp: bool) -> str:
    """What the instruction works with: a filter's answer, a place in a packet, or a number."""
    kind = code & 7
    if is_seccomp and kind == _RET:
        action, data = k & _ACTION, k & ~_ACTION
        name = tables.sets()["seccomp_answer"].by_value().get(action)
        return _styled(text, name, action, "SECCOMP_RET_???") + (f"|{data:#x}" if data else "")
    if not is_seccomp and kind == _LD and code & 0xE0 in (0x20, 0x40):
        return _place(text, k)
    return _hex(k)


def _place(text: Text, k: int) -> str:
    """A place in a packet, or what Linux knows of it besides."""
    if k >= _ANCILLARY:
        name = tables.sets()["bpf_ancillary"].by_value().get(k - _ANCILLARY)
        place = _styled(text, name, k - _ANCILLARY, "SKF_AD_???")
        return f"{styled(text.style.names, 'SKF_AD_OFF', hex(_ANCILLARY))}+{place}"
    for base, name in ((_NETWORK, "SKF_NET_OFF"), (_LINK, "SKF_LL_OFF")):
        if k >= base:
            return f"{styled(text.style.names, name, hex(base))}+{k - base}"
    return _hex(k)
