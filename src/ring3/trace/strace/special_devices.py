"""Values of devices whose text is more than a name: keys of keyboards, sounds, pixel formats, versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ring3.trace.strace import tables

if TYPE_CHECKING:
    from ring3.abi.values import ValueSet

Named = Callable[["ValueSet", int], str]

_CLOCK: Final = 1193182
"""How often in a second the timer of the speaker ticks."""
_TABLES: Final = 4
_FUNCTIONS: Final = 0x100
"""Keys of the type KT_FN (linux/keyboard.h)."""
_CHARACTERS: Final = frozenset({"KT_LATIN", "KT_META", "KT_LETTER", "KT_DEAD2"})
"""Types of keys whose values are characters."""
_ESCAPES: Final = {0x27: "\\'", 0x5C: "\\\\", 0x0C: "\\f", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x0B: "\\v"}


_TIMESTAMP: Final = 0xE000
_SOURCE: Final = 0x70000
"""Fields of the flags of a buffer (linux/videodev2.h): the clock of its time, and when that was taken."""
_NEXT_NAMES: Final = {"V4L2_CTRL_FLAG_NEXT_CTRL": 1 << 31, "V4L2_CTRL_FLAG_NEXT_COMPOUND": 1 << 30}
_NEXT: Final = 3 << 30


def character(number: int) -> str:
    """A character as C writes it."""
    if 0x20 <= number < 0x7F and number not in _ESCAPES:
        return f"'{chr(number)}'"
    escape = _ESCAPES.get(number) or f"\\x{number:02x}"
    return f"'{escape}'"


def _key(number: int, _named: Named) -> str:
    """What a key does: its number, with what that stands for as a remark."""
    number &= 0xFFFF
    name = tables.sets()["kd_key"].by_value().get(number)
    if name is None:
        kind, value = number >> 8, number & 0xFF
        known = tables.sets()["kd_key_type"].by_value().get(kind)
        shown = character(value) if known in _CHARACTERS else _hex(value)
        name = f"K({known or _hex(kind)}, {shown})"
    return f"{_hex(number)} /* {name} */"


def _function(number: int, _named: Named) -> str:
    """A key of a function."""
    name = tables.sets()["kd_key"].by_value().get(_FUNCTIONS | number & 0xFF)
    return f"KVAL({name})" if name else _hex(number)


def _table(number: int, named: Named) -> str | None:
    """A table of keys; those behind the first ones are named by the keys that are held."""
    return None if number < _TABLES else named(tables.sets()["kd_key_shift"], number)


def _hertz(divisor: int) -> str:
    return f"{_CLOCK // divisor} Hz" if 0 < divisor <= _CLOCK else "off"


def _sound(number: int, _named: Named) -> str:
    return f"{number} /* {_hertz(number)} */"


def _tone(number: int, _named: Named) -> str:
    """How long a sound is in milliseconds, and what its frequency is."""
    long, divisor = number >> 16, number & 0xFFFF
    shown = f"{long}<<16|{divisor}" if long else str(divisor)
    return f"{shown} /* {f'{_hertz(divisor)}, {long} ms' if long and divisor else 'off'} */"


def _nice(number: int, named: Named) -> str:
    """What a disk's driver lets others do; strace has spaces around what shifts."""
    return named(tables.sets()["hd_nice_bits"], number).replace("<<", " << ")


def _default_keyring(number: int, _named: Named) -> str | None:
    """Where keys go that are asked for; what has no name in decimal."""
    known = tables.sets()["keyctl_reqkey"].by_value()
    number = (number & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31)
    return None if number in known else f"{number} /* KEY_REQKEY_DEFL_??? */"


def _keyboard_mode(number: int, named: Named) -> str | None:
    """The mode of a keyboard; one without a name in decimal."""
    known = tables.sets()["kd_kb_mode"].by_value()
    return None if number in known else f"{(number & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31)} /* K_??? */"


def _known(of: str) -> Callable[[int, Named], str | None]:
    """Numbers of which few have names; others are in decimal."""

    def shown(number: int, _named: Named) -> str | None:
        return None if number in tables.sets()[of].by_value() else str(number)

    return shown


def _pixels(number: int, _named: Named) -> str:
    """A pixel format by its four characters (linux/videodev2.h)."""
    return f"v4l2_fourcc({', '.join(character(number >> shift & 0xFF) for shift in (0, 8, 16, 24))})"


def _buffer_flags(number: int, named: Named) -> str:
    """Flags of a buffer, what clock its time is of, and when that was taken."""
    sets = tables.sets()
    flags = number & ~(_TIMESTAMP | _SOURCE)
    parts = [named(sets["v4l2_buffer_flags"], flags)] if flags else []
    parts.append(named(sets["v4l2_buf_timestamp"], number & _TIMESTAMP))
    parts.append(named(sets["v4l2_buf_source"], number & _SOURCE))
    return "|".join(parts)


def _asked_control(number: int, named: Named) -> str:
    """The control that is asked for, or the one behind it."""
    sets = tables.sets()
    following = number & _NEXT
    shown = named(sets["v4l2_control_id"], number & ~_NEXT)
    names = [name for name, bit in _NEXT_NAMES.items() if following & bit]
    return "|".join([*names, shown])


def _version(number: int, _named: Named) -> str:
    """A version of Linux."""
    return f"KERNEL_VERSION({number >> 16}, {number >> 8 & 0xFF}, {number & 0xFF})"


def _hex(number: int) -> str:
    return f"{number:#x}" if number else "0"


SPECIAL: Final[Mapping[str, Callable[[int, Named], str | None]]] = {
    "kd_key_value": _key,
    "kd_key_function": _function,
    "kd_key_table": _table,
    "kd_character": lambda number, _named: character(number),
    "kd_sound": _sound,
    "kd_tone": _tone,
    "kd_kb_mode": _keyboard_mode,
    "keyctl_reqkey": _default_keyring,
    "btrfs_objectid": _known("btrfs_objectid"),
    "btrfs_key_type": _known("btrfs_key_type"),
    "hd_nice": _nice,
    "v4l2_fourcc": _pixels,
    "v4l2_buffer_flag_word": _buffer_flags,
    "v4l2_control_asked": _asked_control,
    "kernel_version": _version,
}
"""By the name of the set; None for what is written in the usual way."""
