"""What the commands that run a program share: its words on the command line, its terminal and signals."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import Sig
from ring3.cli.caller import caller_of
from ring3.cli.confined import confine
from ring3.cli.here import INTERRUPTED_STATUS
from ring3.cli.sandbox import add_sandbox, require_linux, sandbox
from ring3.computer import Linux
from ring3.confinement import NOTHING, Needs
from ring3.errors import UserError
from ring3.linux.model.task import LinuxTask
from ring3.loader.host import find_in_path
from ring3.loader.personality import System
from ring3.machine.board import CpuKind
from ring3.sandbox import OPTIONS

if TYPE_CHECKING:
    from ring3.computer import Solaris
    from ring3.kernel.regs import UserRegs
    from ring3.kernel.task import Task
    from ring3.linux.model.siginfo import SigInfo

TIMED_OUT: Final = 124
"""What timeout(1) says of a program that it ended."""


def add_on(parser: argparse.ArgumentParser) -> None:
    """Declares ``--on``."""
    parser.add_argument("--on", metavar="NAME", help="on the machine of that name, which ring3 up has booted")


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
        choices=tuple(map(str, System)),
        help="the system to run the program on (default: the one it says it was made for, or linux if it says nothing)",
    )


def add_cpu(parser: argparse.ArgumentParser) -> None:
    """Declares ``--cpu``."""
    parser.add_argument(
        "--cpu",
        choices=tuple(map(str, CpuKind)),
        default=CpuKind.AUTO,
        help="what runs programs: emulated; host: the host's own processor, for Linux's; auto (default): that one"
        " where they compute",
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


def take(
    words: list[str], parser: argparse.ArgumentParser, tools: Collection[str] = ()
) -> argparse.Namespace:
    """Takes the options of a machine and of a sandbox from the front of the words of a tool with its own command line.

    Args:
        words: The words; what is taken is gone afterwards.
        parser: The tool's, empty; it gets the options.
        tools: Options of the tool that look like these: what is taken ends before them.
    """
    add_os(parser)
    add_cpu(parser)
    add_path(parser)
    add_repeatable(parser)
    add_sandbox(parser)
    valued = {"--os", "--cpu", "--path", "--seed", *(row.flag for row in OPTIONS.values() if row.metavar)}
    own = []
    while words and words[0].startswith("--") and words[0].partition("=")[0] not in ("--", *tools):
        own.append(words.pop(0))
        if own[-1] in valued and words:
            own.append(words.pop(0))
    return parser.parse_args(own)


def computer(options: argparse.Namespace, path: str) -> AbstractContextManager[Linux | Solaris]:
    """The computer that a program is to run on: one that is booted for it, or that of the caller.

    Args:
        options: Those of `add_os`, and of `add_path` and `add_repeatable` where the command has them.
        path: The program.
    """
    sandbox(options)  # files of the caller's are read while others still have the machine
    return caller_of(options).computer(options, path)


def add_capture(parser: argparse.ArgumentParser) -> None:
    """Declares ``--pcap``."""
    parser.add_argument(
        "--pcap",
        metavar="FILE",
        help="write what sockets of IPv4 and IPv6 send and receive to a file, as tcpdump does",
    )


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Declares ``--quiet`` and ``--verbose``."""
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="say nothing of calls that are not implemented"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="say why the program ended, if a signal ended it"
    )


def report(options: argparse.Namespace, computer: Linux | Solaris) -> None:
    """Has lines of the kernel's shown to the user, by the options of `add_reports`."""
    quiet = getattr(options, "quiet", False)
    caller_of(options).report_to(computer, (lambda line: None) if quiet else partial(complain, options))


def complain(options: argparse.Namespace, line: str) -> None:
    """Tells the user something on standard error, if it can be written to."""
    write_line(options, f"ring3: {line}")


