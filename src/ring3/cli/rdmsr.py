"""``ring3 rdmsr``: reads an MSR of the booted machine, in the forms of msr-tools' rdmsr.

One thing is different: a negative number with ``-d`` is what it is. (rdmsr 1.3 clears the sign bit before it negates,
so that its -1 of four bits is -7.)
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Final

from ring3.cli.caller import caller_of
from ring3.cli.program import add_on
from ring3.errors import UserError
from ring3.loader.personality import System
from ring3.machine.msr import Msr, parse_msr

NO_SUCH_CPU: Final = 2
NO_SUCH_MSR: Final = 4
NOT_A_REGISTER: Final = 127
"""The exit statuses of msr-tools' programs, 1.3."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base to print a number in.

    Attributes:
        digit: Python's format character.
        prefix: What C puts in front of such a constant.
        bits: Bits that a digit stands for, or None for decimal.
    """

    digit: str
    prefix: str
    bits: int | None


HEX: Final = Base("x", "0x", 4)
BASES: Final = {
    "x": ("hexadecimal", HEX, "hexadecimal, lower case (default)"),
    "X": ("capital-hex", Base("X", "0x", 4), "hexadecimal, upper case"),
    "o": ("octal", Base("o", "0", 3), "octal"),
    "d": ("decimal", Base("d", "", None), "decimal, signed"),
    "u": ("unsigned", Base("u", "", None), "decimal, unsigned"),
    "r": ("raw", Base("r", "", None), "the eight bytes, lowest first"),
}


def add_cpu_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares ``-a`` and ``-p``; this machine has one CPU, number 0."""
    parser.add_argument("-a", "--all", action="store_true", help="every CPU; there is one")
    parser.add_argument(
        "-p", "--processor", "--cpu", metavar="N", default="0", help="the CPU's number; there is CPU 0"
    )
    parser.epilog = "Registers: " + ", ".join(f"{msr.name} ({msr.value:#x})" for msr in Msr)


def check_cpu(number: str) -> None:
    """Raises UserError for a CPU that this machine does not have."""
    try:
        cpu = int(number, 0)
    except ValueError:
        raise UserError(f"{number!r} is not the number of a CPU") from None
    if cpu:
        raise UserError(f"No CPU {cpu}", NO_SUCH_CPU)


def find(text: str, verb: str) -> Msr:
    """The register that the user names.

    Args:
        text: Its number in C's notation or hexadecimal, or its name.
        verb: What was to be done to it, for the complaint.

    Raises:
        UserError: There is none, with the status of msr-tools.
    """
    try:
        return parse_msr(text)
    except LookupError as error:
        raise UserError(
            f"CPU 0 cannot {verb} MSR {error.args[0]:#010x}: this machine has none", NO_SUCH_MSR
        ) from None
    except ValueError as error:
        raise UserError(str(error), NOT_A_REGISTER) from None


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "register", metavar="REG", help="a number (0xc0000082, c0000082) or a name (MSR_LSTAR, lstar)"
    )
    for letter, (name, base, text) in BASES.items():
        option = (f"-{letter}", f"--{name}")
        parser.add_argument(*option, dest="base", action="store_const", const=base, default=HEX, help=text)
    parser.add_argument("-c", "--c-language", action="store_true", help="a constant of the C language")
    parser.add_argument("-0", "--zero-pad", action="store_true", help="with leading zeroes")
    parser.add_argument("-f", "--bitfield", metavar="H:L", default="63:0", help="only bits H down to L")
    parser.add_argument(
        "--os", choices=tuple(map(str, System)), help="the system that is booted (default: linux)"
    )
    add_on(parser)
    add_cpu_arguments(parser)
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints the register; returns the exit status."""
    check_cpu(options.processor)
    high, low = _bits(options.bitfield)
    msr = find(options.register, "read")
    caller = caller_of(options)
    with caller.computer(options, "") as computer:
        value = computer.machine.rdmsr(msr)
    width = high - low + 1
    value = value >> low & (1 << width) - 1
    if options.base.digit == "r" and not options.c_language:
        caller.write_bytes(value.to_bytes(8, "little"))
    else:
        shown = _text(value, width, options.base, c_language=options.c_language, zero_pad=options.zero_pad)
        print(shown, file=caller.stdout)
    return 0


def _bits(text: str) -> tuple[int, int]:
    """The highest and the lowest bit of a field."""
    high, colon, low = text.partition(":")
    if not (colon and high.isdecimal() and low.isdecimal() and 63 >= int(high) >= int(low)):
        raise UserError(f"{text!r} is not a bit field H:L with 63 >= H >= L >= 0")
    return int(high), int(low)


def _text(value: int, width: int, base: Base, *, c_language: bool, zero_pad: bool) -> str:
    """The value as rdmsr prints it.

    Args:
        value: An unsigned number.
        width: How many bits it has.
        base: The base.
        c_language: As a constant of C; decimal ones are not padded then.
        zero_pad: With as many digits as the largest number of that width has.
    """
    if base.digit == "r":
        return "{" + ",".join(f"{byte:#04x}" for byte in value.to_bytes(8, "little")) + "}"
    if base.bits is not None:
        digits = -(-width // base.bits) if zero_pad else 1
        return f"{base.prefix if c_language else ''}{value:0{digits}{base.digit}}"
    padded = zero_pad and not c_language
    if base.digit == "u":
        digits = len(str((1 << width) - 1)) if padded else 1
        return f"{value:0{digits}d}{'U' if c_language else ''}"
    digits = 1 + len(str((1 << width - 1) - 1)) if padded else 1  # one place for the sign
    signed = value - (1 << width) if value >> (width - 1) else value
    return f"{signed:0{digits}d}"
