"""The options that say what a program has and how much of it: its environment, its host's name, its limits.

The same in every command that starts a program, and in their long forms only: short letters belong to the tools that a
command is like.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.signals import Sig
from ring3.computer import Linux, Solaris
from ring3.errors import UserError
from ring3.kernel.task import Task
from ring3.linux.model.limits import Resource
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals.send import group_send_sig_info
from ring3.linux.tasks.limits import set_rlimit

if TYPE_CHECKING:
    from ring3.linux.model.process import Process

TIMED_OUT: Final = 124
"""What timeout(1) says of a program that it ended."""
UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
LEAST_MEMORY: Final = 16 << 20
"""Bytes below which no kernel boots."""
LONGEST_NAME: Final = 64
"""Bytes of a host's name (sethostname(2))."""


def add_sandbox(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add = parser.add_argument_group("what the program has").add_argument
    add("--env", action="append", default=[], metavar="NAME=VALUE", help="set a variable of its environment")
    add("--clear-env", action="store_true", help="give it no variables but those of --env")
    add(
        "--bind",
        action="append",
        default=[],
        metavar="SRC[:DST[:ro|cow]]",
        help="show a directory of the host, at DST or where the host has it, copy-on-write (cow, default) or read-only",
    )
    add_machine(parser)
    add("--cpu-seconds", type=_number, metavar="N", help="CPU time of a process: SIGXCPU, then SIGKILL")
    add("--files", type=_number, metavar="N", help="descriptors of a process at a time")
    add("--timeout", type=_number, metavar="SECONDS", help="end it after so long, with status 124")


def add_machine(parser: argparse.ArgumentParser) -> None:
    """Declares those of them that are about the machine as a whole."""
    add = parser.add_argument_group("what all programs have together").add_argument
    add("--hostname", metavar="NAME", help="what they see as the name of their host")
    add("--memory", type=_size, metavar="SIZE", help="memory, such as 512M; also the machine's RAM")
    add("--tasks", type=_number, metavar="N", help="processes and threads at a time")


def environment(options: argparse.Namespace, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment that the options ask for.

    Args:
        options: The options.
        inherited: What there is without them.

    Raises:
        UserError: One of ``--env`` is not NAME=VALUE.
    """
    found = {} if options.clear_env else dict(inherited)
    for word in options.env:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise UserError(f"--env {word}: NAME=VALUE is meant")
        found[name] = value
    return found


class Bind(NamedTuple):
    """A directory of the host that is shown.

    Attributes:
        source: Its path on the host, absolute.
        place: Where programs see it, absolute.
        readonly: Programs cannot change it; if not, what they change stays in memory.
    """

    source: bytes
    place: bytes
    readonly: bool


def binds(options: argparse.Namespace) -> list[Bind]:
    """What ``--bind`` asks for.

    Raises:
        UserError: One of them is not SRC[:DST[:ro|cow]], or DST is not absolute.
    """
    found = []
    for word in getattr(options, "bind", ()):
        source, _, rest = word.partition(":")
        place, colon, mode = rest.partition(":")
        place = place or os.path.abspath(source)
        if not source or (colon and mode not in ("ro", "cow")) or not os.path.isabs(place):
            raise UserError(f"--bind {word}: SRC[:DST[:ro|cow]] is meant, with an absolute DST")
        found.append(Bind(os.fsencode(os.path.abspath(source)), os.fsencode(place), mode == "ro"))
    return found


def show_binds(
    options: argparse.Namespace, computer: Linux | Solaris, environment: Mapping[str, str]
) -> None:
    """Mounts what ``--bind`` asks for, before the first program is loaded.

    Raises:
        UserError: It cannot be shown there, or not on this machine.
    """
    wanted = binds(options)
    if not wanted:
        return
    if not isinstance(computer, Linux):
        raise UserError("--bind is for programs of Linux")
    computer.mount_view(environment)
    for bind in wanted:
        computer.bind(*bind)


class Limits:
    """What the options ask of a machine and of the first program on it.

    Attributes:
        timed_out: ``--timeout`` has ended it.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.timed_out = False

    def apply(self, computer: Linux | Solaris, task: Task) -> None:
        """Sets what the options say, before the program runs.

        Raises:
            UserError: Programs of another system than Linux have no such limits here.
        """
        options = self._options
        if "hostname" not in options:
            return  # the command has no such options
        wanted = (options.hostname, options.cpu_seconds, options.tasks, options.files, options.timeout)
        if all(value is None for value in wanted):
            return
        if not isinstance(computer, Linux) or not isinstance(task, LinuxTask):
            raise UserError("limits and --hostname are for programs of Linux")
        kernel = computer.kernel
        if options.hostname is not None:
            if not 0 < len(os.fsencode(options.hostname)) <= LONGEST_NAME:
                raise UserError(f"--hostname: 1 to {LONGEST_NAME} bytes are meant")
            kernel.hostname = options.hostname
        if options.tasks is not None:
            kernel.max_tasks = min(kernel.max_tasks, options.tasks)
        for resource, limit, hard in (
            (Resource.CPU, options.cpu_seconds, 1),
            (Resource.NOFILE, options.files, 0),
        ):
            if limit is not None:
                set_rlimit(task, resource, limit, limit + hard)
        if options.timeout is not None:
            deadline = kernel.clocks.monotonic() + options.timeout * 1_000_000_000
            kernel.timers.add(deadline, lambda: self._end(task.process))

    def _end(self, process: Process) -> None:
        self.timed_out = True
        group_send_sig_info(process, SigInfo(int(Sig.SIGKILL)))


def _number(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and int(word)):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 1 on")
    return int(word)


def _size(word: str) -> int:
    digits = word.rstrip("KMG")
    unit = UNITS.get(word[len(digits) :])
    if unit is None or not (digits.isascii() and digits.isdecimal()) or int(digits) * unit < LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"{word!r} is no size from 16M on, such as 512M or 2G")
    return int(digits) * unit & -(2 << 20)
