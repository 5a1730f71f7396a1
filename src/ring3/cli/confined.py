"""What each command gives up before the first instruction of a program, and what it still needs: `ring3.confinement`.

Files that a command writes are open by then, pipes and processes such as gdb's are there, and the host's processor has
its requests of ptrace(2). What is left to say is a `Needs`: nothing for run, gdb, explain, map, policy, wrmsr, and
strace with one output. A command on a machine that is up gives up nothing: the server has.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Final

from ring3.cli.caller import caller_of
from ring3.cli.sandbox import sandbox
from ring3.computer import Linux
from ring3.confinement import NOTHING, OF_PROGRAMS, PTRACE, TO_SERVE, Needs, confine_to

if TYPE_CHECKING:
    from ring3.computer import Solaris

SHELL: Final = Needs(calls=OF_PROGRAMS, has_all_files=True)
"""dtrace: system() runs commands of the host, and freopen() opens files by any name."""
DEBUGGER: Final = Needs(calls=(*OF_PROGRAMS, PTRACE), has_all_files=True)
"""mdb: so does ``!``, and so do redirections; a second ``:run`` with --cpu host takes its first process over again."""


def serving(folder: str) -> Needs:
    """up: answers clients, and takes its socket out of a folder in the end."""
    return Needs(calls=TO_SERVE, emptied=[folder])


def beside(path: str) -> Needs:
    """strace -ff: makes a file for each task, called like ``path``."""
    return Needs(filled=[os.path.dirname(path) or "."])


def findings(folder: str) -> Needs:
    """fuzz: keeps what it finds below a folder, which is there."""
    return Needs(filled=[folder])


def inputs(path: str | None) -> Needs:
    """fuzz --afl: afl-fuzz makes the file of the input anew each time."""
    return NOTHING if path is None else Needs(read=[os.path.dirname(path) or "."])


def confine(computer: Linux | Solaris, options: argparse.Namespace, needs: Needs = NOTHING) -> None:
    """Gives up the rest for ever, unless the options say otherwise; the files of the program are to be mounted.

    Args:
        computer: The machine, whose program is about to run.
        options: The command's.
        needs: What stays.
    """
    if caller_of(options).machine_name is not None or sandbox(options).no_confine:
        return
    requests = computer.kernel.machine.cpu.prepare_confinement()
    if PTRACE not in needs.calls:
        needs = needs._replace(requests=requests)
    confine_to(
        computer.sandbox if isinstance(computer, Linux) else sandbox(options), computer.kernel.vfs, needs
    )
