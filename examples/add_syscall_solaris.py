"""Adds a system call to a Solaris machine and runs a program that makes it.

gcc -nostdlib -static -o rot13_solaris examples/rot13_solaris.S
python examples/add_syscall_solaris.py rot13_solaris

The status is the program's. docs/adding-a-syscall-solaris.md explains each step.
"""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

from ring3 import Solaris
from ring3.abi.c_types import Address, SizeT

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

NUMBER = 208


def rot13(task: SolarisTask, buf: Address, count: SizeT) -> int:
    """Turns ``count`` bytes of the caller's memory by thirteen letters; returns how many letters there were.

    A buffer that the caller cannot read and write is EFAULT, which ``task.memory`` raises.
    """
    text = task.memory.read(buf, count).decode("latin-1")
    task.memory.write(buf, codecs.encode(text, "rot13").encode("latin-1"))
    return sum(letter.isascii() and letter.isalpha() for letter in text)


def main() -> int:
    """Runs the program that the command line names; returns its status."""
    with Solaris() as solaris:
        solaris.define(rot13, NUMBER, "CI")
        return solaris.run(solaris.load(sys.argv[1], sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
