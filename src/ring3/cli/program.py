"""What the commands that run a program share: its words on the command line, its terminal and signals."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from ring3.abi.signals import Sig
from ring3.cli.sandbox import TIMED_OUT, Limits, add_sandbox, environment
from ring3.computer import Linux, Solaris
from ring3.errors import UserError
from ring3.kernel.regs import UserRegs
from ring3.kernel.task import Task
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.loader.host import system_of
from ring3.loader.personality import System
from ring3.machine.board import DEFAULT_RAM, CpuKind

INTERRUPTED_STATUS: Final = 130
"""What a shell says of a program that SIGINT ended."""


def add_path(parser: argparse.ArgumentParser) -> None:
    """Declares ``--path``."""
    parser.add_argument(
        "--path",
        choices=("full", "short"),
        default="short",
        help="full: run ring 0's code for every call; short: only where it matters (default)",
    )


def add_os(parser: argparse.ArgumentParser) -> None:
    """Declares ``--os``."""
    parser.add_argument(
        "--os",
        choices=tuple(System),
        help="the system to run the program on (default: the one it says it was made for, or linux if it says nothing)",
    )


def add_cpu(parser: argparse.ArgumentParser) -> None:
    """Declares ``--cpu``."""
    parser.add_argument(
        "--cpu",
        choices=tuple(CpuKind),
        default=CpuKind.EMULATED,
        help="what runs programs: emulated (default), or the host's own processor, for Linux's",
    )


def add_repeatable(parser: argparse.ArgumentParser) -> None:
    """Declares ``--seed`` and ``--virtual-time``."""
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="take all randomness, addresses included, from N instead of from the host",
    )
    parser.add_argument(
        "--virtual-time",
        action="store_true",
        help="clocks that only the program moves: sleeping costs nothing; with --seed, every run is the same",
    )


def computer(options: argparse.Namespace, path: str) -> Linux | Solaris:
    """A computer with the system that a program is to run on.

    Args:
        options: Those of `add_os`, and of `add_path` and `add_repeatable` where the command has them.
        path: The program.
    """
    system = System(options.os) if options.os else system_of(path) or System.LINUX
    full_path = getattr(options, "path", "short") == "full"
    seed, virtual_time = getattr(options, "seed", None), getattr(options, "virtual_time", False)
    memory = getattr(options, "memory", None) or DEFAULT_RAM
    cpu = CpuKind(getattr(options, "cpu", None) or CpuKind.EMULATED)
    made: Linux | Solaris
    if system is System.LINUX:
        made = Linux(full_path=full_path, ram_bytes=memory, seed=seed, virtual_time=virtual_time, cpu=cpu)
    elif cpu is CpuKind.EMULATED:
        made = Solaris(full_path=full_path, ram_bytes=memory, seed=seed, virtual_time=virtual_time)
    else:
        raise UserError("programs of Solaris use addresses that no program of the host has: --cpu emulated")
    gc.freeze()  # what has been imported and booted stays: the collector need not look at it
    gc.enable()
    return made


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Declares ``--quiet`` and ``--verbose``."""
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="say nothing of calls that are not implemented"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="say why the program ended, if a signal ended it"
    )


def reporter(options: argparse.Namespace) -> Callable[[str], None]:
    """What takes lines for the user, by the options of `add_reports`; a standard error that takes none loses them."""
    return (lambda line: None) if getattr(options, "quiet", False) else complain


def complain(line: str) -> None:
    """Writes a line to standard error, if it can be written to."""
    with suppress(OSError, ValueError):
        print(f"ring3: {line}", file=sys.stderr, flush=True)


def add_program(parser: argparse.ArgumentParser, before: str = "") -> None:
    """Declares the program and its arguments, as the last ones; what follows the program is its own, ``--`` too.

    Args:
        parser: The command's parser; its usage line is written anew.
        before: The arguments that come before the program, for that line.
    """
    add_sandbox(parser)
    parser.add_argument("words", metavar="PROGRAM [ARG...]", nargs=argparse.REMAINDER, help="what to run")
    parser.usage = f"{parser.prog} [OPTION...] {before}[--] PROGRAM [ARG...]"


