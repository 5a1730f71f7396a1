"""Values that do not point as text: numbers, names of sets, descriptors, tasks."""

from __future__ import annotations

from typing import Final

from ring3.abi.c_types import POINTER
from ring3.abi.meaning import Arg, Meaning
from ring3.abi.values import ValueSet
from ring3.trace.strace import tables
from ring3.trace.strace.ioctl_names import command
from ring3.trace.strace.memory_text import MemoryText
from ring3.trace.strace.naming import in_hex, named, styled
from ring3.trace.strace.programs import AT_FDCWD, Program
from ring3.trace.strace.quoting import inside, path_text, quoted
from ring3.trace.strace.scalars import RAW, SCALARS, sigset, user
from ring3.trace.strace.style import Names, Style

_HALF: Final = 32
_M32: Final = 0xFFFF_FFFF
_PLAIN: Final = frozenset(
    {
        Meaning.NUMBER, Meaning.SIZE, Meaning.COUNT, Meaning.OFFSET, Meaning.SECONDS, Meaning.MILLISECONDS,
        Meaning.TICKS, Meaning.EXIT_STATUS, Meaning.OFFSET_LOW, Meaning.OFFSET_HIGH,
        Meaning.ERROR, Meaning.SI_CODE,
    }
)  # fmt: skip
"""Meanings that are numbers in decimal."""
_TASKS: Final = frozenset({Meaning.PID, Meaning.TID, Meaning.TGID, Meaning.PGID, Meaning.SID})
"""Meanings that are numbers of tasks."""
_USERS: Final = frozenset({Meaning.UID, Meaning.GID})
_SIGNED: Final = frozenset({*_TASKS, Meaning.FD, Meaning.PIDFD, Meaning.DIRFD, Meaning.SIGNAL})
"""Meanings that are numbers of 32 bits with a sign, whatever their C type."""


class ScalarText(MemoryText):
    """Writes values of one program that do not point."""

    def __init__(self, program: Program, style: Style) -> None:
        super().__init__(program, style)
        self._program = program

    def scalar(self, arg: Arg, number: int) -> str:
        """A value that does not point."""
        what = arg.meaning
        if what in _SIGNED:
            number = signed(number)
        if what is Meaning.OFFSET and not arg.type.signed and number:
            return f"{number:#x}"
        if what is Meaning.SIGSET and arg.type.bits == _HALF:
            return sigset(number & _M32, self.style.names, _HALF)
        if what in _PLAIN:
            return str(number)
        if what is Meaning.VALUES:
            return self._of_set(arg, number)
        plain = SCALARS.get(what)
        if plain is not None:
            return self._styled(what, number, plain(number))
        return self._other(arg, number)

    def _other(self, arg: Arg, number: int) -> str:
        """What the program says more of, or what its width changes."""
        what = arg.meaning
        if what in _TASKS:
            return self.task(number)
        if what in _USERS:
            return user(number, min(arg.type.bits, _HALF))
        if what in (Meaning.FD, Meaning.PIDFD):
            return self.descriptor(number)
        if what is Meaning.DIRFD:
            return self.directory(number)
        if what is Meaning.ETHERNET_PROTOCOL:
            host = (number & 0xFF) << 8 | number >> 8 & 0xFF
            return f"htons({self.named(tables.sets()['ethernet_protocol'], host)})"
        if what is Meaning.INTERFACE:
            return self.interface(number)
        number &= (1 << arg.type.bits) - 1
        nothing = "NULL" if what in (Meaning.ADDRESS, Meaning.POINTER) else "0"
        return f"{number:#x}" if number else nothing

    def _of_set(self, arg: Arg, number: int) -> str:
        """A value of a set."""
        of = tables.sets()[arg.of]
        if of.name == "fanotify_directory" and number not in of.by_value():
            return self.directory(number)
        if arg.type == POINTER and number not in of.by_value(self.bits):
            return f"{number:#x}"  # such as a handler, which few values are names of
        wide = arg.type.bits > _HALF  # else what is negative is written in 32 bits
        return self.named(of, number & (1 << arg.type.bits) - 1 if wide else number)

    def descriptor(self, fd: int) -> str:
        """A descriptor, with its path if that is wanted."""
        details = self.style.fds
        return (
            f"{fd}{self._program.of_fd(fd, details, self.style.in_hex)}" if details and fd >= 0 else str(fd)
        )

    def directory(self, fd: int) -> str:
        """A descriptor that a path is relative to."""
        if fd != AT_FDCWD:
            return self.descriptor(fd)
        where = path_text(self._program.cwd(), self.style.in_hex) if "path" in self.style.fds else ""
        return styled(self.style.names, "AT_FDCWD", str(AT_FDCWD)) + where

    def _styled(self, what: Meaning, number: int, text: str) -> str:
        """A signal, an errno or a device, written as is wanted."""
        if self.style.names is Names.ABBREV or what not in RAW:
            return text
        if what is Meaning.SIGSET:
            return sigset(number, self.style.names)
        if what is Meaning.SIGMASK:
            return sigset(number & 0xFFFF_FFFF, self.style.names, 32)
        raw = RAW[what](number)
        return text if text == raw else styled(self.style.names, text, raw)

    def netlink(self, fd: int) -> int | None:
        """The protocol of a socket of netlink(7); None for other descriptors."""
        return self._program.netlink(fd)

    def interface(self, number: int) -> str:
        """A network interface, by its name if it has one."""
        name = self._program.interface(number)
        if not name:
            return str(number)
        shown = f"if_nametoindex({quoted(name.encode(), self.style.in_hex)})"
        return styled(self.style.names, shown, str(number))

    def task(self, number: int) -> str:
        """The number of a task, with its name if that is wanted."""
        name = self._program.name_of(number) if "comm" in self.style.pids and number > 0 else b""
        return f"{number}<{inside(name)}>" if name else str(number)

    def named(self, of: ValueSet, number: int) -> str:
        """A value by the names of its set."""
        if of.name == "ioctl":
            return styled(self.style.names, command(number & 0xFFFF_FFFF, self.bits), in_hex(number))
        return named(of, number, self.bits, self.style.names)


def signed(number: int) -> int:
    """The lower half of a number, with its sign."""
    return (number & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