def write_line(options: argparse.Namespace, line: str) -> None:
    """Writes a line to standard error, if it can be written to; a name that is no text as shells would quote it."""
    with suppress(OSError, ValueError):
        print(
            line.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"),
            file=caller_of(options).stderr,
            flush=True,
        )


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
    """The program and its arguments; "" for that of the machine's image.

    Raises:
        UserError: There is none.
    """
    program = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not program:
        if caller_of(options).has_root(options):
            return "", []
        raise UserError("no PROGRAM is given")
    name = program[0]
    if not name:
        raise UserError(": No such file or directory", 127)
    return find(options, name), program[1:]


def find(options: argparse.Namespace, name: str) -> str:
    """The file that a name stands for, as a shell has it: one without a slash is looked for in the caller's PATH.

    On a machine with a root or commands of its own it is the machine that looks, when it loads the program.

    Raises:
        UserError: It is not there (127).
    """
    caller = caller_of(options)
    if caller.has_root(options) or ("/" not in name and caller.has_commands(options)):
        return name
    return find_in_path(name, caller.environment)


def load(
    computer: Linux | Solaris,
    path: str,
    arguments: list[str],
    options: argparse.Namespace,
    variables: Mapping[str, str] | None = None,
) -> Task:
    """Loads a program, with these variables or the environment that options ask for, and the caller's terminal.

    Raises:
        UserError: It cannot be run, or not with these options.
    """
    caller, wanted = caller_of(options), sandbox(options)
    if isinstance(computer, Linux):
        if not path:
            path, *arguments = computer.command or ("",)
            if not path:
                raise UserError("no PROGRAM is given, and the root says none")
        variables = variables or computer.environment(caller.environment, wanted)
    else:
        require_linux(wanted)
        variables = variables or wanted.environment(caller.environment)
    task = caller.load(computer, path, arguments, variables, wanted)
    if isinstance(task, LinuxTask) and caller.machine_name is None and not wanted.root:
        _tell_of_hidden(options, task, arguments)
    return task


def _tell_of_hidden(options: argparse.Namespace, task: LinuxTask, arguments: list[str]) -> None:
    """Says which files the arguments name that the program does not see."""
    if getattr(options, "quiet", False) or not any("/" in word for word in arguments):
        return
    from ring3.sandbox.hints import hint  # noqa: PLC0415 - most programs are given none

    line = hint(task.kernel.vfs, task.fs.cwd, arguments)
    if line:
        complain(options, line)


def run(
    computer: Linux | Solaris,
    task: Task,
    options: argparse.Namespace,
    begin: Callable[[], None] | None = None,
    needs: Needs = NOTHING,
) -> int:
    """Runs a program that has the caller's signals and terminal meanwhile; returns its status.

    Args:
        computer: The computer.
        task: The program.
        options: Those of the command.
        begin: What is done first, in the same surroundings; it may run the program, to its end too.
        needs: What stays of the rights of this process, which gives up the rest.

    Raises:
        KeyboardInterrupt: SIGINT has ended it: the caller ends the same way, so that a shell's loop does too.
    """
    caller = caller_of(options)

    def tell_end(dead: LinuxTask, regs: UserRegs, info: SigInfo) -> None:
        """Says why the first program ends; who has started others says it of those."""
        if dead.process.pid == task.tid and info.signo not in (Sig.SIGINT, Sig.SIGPIPE):
            from ring3.cli.obituary import obituary  # noqa: PLC0415 - few programs die so

            complain(options, obituary(dead, regs, info))

    confine(computer, options, needs)
    is_asked = options.verbose or caller.stderr.isatty()
    with caller.surround(computer, task, tell_end if is_asked else None):
        if begin is not None:
            begin()
        status = computer.run(task)
    if isinstance(task, LinuxTask) and task.process.timed_out:
        complain(options, f"{task.name} was ended after {sandbox(options).timeout} s")
        return TIMED_OUT
    if status == INTERRUPTED_STATUS and task.exit_code == signal.SIGINT:
        raise KeyboardInterrupt
    return status
