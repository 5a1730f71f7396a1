"""A value as text, by its meaning: what a call was given, what it returned, what its pointers lead to.

Whatever cannot be read, and whatever a call that failed would have written, is shown as its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from ring3.abi.c_types import POINTER
from ring3.abi.errno import Errno
from ring3.abi.meaning import Arg, Meaning, When
from ring3.abi.notation import TYPES, meaning, scalar
from ring3.abi.structs import Field, Struct
from ring3.trace.addresses import ipv6
from ring3.trace.strace import own_structs
from ring3.trace.strace.bit_sets import SETS
from ring3.trace.strace.described_text import described
from ring3.trace.strace.families import Described
from ring3.trace.strace.naming import styled
from ring3.trace.strace.quoting import quoted
from ring3.trace.strace.scalar_text import ScalarText
from ring3.trace.strace.scalars import S_IFMT, mode_of_file, resource_limit, sigset
from ring3.trace.strace.shown import (
    ARRAYS,
    EXACT,
    FIELDS,
    HIDDEN,
    LABELS,
    MEANINGS,
    MOST,
    READ_AS_FAR,
    SHOWN,
    SIZE_OF_DEVICE,
    SIZED,
    STRUCTS,
    UNSIGNED,
    WHOLE,
)
from ring3.trace.strace.socket_options import option
from ring3.trace.strace.special_structs import SPECIAL
from ring3.trace.strace.style import InHex
from ring3.trace.strace.terminals import TERMIOS, settings
from ring3.trace.strace.times import DATED, DATES, TIMES_OF_FILES, date

_FAR: Final = 0xFFFF_FFFE
"""Limits beyond this have a name, if they are what stands for none."""
PATH_MAX: Final = 4095
_PAGE: Final = 4096
_TEXTS: Final = frozenset({Meaning.PATH, Meaning.STRING, Meaning.BYTES, Meaning.HEX_BYTES})
_SIGSET_SIZE: Final = 8
_WORD: Final = 32
_M32: Final = 0xFFFF_FFFF
_TOP: Final = 1 << 31
BEFORE: Final = "*"
"""What stands before the name of an argument that points to a size, for the size that it had at first."""
_DEVICES: Final = (0o020000, 0o060000)


class Text(ScalarText):
    """Writes values of one program."""

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
        address = number & ((1 << self.bits) - 1)
        if not address:
            return "NULL"
        try:
            return self._behind(arg, address, beside, result)
        except Errno:
            return f"{address:#x}"

    # -- whatever a pointer leads to -------------------------------------------------------------------------------

    def _behind(self, arg: Arg, address: int, beside: Mapping[str, int], result: int | None) -> str:
        what = arg.meaning
        size = self._length(arg, beside, result)
        if what is Meaning.SOCKOPT:
            return option(
                self, beside["level"], beside["optname"], address, size or 0, is_got=arg.when is When.EXIT
            )
        if what is Meaning.STRUCT:
            return (
                self._structs(arg, address, size, beside, result) if self.style.follows else f"{address:#x}"
            )
        if what is Meaning.STRINGS:
            return self.strings(address)
        if what in _TEXTS:
            return self._characters(what, address, size)
        if what is Meaning.SIGSET:
            if size is not None and not self.bits // 8 <= size <= _SIGSET_SIZE:
                return f"{address:#x}"
            size = _SIGSET_SIZE if size is None else size
            return sigset(self.integer(address, size), self.style.names, 8 * size)
        if what is Meaning.NODE_SET:
            return self.nodes(address, size or 0)
        if what is Meaning.FD_SET and ((size or 0) & _M32 ^ _TOP) <= _TOP:
            return f"{address:#x}"
        if what in SETS:
            found = SETS[what](self.read, address, size, self.bits)
            return f"[{' '.join(map(self.descriptor if what is Meaning.FD_SET else str, found))}]"
        return self._numbers(arg, address, size)

    def _characters(self, what: Meaning, address: int, size: int | None) -> str:
        """A string, up to its null where no length is said, or bytes."""
        if what in (Meaning.PATH, Meaning.STRING) and size is None:
            return self.string(address, PATH_MAX if what is Meaning.PATH else self.style.length)
        if size is None:
            return f"{address:#x}"
        # the length of a path counts the null at its end
        is_hex = what is Meaning.HEX_BYTES
        return self.bytes_at(address, size - (what is Meaning.PATH), in_hex=InHex.ALL if is_hex else None)

    def _numbers(self, arg: Arg, address: int, size: int | None) -> str:
        """What is no more than scalars: one, or an array of them."""
        target = arg.target or TYPES["int"]
        if arg.meaning is Meaning.SECONDS:
            seconds = target.cast(self.integer(address, target.bits // 8))
            return f"[{seconds}{date(seconds)}]"
        if arg.meaning is Meaning.GID and (size or 0) & _TOP:
            return f"{address:#x}"
        if arg.meaning is Meaning.POINTER:
            target = TYPES["u64" if self.bits == 64 else "u32"]
        if not target.bits:
            return f"{address:#x}"
        element = arg._replace(when=None, type=target)

        def one(at: int) -> str:
            return self.scalar(element, target.cast(self.integer(at, target.bits // 8)))

        length = "count" if arg.meaning is Meaning.FD and arg.length else arg.length
        text = self.several(address, size, target.bits // 8, one, length)
        return text if arg.length or arg.meaning is Meaning.SIGMASK else f"[{text}]"

    def _structs(
        self, arg: Arg, address: int, count: int | None, beside: Mapping[str, int], result: int | None
    ) -> str:
        """The struct that an argument points to, or the array of them."""
        row = own_structs.every().get(self._for_width(arg.of))
        special = SPECIAL.get(arg.of)
        if special is not None:
            return special(self, address, count, beside, result)
        if arg.of == "iovec" and arg.when is When.EXIT:
            return self._filled(address, count or 0, result)
        if isinstance(row, Described):
            return self._described(arg, row, address, count, beside, result)
        if row is None or row.layout(self.bits).places[-1].field.length == 0:
            return f"{address:#x}"
        return self._plain(arg, row, address, count, beside, result)

    def _described(
        self,
        arg: Arg,
        row: Described,
        address: int,
        count: int | None,
        beside: Mapping[str, int],
        result: int | None,
    ) -> str:
        limit = beside.get(row.sized_by) if row.sized_by else None
        if limit == 0:
            return f"{address:#x}"
        size = row.size(self.bits)
        return self.several(address, count, size, lambda at: self.struct(row, at, result, limit), arg.length)

    def _plain(
        self,
        arg: Arg,
        row: Struct,
        address: int,
        count: int | None,
        beside: Mapping[str, int],
        result: int | None,
    ) -> str:
        """Structs of which `shown` says what is shown."""
        if arg.of in MOST and (count or 0) > MOST[arg.of]:
            return f"{address:#x}"
        name, least = SIZED.get(arg.of, ("", 0))
        limit = beside.get(name) if name else None
        if limit is not None and limit < least:
            return f"{address:#x}"
        if arg.of in EXACT and beside.get(EXACT[arg.of][0]) != EXACT[arg.of][1]:
            return f"{address:#x}"
        if arg.of in READ_AS_FAR:
            self.read(address, READ_AS_FAR[arg.of].get(self.bits, 0))
        dated = DATED.get(row.name) if arg.length == "2" else None

        def one(at: int) -> str:
            text = self.struct(row, at, result, limit)
            if limit is not None:
                return text[:-1] + self._beyond(at, row.size(self.bits), limit) + "}"
            if dated is not None:
                numbers = [*map(int, row.unpack(self.bits, self.read(at, row.size(self.bits))))]
                special = TIMES_OF_FILES.get(numbers[1]) if row.name.startswith("timespec") else None
                return styled(self.style.names, special, text) if special else text + dated(*numbers)
            return text

        return self.several(address, count, row.size(self.bits), one, arg.length)

    def _beyond(self, address: int, size: int, limit: int) -> str:
        """What a struct of `limit` bytes has behind the fields that are known, unless that is nothing but zeros."""
        end = min(limit, _PAGE)
        if end <= size:
            return ""
        try:
            raw = self.read(address + size, end - size)
        except Errno:
            return ", ???"
        if not any(raw):
            return ""
        shown = quoted(raw[: self.style.length], InHex.ALL) + "..." * (len(raw) > self.style.length)
        return f", /* bytes {size}..{end - 1} */ {shown}"

    def _filled(self, address: int, count: int, size: int | None) -> str:
        """The buffers of a call that has put so many bytes into them, None if it failed: they are addresses then."""
        row, left = self.row("iovec"), size or 0
        word = self.bits // 8

        def one(at: int) -> str:
            nonlocal left
            base, length = map(int, row.unpack(self.bits, self.read(at, 2 * word)))
            taken = min(left, length)
            left -= taken
            text = f"{base:#x}" if base else "NULL"
            if size is not None and base:
                with suppress(Errno):
                    text = self.bytes_at(base, taken)
            return f"{{iov_base={text}, iov_len={length}}}"

        return self.several(address, count, row.size(self.bits), one, "count")

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
            return self._filled_size(number, beside.get(BEFORE + arg.length)) if number else None
        return number

    def _filled_size(self, address: int, room: int | None) -> int | None:
        """How many bytes of something are there: what a call says there would be, at most the room it was given."""
        size = self.integer(address, 4)
        if room is None:
            return size
        return None if room >> 31 else min(size, room)

    # -- structs ---------------------------------------------------------------------------------------------------

    def _for_width(self, name: str) -> str:
        """The name of a struct in programs of the width: that of 32 bits where there is one of its own."""
        narrow = name + "32"
        every = own_structs.every()
        return narrow if self.bits == 32 and name in every and 32 not in every[name].widths else name

    def enter(self, address: int, name: str) -> None:
        """Keeps a struct as it is, so that what a call changes of it can be told from what it was given.

        Raises:
            Errno: It cannot be read.
        """
        row = own_structs.every().get(self._for_width(name))
        if isinstance(row, Described):
            self.entered[address] = self.read(address, row.size(self.bits))

    def row(self, name: str) -> Struct:
        """The struct of a name, in programs of the width."""
        return own_structs.every()[self._for_width(name)]

    def struct(self, row: Struct, address: int, result: int | None = None, limit: int | None = None) -> str:
        """A struct in memory, of which no more than `limit` bytes count.

        Raises:
            Errno: It cannot be read.
        """
        size = row.size(self.bits)
        raw = self.read(address, size if limit is None else min(size, limit)).ljust(size, b"\0")
        if isinstance(row, Described):
            return described(self, row, address, raw, self.entered.pop(address, raw), result, limit)
        return self.fields(row, raw, result, limit)

    def fields(self, row: Struct, raw: bytes, result: int | None = None, limit: int | None = None) -> str:
        """A struct whose bytes are these, of which no more than `limit` count."""
        if isinstance(row, Described):
            return described(self, row, 0, raw, raw, result)
        read = row.values(self.bits, raw)
        numbers = {name: value for name, value in read.items() if isinstance(value, int)}
        places = {place.field.name: place for place in row.layout(self.bits).places}
        shown = SHOWN.get(row.name)
        names = list(WHOLE.get(row.name, places))
        if shown is not None and not (shown.more and self.style.verbose):
            names = list(shown.fields)
        if numbers.get("st_mode", 0) & S_IFMT in _DEVICES:
            names = [SIZE_OF_DEVICE.get(name, name) for name in names]
        if row.name in TERMIOS:
            return settings(read, verbose=self.style.verbose)
        special = STRUCTS.get(row.name)
        if special is not None:
            return special(numbers, self.bits)
        hidden = HIDDEN[row.name](numbers, result) if row.name in HIDDEN else ()
        found = []
        for name in names:
            field = places[name].field
            if (
                name in hidden
                or (limit is not None and places[name].offset + places[name].size > limit)
                or field.meaning == "unused"
                or (field.meaning == "spare" and not any(raw[places[name].offset :][: places[name].size]))
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
            size = inner.size(self.bits)
            each = [self.fields(inner, part[at : at + size]) for at in range(0, len(part), size)]
            if inner.name == "statx_timestamp":
                seconds, nanoseconds, *_ = map(int, inner.unpack(self.bits, part))
                each[0] += date(seconds, nanoseconds, 9)
            return each[0] if field.length is None else f"[{', '.join(each)}]"
        target = scalar(field.type, self.bits) if field.type in TYPES else TYPES["u64"]
        said = MEANINGS.get((row.name, field.name), field.meaning or "number")
        arg = meaning(said, POINTER if field.pointer else target, self.bits, target)
        if isinstance(value, bytes):
            return self.characters(arg.meaning, value)
        if isinstance(value, tuple):
            text = f"[{', '.join(self.scalar(arg, int(one)) for one in value)}]"
            return ARRAYS.get((row.name, field.name), "{}").format(text)
        assert isinstance(value, int)
        return self._scalar_field(row, field, arg, value, beside, result)

    def characters(self, what: Meaning, raw: bytes) -> str:
        """The characters or bytes of a field."""
        if what is Meaning.IPV6:
            return ipv6(raw)
        if what is Meaning.HEX_BYTES:
            return quoted(raw, InHex.ALL)
        if what not in (Meaning.PATH, Meaning.STRING):
            return quoted(raw, self.style.in_hex)
        end, null, _ = raw.partition(b"\0")
        return quoted(end, self.style.in_hex) if null else quoted(end[:-1], self.style.in_hex) + "..."

    def _scalar_field(
        self, row: Struct, field: Field, arg: Arg, value: int, beside: Mapping[str, int], result: int | None
    ) -> str:
        """A field that is one number, or points."""
        if (row.name, field.name) in UNSIGNED:
            return str(value & (1 << 8 * row.place(field.name, self.bits).size) - 1)
        own = FIELDS.get((row.name, field.name))
        if own is not None:
            return own(value)
        if arg.meaning is Meaning.FD and value >> _WORD:
            return str(value)
        if arg.meaning is Meaning.MODE:
            return mode_of_file(value, self.style.names)
        if field.pointer or arg.when is not None:
            return self.value(arg if arg.when else arg._replace(when=None), value, beside, result)
        if arg.meaning is Meaning.VALUES and arg.type.bits < _WORD:
            value &= (1 << arg.type.bits) - 1
        if arg.of == "rlimit" and arg.meaning is Meaning.VALUES:
            text = resource_limit(value, self.bits)
            return styled(self.style.names, text, str(value)) if value > _FAR else text
        if arg.meaning is Meaning.SECONDS and row.name in DATES:
            bits = 8 * row.place(field.name, self.bits).size
            value = (value & (1 << bits) - 1 ^ 1 << bits - 1) - (1 << bits - 1)
            return f"{value}{date(value, beside.get(field.name + '_nsec', 0), 9)}"
        return self.scalar(arg, value)
