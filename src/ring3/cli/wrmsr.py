"""``ring3 wrmsr``: writes an MSR of the booted machine, as msr-tools' wrmsr does, and runs a program on it."""

from __future__ import annotations

import argparse
from typing import Final

from ring3.cli import program, rdmsr
from ring3.cli.caller import caller_of
from ring3.cli.main import PANIC_STATUS
from ring3.errors import KernelPanic, UserError
from ring3.image.symbols import SymbolTable
from ring3.machine.msr import Msr

REFUSED: Final = 4
"""The exit status of msr-tools' wrmsr for a value that the CPU does not take."""
TASKS: Final = (Msr.MSR_FS_BASE, Msr.MSR_GS_BASE, Msr.MSR_KERNEL_GS_BASE)
"""The registers that the kernel loads anew for every task, so that a value written before it starts would be lost."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "register", metavar="REG", help="a number (0xc0000082, c0000082) or a name (MSR_LSTAR, lstar)"
    )
    parser.add_argument(
        "value",
        metavar="VALUE",
        help="a number in C's notation, or a symbol of the kernel such as asm_exc_int3",
    )
    rdmsr.add_cpu_arguments(parser)
    program.add_on(parser)
    program.add_os(parser)
    program.add_path(parser)
    program.add_reports(parser)
    program.add_program(parser, "REG VALUE ")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Writes the register and runs the program; returns its status."""
    rdmsr.check_cpu(options.processor)
    msr = rdmsr.find(options.register, "set")
    caller = caller_of(options)
    runs = caller.machine_name is None or options.words
    path, arguments = program.words(options) if runs else ("", [])
    if msr in TASKS:
        raise UserError(
            f"{msr.name} is each task's own: the kernel loads it when the program starts", REFUSED
        )
    with program.computer(options, path) as computer:
        program.report(options, computer)
        value = _value(options.value, computer.symbols)
        try:
            computer.machine.wrmsr(msr, value)
        except UserError as error:
            raise UserError(str(error), REFUSED) from None
        if not runs:
            return 0
        task = program.load(computer, path, arguments, options)
        try:
            return program.run(computer, task, options)
        except KernelPanic as panic:
            if panic.__cause__ is not None:
                raise
            raise UserError(
                f"with {value:#x} in {msr.name} the kernel panics: {panic}", PANIC_STATUS
            ) from None


def _value(text: str, symbols: SymbolTable) -> int:
    """The number that the user writes, or the address of the symbol."""
    address = symbols.get(text)
    if address is not None:
        return address
    try:
        return int(text, 0)
    except ValueError:
        raise UserError(
            f"{text!r} is neither a number (hexadecimal starts with 0x) nor a symbol of the kernel"
        ) from None