def words(options: argparse.Namespace) -> tuple[str, list[str]]:
    """The program and its arguments.

    Raises:
        UserError: There is none.
    """
    program = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not program:
        raise UserError("no PROGRAM is given")
    name = program[0]
    if getattr(options, "os", None) == System.SOLARIS and "/" not in name:
        return name, program[1:]  # the machine has commands of its own, which come first
    return _find(name), program[1:]


def _find(name: str) -> str:
    """The file that a name stands for, as a shell has it: one without a slash is looked for in PATH.

    Raises:
        UserError: It is not there (127).
    """
    if "/" in name or not name:
        return name
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder or ".", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    hint = f"; ./{name} is a file here" if os.path.exists(name) else ""
    raise UserError(f"{name}: not found in PATH{hint}", 127)


def load(
    computer: Linux | Solaris, path: str, arguments: list[str], options: argparse.Namespace | None = None
) -> Task:
    """Loads a program, with the environment that options ask for; the terminal of this process is the program's."""
    variables = None if options is None else environment(options)
    if not isinstance(computer, Linux) or not any(map(os.isatty, (0, 1, 2))):
        return computer.load(path, arguments, variables)
    from ring3.fs.host_terminal import find_terminal  # noqa: PLC0415 - for who has a terminal

    terminal = find_terminal()
    if terminal is not None:
        terminal.guard()
        computer.connect(terminal)
    return computer.load(path, arguments, variables)


def run(
    computer: Linux | Solaris,
    task: Task,
    options: argparse.Namespace,
    begin: Callable[[], None] | None = None,
) -> int:
    """Runs a program that has the signals and the terminal of this process meanwhile; returns its status.

    Args:
        computer: The computer.
        task: The program.
        options: Those of the command.
        begin: What is done first, in the same surroundings; it may run the program, to its end too.

    Raises:
        KeyboardInterrupt: SIGINT has ended it: this process ends the same way, so that a shell's loop does too.
    """
    limits = Limits(options)
    limits.apply(computer, task)
    with _surroundings(computer, task, options):
        if begin is not None:
            begin()
        status = computer.run(task)
    if limits.timed_out:
        complain(f"{task.name} was ended after {options.timeout} s")
        return TIMED_OUT
    if status == INTERRUPTED_STATUS and task.exit_code == signal.SIGINT:
        raise KeyboardInterrupt
    return status


@contextmanager
def _surroundings(computer: Linux | Solaris, task: Task, options: argparse.Namespace) -> Iterator[None]:
    attention = computer.kernel.listen_to_host()
    if not (isinstance(computer, Linux) and isinstance(task, LinuxTask) and attention is not None):
        with _interruptible():
            yield
        return
    from ring3.linux.terminals.outer import outer  # noqa: PLC0415 - it costs others nothing

    console = computer.console

    def give_up() -> None:
        if console is not None:
            console.abandon()
        with suppress(OSError):
            sys.stderr.write("ring3: interrupted three times: the program was ended\n")
        os._exit(INTERRUPTED_STATUS)

    attention.on_insistence = give_up
    if options.verbose or sys.stderr.isatty():
        computer.kernel.dying = lambda dead, regs, info: _tell_end(task, dead, regs, info)
    with outer(task, attention, console):
        if console is not None and sys.stdin.isatty() and sys.stdout.isatty():
            console.attach()
        yield


def _tell_end(first: LinuxTask, dead: LinuxTask, regs: UserRegs, info: SigInfo) -> None:
    """Says why the first program ends; who has started others says it of those."""
    if dead.process is first.process and info.signo not in (Sig.SIGINT, Sig.SIGPIPE):
        from ring3.cli.obituary import obituary  # noqa: PLC0415 - few programs die so

        complain(obituary(dead, regs, info))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C end this process at once, where the machine cannot take it.

    A handler that somebody else has put there, or that ignores the signal, stays.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
