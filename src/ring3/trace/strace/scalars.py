"""Numbers whose text needs nothing but their meaning: signals and sets of them, modes, devices, states of children."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.errno import E
from ring3.abi.linux import values
from ring3.abi.meaning import Meaning
from ring3.trace.addresses import ipv4
from ring3.trace.strace.style import Names

S_IFMT: Final = 0o170000
"""The type of a file in its mode."""
_ERRORS: Final = {int(error): error.name for error in E}


def mode(number: int) -> str:
    """A file's type and permissions."""
    kind = values.every()["file_type"].by_value().get(number & S_IFMT)
    if number & S_IFMT and kind is None:
        return permissions(number)
    bits = [value.name for value in values.every()["mode_bits"].values if number & value.value]
    return "|".join([*([kind] if kind else []), *bits, permissions(number & 0o777)])


def permissions(number: int) -> str:
    """Permissions: at least three octal digits, with a zero before them."""
    return f"0{number:o}".rjust(3, "0")


def signal_name(number: int) -> str:
    """A signal by its name, or its number."""
    name = values.every()["signal"].by_value().get(number)
    return name or (
        f"SIGRT_{number - 32}" if 32 < number <= 64 else "SIGRTMIN" if number == 32 else str(number)
    )


def sigset(bits: int, how: Names = Names.ABBREV, signals: int = 64) -> str:
    """A set of so many signals; where more than two thirds are in it, those that are not."""
    inverted = bits.bit_count() > signals * 2 // 3
    chosen = ~bits if inverted else bits
    members = (n for n in range(1, signals + 1) if chosen >> (n - 1) & 1)
    names = [_styled(how, signal_name(n).removeprefix("SIG"), str(n)) for n in members]
    return f"{'~' * inverted}[{' '.join(names)}]"


def mode_of_file(number: int, how: Names) -> str:
    """A file's type and permissions, written as is wanted."""
    return _styled(how, mode(number), permissions(number))


def _styled(how: Names, text: str, raw: str) -> str:
    return text if how is Names.ABBREV else raw if how is Names.RAW else f"{raw} /* {text} */"


def wait_status(status: int, how: Names = Names.ABBREV) -> str:
    """What wait4(2) says of a child, with what is beyond that (ptrace(2)'s events)."""
    status &= 0xFFFF_FFFF
    if status == 0xFFFF:
        return "{WIFCONTINUED(s)}"
    signal, code = status & 0x7F, status >> 8 & 0xFF
    if signal == 0x7F:
        if status & 0x80:
            return f"{status:#x}"
        entered = " | 0x80" * bool(code & 0x80)
        text = f"{{WIFSTOPPED(s) && WSTOPSIG(s) == {signal_name(code & 0x7F)}{entered}}}"
        rest = status & ~0xFFFF
    elif signal:
        core = " && WCOREDUMP(s)" * bool(status & 0x80)
        text = f"{{WIFSIGNALED(s) && WTERMSIG(s) == {signal_name(signal)}{core}}}"
        rest = status & ~0xFF
    else:
        text = f"{{WIFEXITED(s) && WEXITSTATUS(s) == {code}}}"
        rest = status & ~0xFF00
    if rest >> 16:
        event = values.every()["ptrace_event"].by_value().get(rest >> 16)
        text += f"|{_styled(how, event, hex(rest >> 16)) if event else _unknown_event(rest >> 16, how)}<<16"
    return text + (f"|{rest & 0xFFFF:#x}" if rest & 0xFFFF else "")


def _unknown_event(number: int, how: Names) -> str:
    return f"{number:#x}" + " /* PTRACE_EVENT_??? */" * (how is not Names.RAW)


def device(number: int) -> str:
    """A device number by its halves, as the kernel's ``new_decode_dev`` has them."""
    major = number >> 8 & 0xFFF | number >> 32 & ~0xFFF
    minor = number & 0xFF | number >> 12 & 0xFFFFFF00
    return f"makedev({f'{major:#x}' if major else '0'}, {f'{minor:#x}' if minor else '0'})"


def ticks(number: int) -> str:
    """Ticks of a clock that has a hundred of them in a second, as x86's has for programs."""
    number &= (1 << 64) - 1
    return f"{number} /* {number // 100}.{number % 100:02} s */" if number else "0"


def user(number: int, bits: int) -> str:
    """A user or a group whose number has so many bits."""
    number &= (1 << bits) - 1
    return "-1" if number == (1 << bits) - 1 else str(number)


def resource_limit(value: int, bits: int) -> str:
    """A resource limit."""
    if value in ((1 << bits) - 1, (1 << 64) - 1):
        return "RLIM64_INFINITY" if value == (1 << 64) - 1 else "RLIM_INFINITY"
    return f"{value // 1024}*1024" if value > 1024 and value % 1024 == 0 else str(value)


def _key(number: int) -> str:
    """A key by its serial number; the special keyrings have names."""
    serial = (number & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
    return values.every()["key_serial"].by_value().get(serial) or str(serial)


def _port(number: int) -> str:
    return f"htons({(number & 0xFF) << 8 | number >> 8})"


SCALARS: Final[Mapping[Meaning, Callable[[int], str]]] = {
    Meaning.SIGNAL: signal_name,
    Meaning.MODE: permissions,
    Meaning.KEY: _key,
    Meaning.DEVICE: device,
    Meaning.SIGSET: sigset,
    Meaning.SIGMASK: lambda number: sigset(number & 0xFFFF_FFFF, signals=32),
    Meaning.WAIT_STATUS: wait_status,
    Meaning.PORT: _port,
    Meaning.IPV4: ipv4,
    Meaning.ERRNO: lambda number: _ERRORS.get(number, str(number)),
}
"""Meanings that need no program."""

RAW: Final[Mapping[Meaning, Callable[[int], str]]] = {
    Meaning.SIGNAL: str,
    Meaning.KEY: lambda number: str((number & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000),
    Meaning.SIGMASK: str,
    Meaning.ERRNO: str,
    Meaning.SIGSET: str,
    Meaning.DEVICE: lambda number: f"{number:#x}" if number else "0",
}
"""How those are written that have other names than values do, where names are not wanted."""
