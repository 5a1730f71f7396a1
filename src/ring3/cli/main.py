"""The command ``ring3``: finds the subcommand and turns what went wrong into one line and a status."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn, TextIO

from ring3 import __version__
from ring3.cli.host import require_host
from ring3.errors import Deadlock, KernelPanic, TripleFault, UserError

COMMANDS: Final = {
    "run": "run a program",
    "explain": "run a program and tell how one system call of it goes, step by step",
    "map": "show an address space and its page tables",
    "tables": "list the system calls, or print the headers made of them",
    "rdmsr": "read a model-specific register of the booted machine",
    "dtrace": "compile and run programs in D, the language of DTrace",
    "dis": "list the machine code of a file's functions, as Solaris's dis does",
    "mdb": "look into files, programs and kernels, as mdb does",
    "strace": "run a program and write its system calls, as strace does",
    "gdb": "start gdb, connected to a program that stands before its first instruction",
    "faults": "run a program once for each call that can fail, and report what it does wrong",
    "fuzz": "run a program with inputs that are changed by what they reach, alone or under AFL++",
    "sweep": "make the many runs of a plan, here or on a cluster, and group what failed by cause",
    "policy": "run a program under a policy of system calls, or learn the least one it needs",
    "doctor": "tell what this host gives and what follows",
    "wrmsr": "write a model-specific register, then run a program",
    "up": "boot a machine that stays up, for other commands and terminals",
    "ls": "list the machines that are up",
    "ps": "list the processes on a machine that is up",
    "console": "make this terminal the console of a machine that is up, where kmdb talks",
    "top": "watch what a machine that is up does, with keys as in htop",
    "down": "end a machine that is up, and all programs on it",
    "completion": "print what has a shell complete the words of ring3",
}
PURPOSES: Final = {
    "run programs": ("run", "sweep", "policy"),
    "watch and change what they do": ("strace", "dtrace", "faults", "fuzz", "gdb", "mdb", "dis"),
    "see how the machine works": ("explain", "map", "tables", "rdmsr", "wrmsr"),
    "keep a machine up": ("up", "ls", "ps", "top", "console", "down"),
    "know the host, and have it know ring3": ("doctor", "completion"),
}
"""What commands are for: each has one purpose."""
PANIC_STATUS: Final = 70
"""EX_SOFTWARE of sysexits.h."""
DEADLOCK_STATUS: Final = 124
"""What timeout(1) says of a program that did not end."""
BROKEN_PIPE_STATUS: Final = 141
INTERRUPTED_STATUS: Final = 130
"""What a shell says of a program that SIGPIPE, or SIGINT, ended."""

TITLE: Final = "The system-call machine of x86, whole and real, in Python."
EXAMPLES: Final = """\
examples:
  ring3 run examples/hello/hello
  ring3 explain --syscall write examples/hello/hello
  ring3 tables --abi i386
  ring3 rdmsr MSR_LSTAR
  ring3 wrmsr MSR_LSTAR entry_SYSCALL_compat -- examples/hello/hello

Exit status: the program's, 128+N if signal N ended it; 126 or 127 if it cannot be run or found,
124 if it waits for nothing; 2 for bad usage.
"""


class Formatter(argparse.HelpFormatter):
    """Knows the terminal's width without the module shutil: a formatter is made for every argument declared."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "")) or os.get_terminal_size().columns
        except (ValueError, OSError):
            columns = 80
        self.width = columns - 2
        super().__init__(prog, width=self.width)


