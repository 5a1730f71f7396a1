"""Adds a system call to a machine and runs a program that makes it.

gcc -static -o rot13 examples/rot13.c
python examples/add_syscall.py rot13

The status is the program's. docs/adding-a-syscall.md explains each step.
"""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

from ring3 import Abi, Linux
from ring3.abi.c_types import Pointer, SizeT

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

NUMBER = 390


def sys_rot13(task: LinuxTask, buf: Pointer, count: SizeT) -> int:
    """Turns ``count`` bytes of the caller's memory by thirteen letters; returns how many letters there were.

    A buffer that the caller cannot read and write is EFAULT, which ``task.memory`` raises.
    """
    text = task.memory.read(buf, count).decode("latin-1")
    task.memory.write(buf, codecs.encode(text, "rot13").encode("latin-1"))
    return sum(letter.isascii() and letter.isalpha() for letter in text)


def main() -> int:
    """Runs the program that the command line names; returns its status."""
    with Linux() as linux:
        linux.define(sys_rot13, NUMBER)
        linux.define(sys_rot13, NUMBER, Abi.I386)
        return linux.run(linux.load(sys.argv[1], sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
