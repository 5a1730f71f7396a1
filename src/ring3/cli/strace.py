"""``ring3 strace``: runs a program and writes its system calls as strace(1) does, without ptrace."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.cli import program
from ring3.cli.caller import caller_of
from ring3.cli.sandbox import add_sandbox, note_option, sandbox
from ring3.cli.strace_outputs import Outputs
from ring3.cli.strace_pictures import Pictures, pictures
from ring3.errors import UserError
from ring3.kernel.task import TaskState
from ring3.linux.model.task import LinuxTask
from ring3.loader.personality import System
from ring3.sandbox import OPTIONS
from ring3.trace.strace.command_line import Asked, has_only_options, parse
from ring3.trace.strace.observing import observe
from ring3.trace.strace.tips import tip

if TYPE_CHECKING:
    from ring3.cli.caller import Caller
    from ring3.computer import Linux
    from ring3.trace.strace.tracer import Tracer

_COMMON: Final = re.compile(r"(?:-[fc]+ ?|-o ?\S+ ?)*")
"""Options that mean the same for strace and for truss."""
USAGE: Final = """\
usage: ring3 strace [-cCfinqrtTvwxyzZ] [-a COLUMN] [-e EXPR] [-E VAR[=VAL]] [-o FILE] [-s SIZE] [-S SORT]
                    PROGRAM [ARG...]
   or: ring3 strace --on NAME [-cCfinqrtTvwxyzZ] ... { -p PID | PROGRAM [ARG...] }

Runs PROGRAM and writes its system calls as strace(1) does; the options are strace's (docs/strace.md), and those of
`ring3 run` that say what the program has: --root, --bind, --memory, --timeout and so on (docs/sandbox.md).

examples:
  ring3 strace -f -o trace.txt sh -c 'ls /'
  ring3 strace -e trace=%file -y cat /etc/passwd
  ring3 strace -c ls
  ring3 strace --cpu host gcc -c main.c
  ring3 strace --style truss -f ./program-of-solaris      (options are truss(1)'s then)
  ring3 strace -f -o /dev/null --perfetto trace.pftrace --flame profile.svg make    (docs/pictures.md)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: strace(1) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] PROGRAM [ARG...]", nargs=argparse.REMAINDER)
    parser.set_defaults(main=run)


def declare_own(parser: argparse.ArgumentParser) -> None:
    """Declares the options that it reads itself."""
    from ring3.cli.completed import add_letters  # noqa: PLC0415 - imports are for completion only
    from ring3.trace.strace.getopt_long import Value  # noqa: PLC0415
    from ring3.trace.strace.options import LONG, SANDBOX, SHORT  # noqa: PLC0415

    program.add_on(parser)
    add_letters(parser, SHORT.replace("h", ""), files="oP")
    add_sandbox(parser)
    for name, value in LONG.items():
        if name in SANDBOX or name in ("help", "env", "user"):
            continue
        if value is Value.NEEDED:
            metavar = "FILE" if name in ("output", "trace-path", "perfetto", "flame") else None
            parser.add_argument(f"--{name}", action="append", metavar=metavar)
        else:
            parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("words", metavar="PROGRAM [ARG...]", nargs=argparse.REMAINDER)


def run(options: argparse.Namespace) -> int:
    """Runs the program and writes its trace; returns its status.

    That is 1, and nothing is started, where the options are wrong, the program is not there, or the output cannot be
    written.
    """
    caller = caller_of(options)
    try:
        return _run(options, caller)
    except UserError as error:
        print(f"strace: {error}", file=caller.stderr)
        return error.status


def _run(options: argparse.Namespace, caller: Caller) -> int:
    """The same; what is wrong is left to who says it as strace does."""
    words = list(options.words)
    if style := _style(words):
        if style != "truss":
            raise UserError(f"invalid --style argument: '{style}' (strace or truss)", 1)
        from ring3.cli import truss  # noqa: PLC0415 - it is not for most traces

        return truss.run(options, caller, words)
    asked = parse(words)
    if "h" in asked.counts:
        print(USAGE, end="", file=caller.stdout)
        return 0
    if "V" in asked.counts:
        print("ring3 strace: options and output of strace 6.1", file=caller.stdout)
        return 0
    if asked.processes and caller.machine_name is None:
        raise UserError("-p is for processes on a machine that is up: ring3 strace --on NAME -p PID", 1)
    for note in asked.notes:
        print(f"strace: {note}", file=caller.stderr)
    for name, value in [*asked.sandbox, *([("user", asked.user)] if asked.user else [])]:
        note_option(options, OPTIONS[name], value)
    path = _path(options, asked.words[0]) if asked.words else ""
    if path and not caller.has_root(options) and caller.machine_name is None and _is_solaris(path):
        return _truss(options, caller, words, asked)
    with Outputs(caller, asked) as outputs, pictures(caller, asked) as shown:
        return _traced(options, caller, asked, path, outputs, shown)


def _style(words: list[str]) -> str:
    """Takes ``--style`` from among the options of a command line; "" for strace's own, whose options are the others."""
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name != "--style" or "--" in words[:at] or not _are_options(words[:at]):
            continue
        del words[at]
        if not equals:
            if at == len(words):
                raise UserError("option '--style' requires an argument", 1)
            value = words.pop(at)
        return "" if value == "strace" else value
    return ""


