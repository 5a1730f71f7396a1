"""Commands of ioctl(2) by name: all that have the number, and families whose numbers carry an argument."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from ring3.abi.values import ValueSet
from ring3.trace.strace import families, tables

_WRITE: Final = 1
_READ: Final = 2
_DIRECTIONS: Final = ("_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE")
_ABS_COUNT: Final = 0x40
_EVENTS_BASE: Final = 0x20
_EVENTS: Final = 0x20
_EVDEV: Final = {
    0x06: "EVIOCGNAME", 0x07: "EVIOCGPHYS", 0x08: "EVIOCGUNIQ", 0x09: "EVIOCGPROP", 0x0A: "EVIOCGMTSLOTS",
    0x18: "EVIOCGKEY", 0x19: "EVIOCGLED", 0x1A: "EVIOCGSND", 0x1B: "EVIOCGSW",
}  # fmt: skip
"""Commands of input devices that fill as many bytes as their number says (linux/input.h)."""
_SIZED: Final = {
    ("H", _READ, 0x04): "HIDIOCGRAWNAME", ("H", _READ, 0x05): "HIDIOCGRAWPHYS",
    ("H", _READ | _WRITE, 0x06): "HIDIOCSFEATURE", ("H", _READ | _WRITE, 0x07): "HIDIOCGFEATURE",
    ("U", _READ, 0x2C): "UI_GET_SYSNAME", ("j", _READ, 0x13): "JSIOCGNAME",
}  # fmt: skip
"""The same of others: raw HID, uinput, joysticks."""
_SPI_TRANSFER: Final = 32


@cache
def _names(bits: int) -> Mapping[int, str]:
    """The names by number; of several devices' commands with one number all."""
    found: dict[int, str] = {}
    for value in families.named_commands().values:
        if value.bits in (None, bits):
            before = found.get(value.value)
            found[value.value] = f"{before} or {value.name}" if before else value.name
    return found


def command(number: int, bits: int) -> str:
    """A command by its names; one without a name by its direction, type, number and size."""
    family = _family(number)
    name = _names(bits).get(number)
    if name is None and number >> 8 & 0xFF:
        name = tables.sets()["ioctl"].by_value(bits).get(number)
    if name or family:
        return " or ".join(filter(None, (family, name)))
    fields = (number >> 8 & 0xFF, number & 0xFF, number >> 16 & 0x3FFF)
    return (
        f"_IOC({_DIRECTIONS[number >> 30]}, {', '.join(f'{field:#x}' if field else '0' for field in fields)})"
    )


def _family(number: int) -> str:
    """A command of a family whose numbers carry an argument."""
    direction, size, kind, nr = number >> 30, number >> 16 & 0x3FFF, chr(number >> 8 & 0xFF), number & 0xFF
    if kind == "E":
        return _input(direction, size, nr)
    if kind == "M" and direction in (_READ, _WRITE):
        return f"MIXER_{'READ' if direction == _READ else 'WRITE'}({nr})"
    if kind == "k" and direction == _WRITE and nr == 0 and size % _SPI_TRANSFER == 0:
        return f"SPI_IOC_MESSAGE({size // _SPI_TRANSFER})"
    name = _SIZED.get((kind, direction, nr))
    return f"{name}({size})" if name else ""


def _input(direction: int, size: int, nr: int) -> str:
    """A command of an input device."""
    if direction == _WRITE and 0xC0 <= nr < 0xC0 + _ABS_COUNT:
        return f"EVIOCSABS({_of('input_abs', nr - 0xC0, 'ABS_???')})"
    if direction != _READ:
        return ""
    if _EVENTS_BASE <= nr < _EVENTS_BASE + _EVENTS:
        return f"EVIOCGBIT({_of('input_event', nr - _EVENTS_BASE, 'EV_???') if nr > _EVENTS_BASE else '0'}, {size})"
    if 0x40 <= nr < 0x40 + _ABS_COUNT:
        return f"EVIOCGABS({_of('input_abs', nr - 0x40, 'ABS_???')})"
    return f"{_EVDEV[nr]}({size})" if nr in _EVDEV else ""


def _of(name: str, number: int, unknown: str) -> str:
    of: ValueSet = tables.sets()[name]
    return of.by_value().get(number) or f"{number:#x} /* {unknown} */"
