"""Puts the observers on a machine that a command line of strace(1) asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.kernel import points
from ring3.trace.inject.injector import Injector
from ring3.trace.strace.counts import Counter
from ring3.trace.strace.dumps import Dumps
from ring3.trace.strace.filters import begun
from ring3.trace.strace.kernel_functions import KernelFunctions
from ring3.trace.strace.lines import Layout, Lines, Output
from ring3.trace.strace.objects import Objects
from ring3.trace.strace.separate import Separate
from ring3.trace.strace.tracer import Tracer, Until, Wanted

if TYPE_CHECKING:
    from ring3.computer import Linux
    from ring3.kernel.events import Created
    from ring3.kernel.task import Task
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.inject.rule import Rule
    from ring3.trace.strace.command_line import Asked
    from ring3.trace.strace.opened import OpenCall, Writer
    from ring3.trace.strace.stacks import Stacks

_ALL: Final = frozenset({"successful", "failed", "unfinished", "unavailable", "detached"})
_RESTARTS: Final = 512
"""The first of the codes for calls that are made again, whose results a program never sees."""


class Observers(NamedTuple):
    """Who observes.

    Attributes:
        tracer: Who writes lines; None for nobody.
        counter: Who counts calls; None for nobody.
    """

    tracer: Tracer | None
    counter: Counter | None


class Destination(NamedTuple):
    """Where the trace goes.

    Attributes:
        output: Gives the output of a task; the same one for all, unless each has its own.
        is_shared: Whether it is the same one for all.
        is_file: Whether it is not standard error.
    """

    output: Callable[[int], Output]
    is_shared: bool
    is_file: bool


def observe(
    stack: ExitStack,
    linux: Linux,
    tasks: Sequence[LinuxTask],
    asked: Asked,
    to: Destination,
    started: str,
    tell: Callable[[str], object],
) -> Observers:
    """Puts observers there until the stack is left.

    Args:
        stack: Takes them away.
        linux: The machine.
        tasks: Who is traced.
        asked: The options.
        to: Where the trace goes.
        started: The program that the last of the tasks is about to run, "" for none.
        tell: Takes what is said beside the trace.
    """
    counts = asked.counts
    follow = asked.follows
    attach = linux.kernel.probes.attach
    family: set[Task] = set(tasks)

    def created(event: Created) -> None:
        if event.parent in family:
            family.add(event.task)

    stack.enter_context(attach(points.TaskCreated(), created))
    injector = None
    if asked.rules:
        rules = [_of_traced(rule, asked.selection.calls) for rule in asked.rules]
        injector = Injector(linux.kernel, rules, asked.seed, family.__contains__)
        stack.callback(injector.close)
    tracer = None
    if "c" not in counts:
        functions = None
        if "functions" in counts:
            functions = KernelFunctions(linux.kernel)
            stack.callback(functions.close)
        tracer = Tracer(
            linux.kernel,
            tasks,
            _wanted(asked),
            asked.selection.style,
            _writer(asked, to, functions, lambda: tracer),
            timed=asked.duration is not None or "json" in asked.counts,
            until=Until("b" in asked.given, asked.limit),
            tell=None if "attach" in asked.quiet else tell,
            begins=None if functions is None else functions.begin,
        )
        stack.callback(tracer.close)
        if started:
            tracer.executed(tasks[-1], started)
        for task in tasks[: len(tasks) - bool(started)]:
            tracer.take_over(task)
    if injector is not None:
        injector.at_end()
    counter = None
    if "c" in counts or "C" in counts:
        counted = family if follow else frozenset(tasks)
        counter = Counter(counted, asked.selection.calls, wall="w" in counts, started=bool(started))
        stack.enter_context(attach(points.SystemCall(), counter))
    return Observers(tracer, counter)


def _of_traced(rule: Rule, traced: Callable[[str, int], bool]) -> Rule:
    """The rule for those of its calls that are traced, as strace has it."""
    return rule._replace(calls=lambda name, bits: traced(name, bits) and rule.calls(name, bits))


def _writer(
    asked: Asked, to: Destination, functions: KernelFunctions | None, tracer: Callable[[], Tracer | None]
) -> Writer:
    """What takes what the tracer hears."""
    if "json" in asked.counts:
        return Objects(to.output(0)) if to.is_shared else Separate(lambda number: Objects(to.output(number)))

    always = "always-show-pid" in asked.counts

    def count() -> int:
        found = tracer()
        return 1 if found is None else max(len(found.tasks), 1 + always)

    pids = ""
    if to.is_shared and (always or asked.follows or len(asked.processes) > 1):
        pids = "always" if to.is_file else "mark"
    layout = Layout(
        asked.column,
        pids,
        asked.stamp,
        asked.duration,
        "i" in asked.counts,
        "n" in asked.counts,
        "exit" not in asked.quiet,
        "personality" not in asked.quiet,
        _stacks(asked),
        _behind(asked, functions),
        "door" in asked.counts,
    )
    style = asked.selection.style("execve", 64)
    if to.is_shared:
        return Lines(layout, to.output(0), style, count)
    return Separate(lambda number: Lines(layout, to.output(number), style, count))


def _behind(
    asked: Asked, functions: KernelFunctions | None
) -> tuple[Callable[[OpenCall, int | None], Iterable[str]], ...]:
    """What gives lines behind those of calls."""
    reads, writes = asked.selection.reads, asked.selection.writes
    found: list[Callable[[OpenCall, int | None], Iterable[str]]] = []
    if reads is not None or writes is not None:
        found.append(Dumps(reads, writes).lines)
    if functions is not None:
        found.append(functions.lines)
    return tuple(found)


def _stacks(asked: Asked) -> Stacks | None:
    """What writes stacks, if they are asked for."""
    if not asked.stacks:
        return None
    from ring3.trace.strace.stacks import Stacks  # noqa: PLC0415 -- reads DWARF, for who asks for stacks

    return Stacks(asked.frames, sources=asked.stacks > 1)


def _wanted(asked: Asked) -> Wanted:
    selection = asked.selection
    statuses, errors = selection.statuses, selection.errors

    def ended(error: int) -> bool:
        if errors and error not in errors:
            return False
        if error >= _RESTARTS:
            return "unavailable" in statuses
        return ("failed" if error else "successful") in statuses

    return Wanted(
        selection.calls,
        begun(selection, [os.path.realpath(path) for path in asked.paths], asked.paths),
        ended if statuses != _ALL or errors else None,
        "unfinished" in statuses and not errors,
        selection.signal,
        asked.follows,
    )
