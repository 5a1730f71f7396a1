"""``ring3 strace --style truss``: runs a program and writes what it does as truss(1) of Solaris does."""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING

from ring3.cli import program
from ring3.cli.sandbox import sandbox
from ring3.cli.strace_outputs import Outputs
from ring3.computer import Solaris
from ring3.errors import UserError
from ring3.trace.truss.command_line import USAGE, Asked, parse
from ring3.trace.truss.lines import Lines
from ring3.trace.truss.systems import LinuxSystem, SolarisSystem
from ring3.trace.truss.tracer import Tracer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ring3.cli.caller import Caller


def run(options: argparse.Namespace, caller: Caller, words: Sequence[str]) -> int:
    """Runs the program that the words name, which follow ``--style truss``; returns its status."""
    try:
        return _run(options, caller, words)
    except UserError as error:
        print(f"truss: {error}", file=caller.stderr)
        return error.status


def _run(options: argparse.Namespace, caller: Caller, words: Sequence[str]) -> int:
    """The same; what is wrong is left to who says it as truss does."""
    names = {*SolarisSystem().names(), *LinuxSystem().names()}
    asked = parse(words, names)
    if "h" in asked.counts:
        print(USAGE, end="", file=caller.stdout)
        return 0
    if asked.processes:
        raise UserError("-p is for processes on a machine that is up: ring3 strace --on NAME -p PID", 1)
    return _trace(options, caller, asked)


def _trace(options: argparse.Namespace, caller: Caller, asked: Asked) -> int:
    """The same, of what is asked for already."""
    path = program.find(options, asked.words[0])
    if not caller.has_root(options) and not os.path.exists(path):
        raise UserError(f"cannot find program: {asked.words[0]}", 1)
    options.quiet, options.verbose = True, False
    options.os = getattr(options, "os", None)
    with Outputs(caller, asked) as outputs, program.computer(options, path) as computer:
        program.report(options, computer)
        system = SolarisSystem() if isinstance(computer, Solaris) else LinuxSystem()
        wanted = sandbox(options)
        variables = (
            wanted.environment(caller.environment)
            if isinstance(computer, Solaris)
            else computer.environment(caller.environment, wanted)
        )
        task = program.load(computer, path, asked.words[1:], options, variables)
        began = time.perf_counter_ns()
        lines = Lines(asked, outputs.destination.output(0), system)
        tracer = Tracer(computer.kernel, [task], asked, system, lines)
        tracer.executed(task, path, asked.words, [f"{name}={value}" for name, value in variables.items()])
        try:
            return program.run(computer, task, options, needs=outputs.needs)
        finally:
            tracer.close()
            if tracer.counts is not None:
                elapsed = time.perf_counter_ns() - began
                spent = tracer.counts.spent.total()
                outputs.destination.output(0).write(tracer.counts.table(max(elapsed - spent, 0), elapsed))
