"""A value as text, by its meaning: what a call was given, what it returned, what its pointers lead to.

Whatever cannot be read, and whatever a call that failed would have written, is shown as its address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from ring3.abi.c_types import POINTER
from ring3.abi.errno import Errno
from ring3.abi.linux import structs
from ring3.abi.meaning import Arg, Meaning, When
from ring3.abi.notation import TYPES, meaning, scalar
from ring3.abi.structs import Field, Struct
from ring3.abi.values import ValueSet
from ring3.trace.addresses import ipv6
from ring3.trace.strace import tables
from ring3.trace.strace.bit_sets import SETS
from ring3.trace.strace.naming import in_hex, named, styled
from ring3.trace.strace.programs import AT_FDCWD, Program
from ring3.trace.strace.quoting import inside, path_text, quoted
from ring3.trace.strace.scalars import S_IFMT, SCALARS, mode, sigset
from ring3.trace.strace.shown import FIELDS, HIDDEN, LABELS, SHOWN, SIZE_OF_DEVICE, STRUCTS
from ring3.trace.strace.signals import in_memory
from ring3.trace.strace.sockets import control_messages, option, socket_address
from ring3.trace.strace.style import InHex, Style

PATH_MAX: Final = 4095
_OF_ANY_LENGTH: Final = frozenset({"linux_dirent", "linux_dirent64", "old_linux_dirent"})
"""Structs that say themselves where the next one is; they are shown as an address."""
_TEXTS: Final = frozenset({Meaning.PATH, Meaning.STRING, Meaning.BYTES, Meaning.HEX_BYTES})
_SIGSET_SIZE: Final = 8
_DEVICES: Final = (0o020000, 0o060000)
_PLAIN: Final = frozenset(
    {
        Meaning.NUMBER, Meaning.SIZE, Meaning.COUNT, Meaning.OFFSET, Meaning.SECONDS, Meaning.MILLISECONDS,
        Meaning.TICKS, Meaning.EXIT_STATUS, Meaning.OFFSET_LOW, Meaning.OFFSET_HIGH, Meaning.INTERFACE, Meaning.KEY,
        Meaning.ERROR, Meaning.SI_CODE,
    }
)  # fmt: skip
"""Meanings that are numbers in decimal."""
_TASKS: Final = frozenset({Meaning.PID, Meaning.TID, Meaning.TGID, Meaning.PGID, Meaning.SID})
"""Meanings that are numbers of tasks."""


FAILED: Final = -1
"""For a result: the call has failed, and what it would have filled is as it was."""


class Text:
    """Writes values of one program.

    Attributes:
        bits: The program's width in this call.
        read: Reads its memory; raises Errno.
        style: How they look.
        in_hex: As `Style.in_hex`.
    """

    def __init__(self, program: Program, style: Style) -> None:
        self._program = program
        self.style = style
        self._bits = self.bits = program.bits
        self.read = program.read
        self.in_hex = style.in_hex

    # -- whatever stands in a register -----------------------------------------------------------------------------

    def value(self, arg: Arg, number: int, beside: Mapping[str, int], result: int | None = None) -> str:
        """An argument.

        Args:
            arg: What it is.
            number: The register, without a sign.
            beside: The arguments of the call, or the fields of the struct, by name.
            result: What the call returned, None if it has not returned or failed.
        """
        if arg.when is None:
            return self.scalar(arg, arg.type.cast(number))
        address = number & ((1 << self._bits) - 1)
        if not address:
            return "NULL"
        try:
            return self._behind(arg, address, beside, result)
        except Errno:
            return f"{address:#x}"

    def scalar(self, arg: Arg, number: int) -> str:
        """A value that does not point."""
        what = arg.meaning
        if what is Meaning.OFFSET and not arg.type.signed and number:
            return f"{number:#x}"
        if what in _PLAIN:
            return str(number)
        if what in _TASKS:
            return self.task(number)
        if what is Meaning.VALUES:
            if arg.type == POINTER and number not in tables.sets()[arg.of].by_value(self._bits):
                return f"{number:#x}"  # such as a handler, which few values are names of
            return self.named(tables.sets()[arg.of], number)
        plain = SCALARS.get(what)
        if plain is not None:
            return plain(number)
        if what in (Meaning.FD, Meaning.PIDFD):
            return self.descriptor(_signed(number))
        if what is Meaning.DIRFD:
            return self.directory(_signed(number))
        mask = (1 << arg.type.bits) - 1
        if what in (Meaning.ADDRESS, Meaning.POINTER):
            return f"{number & mask:#x}" if number else "NULL"
        return f"{number & mask:#x}" if number else "0"

    def descriptor(self, fd: int) -> str:
        """A descriptor, with its path if that is wanted."""
        details = self.style.fds
        return f"{fd}{self._program.of_fd(fd, details)}" if details and fd >= 0 else str(fd)

    def directory(self, fd: int) -> str:
        """A descriptor that a path is relative to."""
        if fd != AT_FDCWD:
            return self.descriptor(fd)
        where = path_text(self._program.cwd()) if "path" in self.style.fds else ""
        return styled(self.style.names, "AT_FDCWD", str(AT_FDCWD)) + where

    def task(self, number: int) -> str:
        """The number of a task, with its name if that is wanted."""
        name = self._program.name_of(number) if "comm" in self.style.pids and number > 0 else b""
        return f"{number}<{inside(name)}>" if name else str(number)

    def named(self, of: ValueSet, number: int) -> str:
        """A value by the names of its set."""
        return styled(self.style.names, named(of, number, self._bits), in_hex(number))

    # -- whatever a pointer leads to -------------------------------------------------------------------------------

    def _behind(self, arg: Arg, address: int, beside: Mapping[str, int], result: int | None) -> str:
        what = arg.meaning
        size = self._length(arg, beside, result)
        if what is Meaning.SOCKOPT:
            return option(self, beside["level"], beside["optname"], address, size or 0)
        if what is Meaning.STRUCT:
            return self._structs(arg, address, size, result) if self.style.follows else f"{address:#x}"
        if what is Meaning.STRINGS:
            return self._strings(address)
        if what in _TEXTS:
            return self._characters(what, address, size)
        if what is Meaning.SIGSET:
            if size is not None and not self._bits // 8 <= size <= _SIGSET_SIZE:
                return f"{address:#x}"
            return sigset(self._integer(address, _SIGSET_SIZE if size is None else size))
        if what in SETS:
            return SETS[what](self._program.read, address, size, self._bits)
        return self._numbers(arg, address, size)

    def _characters(self, what: Meaning, address: int, size: int | None) -> str:
        """A string, up to its null where no length is said, or bytes."""
        if what in (Meaning.PATH, Meaning.STRING) and size is None:
            return self._string(address, PATH_MAX if what is Meaning.PATH else self.style.length)
        if size is None:
            return f"{address:#x}"
        # the length of a path counts the null at its end
        is_hex = what is Meaning.HEX_BYTES
        return self.bytes_at(address, size - (what is Meaning.PATH), in_hex=InHex.ALL if is_hex else None)

    def _numbers(self, arg: Arg, address: int, size: int | None) -> str:
        """What is no more than scalars: one, or an array of them."""
        target = arg.target or TYPES["int"]
        if arg.meaning is Meaning.POINTER:
            target = TYPES["u64" if self._bits == 64 else "u32"]
        if not target.bits:
            return f"{address:#x}"
        element = arg._replace(when=None, type=target)

        def one(at: int) -> str:
            return self.scalar(element, target.cast(self._integer(at, target.bits // 8)))

        text = self._several(address, size, target.bits // 8, one, arg.length)
        return text if arg.length else f"[{text}]"

    def _structs(self, arg: Arg, address: int, count: int | None, result: int | None) -> str:
        """The struct that an argument points to, or the array of them."""
        row = structs.every().get(self._for_width(arg.of))
        if arg.of == "sockaddr":
            return socket_address(self, address, count)
        if arg.of == "cmsghdr":
            return control_messages(self, address, count or 0)
        if arg.of == "iovec" and arg.when is When.EXIT:
            return self._filled(address, count or 0, result or 0)
        if arg.of == "siginfo" and row is not None:
            return in_memory(self._program.read(address, row.size(self._bits)), self._bits)
        if row is None or arg.of in _OF_ANY_LENGTH or row.layout(self._bits).places[-1].field.length == 0:
            return f"{address:#x}"
        return self._several(
            address, count, row.size(self._bits), lambda at: self.struct(row, at, result), arg.length
        )

    def _filled(self, address: int, count: int, size: int) -> str:
        """The buffers of a call that has put so many bytes into them; without any they are shown as addresses."""
        row, left = self.row("iovec"), size
        word = self._bits // 8

        def one(at: int) -> str:
            nonlocal left
            base, length = map(int, row.unpack(self._bits, self._program.read(at, 2 * word)))
            taken = min(left, length)
            left -= taken
            text = f"{base:#x}" if base else "NULL"
            if size:
                with suppress(Errno):
                    text = self.bytes_at(base, taken)
            return f"{{iov_base={text}, iov_len={length}}}"

        return self._several(address, count, row.size(self._bits), one, "count")

    def _length(self, arg: Arg, beside: Mapping[str, int], result: int | None) -> int | None:
        """How many; None if it is not said or not known."""
        if not arg.length:
            return None
        if arg.length == "result":
            return result
        if arg.length.isdecimal():
            return int(arg.length)
        number = beside.get(arg.length)
        if number is not None and arg.indirect:
            return self._integer(number, 4) if number else None
        return number

    def _several(
        self, address: int, count: int | None, size: int, one: Callable[[int], str], length: str
    ) -> str:
        """One element, or an array of them."""
        if not length:
            return one(address)
        if count is None:
            return f"{address:#x}"
        limit = count if self.style.verbose else min(count, self.style.length)
        found = [one(address)] if limit else []
        for index in range(1, limit):
            try:
                found.append(one(address + index * size))
            except Errno:
                return f"[{', '.join(found)}, ... /* {address + index * size:#x} */]"
        return f"[{', '.join(found)}{', ...' * (limit < count)}]"

    def _integer(self, address: int, size: int) -> int:
        return int.from_bytes(self._program.read(address, size), "little")

    def bytes_at(self, address: int, size: int, in_hex: InHex | None = None) -> str:
        """Bytes in memory as a string, cut off where that is wanted.

        Raises:
            Errno: They cannot be read.
        """
        shown = min(size, self.style.length)
        how = self.style.in_hex if in_hex is None else in_hex
        return quoted(self._program.read(address, shown), how) + "..." * (size > shown)

    def _string(self, address: int, limit: int) -> str:
        raw = self._upto_null(address, limit + 1)
        return quoted(raw[:limit], self.style.in_hex) + "..." * (len(raw) > limit)

    def _upto_null(self, address: int, limit: int) -> bytes:
        """A string of a program, up to its end or a limit.

        Raises:
            Errno: It is in no memory.
        """
        found = b""
        while len(found) < limit:
            step = min(limit - len(found), 4096 - (address + len(found)) % 4096)
            before, null, _ = self._program.read(address + len(found), step).partition(b"\0")
            found += before
            if null:
                break
        return found

    def _strings(self, address: int) -> str:
        """An argument vector, or the environment as how many variables it has."""
        size = self._bits // 8
        found: list[str] = []
        while pointer := self._integer(address + len(found) * size, size):
            if len(found) >= self.style.length and not self.style.verbose:
                return f"[{', '.join(found)}, ...]"
            try:
                found.append(self._string(pointer, self.style.length))
            except Errno:
                found.append(f"{pointer:#x}")
        return f"[{', '.join(found)}]"

    def variables(self, address: int) -> str:
        """The environment: where it is, and how many variables it has."""
        size, count = self._bits // 8, 0
        try:
            while self._integer(address + count * size, size):
                count += 1
        except Errno:
            return f"{address:#x}"
        return f"{address:#x} /* {count} var{'' if count == 1 else 's'} */"

    # -- structs ---------------------------------------------------------------------------------------------------

    def _for_width(self, name: str) -> str:
        """The name of a struct in programs of the width: that of 32 bits where there is one of its own."""
        narrow = name + "32"
        every = structs.every()
        return narrow if self._bits == 32 and name in every and 32 not in every[name].widths else name

    def row(self, name: str) -> Struct:
        """The struct of a name, in programs of the width."""
        return structs.every()[self._for_width(name)]

    def struct(self, row: Struct, address: int, result: int | None = None) -> str:
        """A struct in memory.

        Raises:
            Errno: It cannot be read.
        """
        return self.fields(row, self._program.read(address, row.size(self._bits)), result)

    def fields(self, row: Struct, raw: bytes, result: int | None = None) -> str:
        """A struct whose bytes are these."""
        read = row.values(self._bits, raw)
        numbers = {name: value for name, value in read.items() if isinstance(value, int)}
        places = {place.field.name: place for place in row.layout(self._bits).places}
        shown = SHOWN.get(row.name)
        names = list(places)
        if shown is not None and not (shown.more and self.style.verbose):
            names = list(shown.fields)
            if numbers.get("st_mode", 0) & S_IFMT in _DEVICES:
                names = [SIZE_OF_DEVICE.get(name, name) for name in names]
        if row.name in ("msghdr", "mmsghdr") and result == FAILED:
            return f"{{msg_namelen={numbers['msg_namelen']}}}" if "msg_namelen" in numbers else "{...}"
        special = STRUCTS.get(row.name)
        if special is not None:
            return special(numbers, self._bits)
        hidden = HIDDEN[row.name](numbers, result) if row.name in HIDDEN else ()
        found = []
        for name in names:
            field = places[name].field
            if (
                name in hidden
                or field.meaning == "unused"
                or (name == "sa_restorer" and not numbers["sa_flags"] & 0x0400_0000)
            ):
                continue
            part = raw[places[name].offset : places[name].offset + places[name].size]
            label = LABELS.get((row.name, name), name)
            found.append(f"{label}={self._field(row, field, part, read[name], numbers, result)}")
        more = shown is not None and shown.more and not self.style.verbose
        return "{" + ", ".join([*found, *(["..."] if more else [])]) + "}"

    def _field(
        self,
        row: Struct,
        field: Field,
        part: bytes,
        value: object,
        beside: Mapping[str, int],
        result: int | None,
    ) -> str:
        if field.type.startswith("struct ") and not field.pointer:
            inner = row.embedded[field.type.removeprefix("struct ")]
            size = inner.size(self._bits)
            each = [self.fields(inner, part[at : at + size]) for at in range(0, len(part), size)]
            return each[0] if field.length is None else f"[{', '.join(each)}]"
        target = scalar(field.type, self._bits) if field.type in TYPES else TYPES["u64"]
        arg = meaning(field.meaning or "number", POINTER if field.pointer else target, self._bits, target)
        if isinstance(value, bytes):
            if arg.meaning is Meaning.IPV6:
                return ipv6(value)
            end = value.split(b"\0")[0] if arg.meaning in (Meaning.PATH, Meaning.STRING) else value
            return quoted(end, self.style.in_hex)
        if isinstance(value, tuple):
            return f"[{', '.join(self.scalar(arg, int(one)) for one in value)}]"
        assert isinstance(value, int)
        return self._scalar_field(row, field, arg, value, beside, result)

    def _scalar_field(
        self, row: Struct, field: Field, arg: Arg, value: int, beside: Mapping[str, int], result: int | None
    ) -> str:
        """A field that is one number, or points."""
        own = FIELDS.get((row.name, field.name))
        if own is not None:
            return own(value)
        if arg.meaning is Meaning.MODE:
            return mode(value)
        if arg.of == "iovec" and result is not None and row.name == "msghdr":
            arg = arg._replace(when=When.EXIT)
        if field.pointer or arg.when is not None:
            return self.value(arg if arg.when else arg._replace(when=None), value, beside, result)
        if field.type in ("short", "int") and arg.meaning is Meaning.VALUES:
            value &= (1 << TYPES[field.type].bits) - 1 if tables.sets()[arg.of].flags else -1
        if arg.of == "rlimit" and arg.meaning is Meaning.VALUES:
            return _limit(value, self._bits)
        return self.scalar(arg, value)


def _signed(number: int) -> int:
    return (number & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000


def _limit(value: int, bits: int) -> str:
    """A resource limit."""
    if value in ((1 << bits) - 1, (1 << 64) - 1):
        return "RLIM64_INFINITY" if value == (1 << 64) - 1 else "RLIM_INFINITY"
    return f"{value // 1024}*1024" if value > 1024 and value % 1024 == 0 else str(value)