class RawFormatter(Formatter, argparse.RawDescriptionHelpFormatter):
    """Leaves description and epilog as they are."""


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - whatever argparse takes
        super().__init__(**{"formatter_class": Formatter} | options)

    def error(self, message: str) -> NoReturn:
        """Prints the complaint and exits with status 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status.

    Args:
        arguments: The command line without the program's name; None for this process's.

    Raises:
        KeyboardInterrupt: SIGINT has ended it, and this process is to end so.
    """
    # a stream that was closed when Python started is None; what is printed there goes nowhere
    sys.stdout = sys.stdout or io.TextIOWrapper(io.BytesIO())
    sys.stderr = sys.stderr or io.TextIOWrapper(io.BytesIO())
    try:
        try:
            return _dispatch(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _abandon_stdout()
        return BROKEN_PIPE_STATUS
    except OSError as error:
        if not _is_of_output(error):
            raise
        _abandon_stdout()
        print(f"ring3: standard output: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if arguments is None:
            raise
        return INTERRUPTED_STATUS


def _dispatch(words: list[str]) -> int:
    """Parses the words and runs the command they name, here or on the machine that they name."""
    options = parser(words).parse_args(words)
    if getattr(options, "on", None) is not None:
        from ring3.session.client import run_on  # noqa: PLC0415 - where it stands first, this is not imported

        rest = words[words.index(options.command) :]
        client: Callable[[argparse.Namespace, list[str]], int] | None = getattr(options, "client", None)
        if client is None:
            return run_on(options.on, rest)
        options.main = lambda options: client(options, rest)
    return perform(options, words, sys.stderr)


def _is_of_output(error: OSError) -> bool:
    """Whether it is what a stream that cannot be written to fails with: nothing else leaves errors of no file."""
    return error.filename is None and error.errno != errno.EINVAL


def perform(options: argparse.Namespace, words: Sequence[str], stderr: TextIO | io.TextIOBase) -> int:
    """Runs the command that was parsed; returns its status.

    Args:
        options: What the words say.
        words: The words.
        stderr: Takes the line that says what went wrong.

    Raises:
        OSError: Standard output cannot be written to.
    """
    try:
        if options.command != "doctor":
            require_host()
        return int(options.main(options))
    except UserError as error:
        print(f"ring3: {error}", file=stderr)
        return error.status
    except Deadlock as error:
        print(f"ring3: {error}", file=stderr)
        return DEADLOCK_STATUS
    except TripleFault as error:
        print(f"ring3: the CPU shut down: {error}", file=stderr)
        return PANIC_STATUS
    except KernelPanic as panic:
        import traceback  # noqa: PLC0415 - costs 2 ms, and only a panic needs it

        print(f"ring3: kernel panic: {panic}\n{panic.registers}", file=stderr)
        stderr.write("".join(traceback.format_exception(panic.__cause__ or panic)))
        return PANIC_STATUS
    except Exception as error:
        if options.debug or (isinstance(error, OSError) and _is_of_output(error)):
            raise  # a failure of standard output is main's
        what = " ".join(f"{type(error).__name__}: {error}".split())
        print(
            f"ring3: internal error: {what}; please report it with what "
            f"`ring3 --debug {' '.join(words)}` prints",
            file=stderr,
        )
        return PANIC_STATUS


def parser(words: Sequence[str]) -> Parser:
    """The parser of the command line; of the subcommands only the one it names is imported."""
    named = words[:1] and words[0] in COMMANDS
    found = Parser(
        prog="ring3",
        usage="%(prog)s [-h] [--version] [--debug] COMMAND ...",
        description=TITLE if named else f"{TITLE}\n\n{_purposes()}",
        epilog=EXAMPLES,
        formatter_class=RawFormatter,
    )
    found.add_argument("--version", action="version", version=f"ring3 {__version__}")
    found.add_argument("--debug", action="store_true", help="show the traceback of an internal error")
    commands = found.add_subparsers(
        dest="command", required=True, metavar="COMMAND", prog="ring3", help=argparse.SUPPRESS
    )
    for name, text in {words[0]: COMMANDS[words[0]]}.items() if named else COMMANDS.items():
        command = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        if [word for word in words if word != "--debug"][:1] == [name]:
            import_module(f"ring3.cli.{name}").configure(command)
    return found


def _purposes() -> str:
    """The commands by purpose, each with what it does, as wide as the terminal is."""
    import textwrap  # noqa: PLC0415 - for who asks for help

    width = max(40, Formatter("ring3").width)
    lines: list[str] = []
    for purpose, names in PURPOSES.items():
        lines += ["", f"{purpose}:"]
        for name in names:
            lines += textwrap.wrap(
                COMMANDS[name], width, initial_indent=f"  {name:10} ", subsequent_indent=" " * 13
            )
    return "\n".join(lines[1:])


def _abandon_stdout() -> None:
    """Lets what is still buffered go nowhere, so that the interpreter does not fail at it when it ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
