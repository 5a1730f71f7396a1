"""Numbers of devices: ``dev_t`` of either width, and the form in which files have them.

Source: sys/mkdev.h, sys/types.h of illumos (NBITSMAJOR64, NBITSMINOR32).
"""

from __future__ import annotations

from typing import Final

MINOR_BITS: Final = {64: 32, 32: 18}
"""Bits of the minor number in a ``dev_t``, by the width of programs; the major number is above."""


def expanded(number: int, bits: int) -> int:
    """The ``dev_t`` of a program for a device; what has no room in one of 32 bits is cut off."""
    major = number >> 8 & 0xFFF
    minor = number & 0xFF | number >> 12 & 0xF_FF00
    return (major << MINOR_BITS[bits] | minor) & (1 << bits) - 1


def compressed(device: int, bits: int) -> int:
    """The number that files have for the ``dev_t`` of a program."""
    major = device >> MINOR_BITS[bits] & 0xFFF
    minor = device & (1 << MINOR_BITS[bits]) - 1 & 0xF_FFFF
    return major << 8 | minor & 0xFF | (minor & 0xF_FF00) << 12
