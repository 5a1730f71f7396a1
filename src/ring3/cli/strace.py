"""``ring3 strace``: runs a program and writes its system calls as strace(1) does, without ptrace."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

from ring3.cli import program
from ring3.errors import UserError
from ring3.kernel import points
from ring3.machine.board import CpuKind
from ring3.trace.inject.injector import Injector
from ring3.trace.strace.command_line import Asked, parse, stamp
from ring3.trace.strace.counts import Counter
from ring3.trace.strace.tracer import Layout, Tracer

if TYPE_CHECKING:
    from ring3.computer import Linux
    from ring3.kernel.task import Task

USAGE: Final = """\
usage: ring3 strace [-cCfinqrtTvwxyzZ] [-a COLUMN] [-e EXPR] [-E VAR[=VAL]] [-o FILE] [-s SIZE] [-S SORT]
                    PROGRAM [ARG...]

Runs PROGRAM and writes its system calls as strace(1) does; the options are strace's (docs/strace.md).

examples:
  ring3 strace -f -o trace.txt sh -c 'ls /'
  ring3 strace -e trace=%file -y cat /etc/passwd
  ring3 strace -c ls
  ring3 strace --cpu host gcc -c main.c
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: strace(1) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] PROGRAM [ARG...]", nargs="*")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program and writes its trace; returns its status.

    That is 1, and nothing is started, where the options are wrong, the program is not there, or the output cannot be
    written.
    """
    try:
        return _run(options)
    except UserError as error:
        print(f"strace: {error}", file=sys.stderr)
        return error.status


def _run(options: argparse.Namespace) -> int:
    """The same; what is wrong is left to who says it as strace does."""
    asked = parse(list(options.words))
    if "-h" in asked.flags:
        print(USAGE, end="")
        return 0
    if "-V" in asked.flags:
        print("ring3 strace: options and output of strace 6.1")
        return 0
    for option in asked.ignored:
        print(f"strace: {option} is about ptrace, which is not used", file=sys.stderr)
    path = _path(asked.words[0])
    out = _output(asked.output)
    try:
        return _traced(options, asked, path, out)
    finally:
        if out is not sys.stderr:
            out.close()


def _path(word: str) -> str:
    """The program's file.

    Raises:
        UserError: It is not there.
    """
    path, _ = program.words(argparse.Namespace(words=[word]))
    if not os.path.exists(path):
        raise UserError(f"Can't stat '{word}': No such file or directory", 1)
    return path


def _output(name: str) -> TextIO:
    if not name:
        return sys.stderr
    try:
        return open(name, "w", encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UserError(f"Can't fopen '{name}': {error.strerror}", 1) from None


def _traced(options: argparse.Namespace, asked: Asked, path: str, out: TextIO) -> int:
    from ring3.computer import Linux  # noqa: PLC0415 - a wrong command line needs no machine

    if asked.cpu not in ("", *CpuKind):
        raise UserError(f"invalid --cpu argument: '{asked.cpu}'", 1)
    options.os, options.cpu, options.quiet, options.verbose = "linux", asked.cpu, True, False
    with program.computer(options, path) as computer:
        assert isinstance(computer, Linux)
        computer.kernel.report = lambda _line: None
        for name, value in asked.environment.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        task = program.load(computer, path, asked.words[1:])
        counter = _attach(computer, task, asked, path, out)
        status = program.run(computer, task, options)
        if counter is not None:
            out.write(counter.table(asked.sort))
        return status


def _attach(linux: Linux, task: Task, asked: Asked, path: str, out: TextIO) -> Counter | None:
    """Puts the observers there that the options ask for."""
    flags = asked.flags
    follow = "-f" in flags
    injector = Injector(linux.kernel, asked.rules, asked.seed) if asked.rules else None
    if "-c" not in flags:
        layout = Layout(
            asked.style, asked.column, follow, follow and bool(asked.output), stamp(flags), "-T" in flags,
            "-i" in flags, "-n" in flags, flags.get("-q", 0) < 3, asked.calls, asked.signal, asked.failed,
        )  # fmt: skip
        tracer = Tracer(linux.kernel, task, layout, out.write)
        tracer.executed(task, path)
    if injector is not None:
        injector.at_end()
    if "-c" not in flags and "-C" not in flags:
        return None
    counter = Counter(
        lambda call, name, bits: (follow or call.task is task) and asked.calls(name, bits), wall="-w" in flags
    )
    linux.kernel.probes.attach(points.SystemCall(), counter)
    return counter
