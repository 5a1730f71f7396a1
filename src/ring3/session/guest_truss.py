"""truss as a program of a machine: it traces processes there, and its output and children are the program's."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ring3.errors import UserError
from ring3.session.guest_host import GuestHost, system_of
from ring3.session.tools import Interruption, Program
from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.strace.lines import Output
from ring3.trace.truss.command_line import USAGE, Asked, parse
from ring3.trace.truss.lines import Lines
from ring3.trace.truss.systems import LinuxSystem, SolarisSystem
from ring3.trace.truss.tracer import Tracer

if TYPE_CHECKING:
    from ring3.trace.truss.systems import System


def _output(program: Program, path: str | None) -> Output:
    """Standard error of the program, or the file of ``-o``."""
    letter = "o" if path is not None else "e"
    if path is not None:
        program.tell("f", os.fsencode(path))

    def write(text: str) -> None:
        program.tell(letter, text.encode("utf-8", "surrogateescape"))

    return Output(write, _nothing, at_once=False)


def _nothing() -> None:
    """What there is to be flushed: messages are on their way at once."""


def perform(program: Program) -> int:
    """Runs truss for a program; returns its status, that of the program that is traced."""
    system: System = SolarisSystem() if system_of(program) == "solaris" else LinuxSystem()
    try:
        asked = parse(program.words[1:], {*SolarisSystem().names(), *LinuxSystem().names()})
        if "h" in asked.counts:
            program.tell("o", USAGE.encode())
            return 0
        return _trace(program, asked, system)
    except UserError as error:
        program.tell("e", f"truss: {error}\n".encode())
        return error.status


def _trace(program: Program, asked: Asked, system: System) -> int:
    host = GuestHost(program, system_of(program))
    output, tracer, began = _output(program, asked.output), None, time.perf_counter_ns()
    try:
        _begin(host, asked)
        tasks = [host.traced] if asked.words else [program.kernel.tasks[pid] for pid in asked.processes]
        tracer = Tracer(program.kernel, tasks, asked, system, Lines(asked, output, system))
        if asked.words:
            tracer.executed(host.traced, host.traced.exe, asked.words, [])
        host.run(lambda: tracer.program_ended, _nothing)
        return _status(host, asked)
    except Interruption:
        return 0
    finally:
        if tracer is not None:
            tracer.close()
            if tracer.counts is not None:
                elapsed = time.perf_counter_ns() - began
                spent = tracer.counts.spent.total()
                output.write(tracer.counts.table(max(elapsed - spent, 0), elapsed))
        host.close()


def _begin(host: GuestHost, asked: Asked) -> None:
    """Starts the program that is to be traced, or finds the processes.

    Raises:
        UserError: It cannot be run, or there is no such process.
    """
    if asked.words:
        try:
            host.start_program(asked.words)
        except DtraceError:
            raise UserError(f"cannot find program: {asked.words[0]}", 1) from None
    for pid in asked.processes:
        if not host.grab(pid):
            raise UserError(f"no process: {pid}", 1)


def _status(host: GuestHost, asked: Asked) -> int:
    """The status of the program that was started, 128 and the signal if one has ended it."""
    if not asked.words:
        return 0
    code = int(host.traced.program_exit_code)
    return 128 + (code & 0x7F) if code & 0x7F else code >> 8 & 0xFF
