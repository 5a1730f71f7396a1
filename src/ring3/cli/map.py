"""``ring3 map``: an address space and its page tables, on the terminal or as a picture."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from ring3.cli import program
from ring3.cli.caller import caller_of
from ring3.cli.recording import recording
from ring3.computer import Linux
from ring3.errors import UserError
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.trace.pictures import address_space_svg, address_space_text
from ring3.trace.pictures.address_space import look

if TYPE_CHECKING:
    from ring3.computer import Solaris
    from ring3.kernel.task import Task
    from ring3.trace.pictures.address_space import AddressSpace

NEVER: Final = 1
"""The exit status when there was nothing to show."""
_LAST: Final = "exit_mm"
"""What gives a task's memory back, whatever ends it."""
_LAST_OF_SOLARIS: Final = "rexit"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--start", action="store_true", help="before the program's first instruction")
    when.add_argument("--syscall", metavar="NAME", help="when the program makes its first call of that name")
    parser.add_argument("--svg", metavar="FILE", help="make FILE a picture, instead of telling it on stdout")
    program.add_on(parser)
    program.add_os(parser)
    program.add_cpu(parser)
    program.add_reports(parser)
    program.add_program(parser)
    parser.usage = (
        f"{parser.prog} [OPTION...] [--] PROGRAM [ARG...]\n       {parser.prog} --on NAME [--svg FILE] PID"
    )
    parser.epilog = (
        "The program runs as by `ring3 run`, and its memory is shown as it is when it ends, unless an option says "
        "when. On a machine that is up, a number stands for a process that runs there. The exit status is 0, or 1 if "
        "there was nothing to show."
    )
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Shows an address space; returns 0.

    Raises:
        UserError: There is no such process or call, the moment never came (status 1), or the file cannot be written.
        OSError: Standard output cannot be written to.
    """
    caller = caller_of(options)
    with ExitStack() as stack:
        file = stack.enter_context(recording(caller, options.svg)) if options.svg is not None else None
        found = _found(options)
        if file is not None:
            file.write(address_space_svg.render(found).encode("utf-8", "replace"))
        else:
            caller.stdout.write(address_space_text.render(found))
            caller.stdout.flush()
    return 0


def _found(options: argparse.Namespace) -> AddressSpace:
    if (
        caller_of(options).machine_name is not None
        and len(options.words) == 1
        and options.words[0].isdecimal()
    ):
        with program.computer(options, "") as computer:
            process = computer.kernel.tasks.get(int(options.words[0]))
            found = look(computer.kernel, process) if process is not None else None
            if found is None:
                raise UserError(f"there is no process {options.words[0]} with memory of its own", NEVER)
            return found
    path, arguments = program.words(options)
    with program.computer(options, path) as computer:
        program.report(options, computer)
        task = program.load(computer, path, arguments, options)
        if options.start:
            found = look(computer.kernel, task)
            assert found is not None
            return found
        moment = _Moment(computer, task, options.syscall)
        program.run(computer, task, options)
    if moment.found is None:
        what = f"made no call {options.syscall}" if options.syscall is not None else "did not end"
        raise UserError(f"{os.path.basename(path)} {what}", NEVER)
    return moment.found


class _Moment(CallObserver):
    """Waits for the moment at which a task is looked at.

    Attributes:
        found: What was seen, None as long as the moment has not come.
    """

    def __init__(self, computer: Linux | Solaris, task: Task, name: str | None) -> None:
        """Begins to wait for the first call of a name, or for the end.

        Raises:
            UserError: There is no call of that name.
        """
        self.found: AddressSpace | None = None
        self._kernel = computer.kernel
        self._task = task
        end = points.Function(_LAST if isinstance(computer, Linux) else _LAST_OF_SOLARIS)
        try:
            computer.kernel.probes.attach(end if name is None else points.SystemCall(name), self)
        except KeyError:
            raise UserError(f"there is no system call named {name!r}") from None

    def entry(self, call: Call) -> None:
        """The moment has come, for whatever task."""
        if call.task is self._task and self.found is None:
            self.found = look(self._kernel, self._task)