def _are_options(words: list[str]) -> bool:
    """Whether all words before another one are options, of either style, and what they need."""
    if not words:
        return True
    from ring3.trace.truss import command_line as truss  # noqa: PLC0415 - it is not for most traces

    return has_only_options(words) or truss.has_only_options(words)


def _is_solaris(path: str) -> bool:
    """Whether a program says that it is one of Solaris."""
    from ring3.loader.host import system_of  # noqa: PLC0415 - a wrong command line needs no file

    return system_of(path) is System.SOLARIS


def _truss(options: argparse.Namespace, caller: Caller, words: list[str], asked: Asked) -> int:
    """Traces a program of Solaris as truss does, with the options that truss has in common with strace.

    Raises:
        UserError: There are others.
    """
    from ring3.cli import truss  # noqa: PLC0415 - it is not for most traces

    given = " ".join(words[: len(words) - len(asked.words)])
    if not _COMMON.fullmatch(given):
        raise UserError(
            f"{asked.words[0]} is a program of Solaris, which is shown as truss(1) does: put --style truss first, "
            "and truss's options behind it",
            1,
        )
    return truss.run(options, caller, words)


def _path(options: argparse.Namespace, word: str) -> str:
    """The program's file.

    Raises:
        UserError: It is not there.
    """
    caller = caller_of(options)
    with suppress(UserError):
        path = program.find(options, word)
        if caller.machine_name is not None or caller.has_root(options) or os.path.exists(path):
            return path
    raise UserError(f"Can't stat '{word}': No such file or directory", 1)


def _traced(
    options: argparse.Namespace,
    caller: Caller,
    asked: Asked,
    path: str,
    outputs: Outputs,
    shown: Pictures,
) -> int:
    from ring3.computer import Linux  # noqa: PLC0415 - a wrong command line needs no machine

    options.os, options.cpu, options.quiet, options.verbose = "linux", asked.cpu, True, False
    with program.computer(options, path) as computer, ExitStack() as stack:
        assert isinstance(computer, Linux)
        program.report(options, computer)
        tasks = [_task(computer, number) for number in asked.processes]
        if asked.follows:
            tasks = list(dict.fromkeys(thread for task in tasks for thread in task.process.threads))
        started = None
        if path:
            inherited = computer.environment(caller.environment, sandbox(options))
            variables = _environment(inherited, asked)
            started = _loaded(options, computer, path, asked, variables)
            tasks.append(started)
        tracer, counter = observe(stack, computer, tasks, asked, outputs.destination, path, outputs.tell)
        shown.attach(stack, computer, tasks)
        if started is not None:
            status = program.run(computer, started, options, needs=outputs.needs)
        else:
            status = _watch(computer, tasks, asked, caller, tracer)
        if counter is not None:
            outputs.destination.output(0).write(counter.table(asked.sort, asked.columns, asked.overhead))
        if asked.tips:
            outputs.tell(f"tip: {tip(asked.tip)}")
        return status


def _loaded(
    options: argparse.Namespace, linux: Linux, path: str, asked: Asked, variables: dict[str, str]
) -> LinuxTask:
    """The task of the program.

    Raises:
        UserError: It cannot be run, or the machine does not know whom it is to run as; status 1.
    """
    try:
        task = program.load(linux, path, asked.words[1:], options, variables)
    except UserError as error:
        is_user = bool(asked.user) and str(error).startswith("--user:")
        raise UserError(f"Cannot find user '{asked.user}'" if is_user else str(error), 1) from None
    assert isinstance(task, LinuxTask)
    return task


def _task(linux: Linux, number: int) -> LinuxTask:
    """The task of a number.

    Raises:
        UserError: There is none.
    """
    task = linux.kernel.tasks.get(number)
    if task is None:
        raise UserError(f"attach: ptrace(PTRACE_SEIZE, {number}): No such process", 1)
    return task


def _environment(inherited: dict[str, str], asked: Asked) -> dict[str, str]:
    """The program's, with the changes of ``-E``."""
    found = dict(inherited)
    for name, value in asked.environment.items():
        found.pop(name, None)
        if value is not None:
            found[name] = value
    return found


def _watch(
    linux: Linux, tasks: Sequence[LinuxTask], asked: Asked, caller: Caller, tracer: Tracer | None
) -> int:
    """Traces tasks that run already, until they have ended or the caller has enough."""

    def tell(what: str) -> None:
        if "attach" not in asked.quiet:
            for task in tasks:
                if task.state is not TaskState.DEAD:
                    print(f"strace: Process {task.tid} {what}", file=caller.stderr)

    tell("attached")
    try:
        linux.kernel.run(tracer or _Ended(tasks))
    except KeyboardInterrupt:
        if tracer is not None:
            for task in tasks:
                tracer.detach(task)
        tell("detached")
        raise
    return 0


class _Ended(NamedTuple):
    """For `Kernel.run`: until all of these tasks have ended."""

    tasks: Sequence[LinuxTask]

    @property
    def program_ended(self) -> bool:
        """Whether they have."""
        return all(task.state is TaskState.DEAD for task in self.tasks)
