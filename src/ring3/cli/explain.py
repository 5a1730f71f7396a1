"""``ring3 explain``: runs a program and explains one of its system calls, from the instruction to ring 0 and back."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from ring3 import resources
from ring3.abi.tbl import Abi
from ring3.cli import program
from ring3.cli.caller import caller_of
from ring3.computer import Linux, Solaris
from ring3.errors import UserError
from ring3.linux.model.task import LinuxTask
from ring3.trace.explain import as_json, text
from ring3.trace.explain.doors import call_names, number_of
from ring3.trace.explain.watch import Comparer, Explainer, Wanted

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.trace.explain.model import Explanation
    from ring3.trace.explain_solaris.model import Explanation as SolarisExplanation

Told = TypeVar("Told")

NEVER_MADE = 1
"""The exit status when the program did not make the call."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--syscall", metavar="NAME", help="explain the first call of that name, such as write")
    which.add_argument("--nth", metavar="N", type=_ordinal, help="explain the N-th call, from 1 (default: 1)")
    parser.add_argument(
        "--compare",
        action="store_true",
        help="with --html: the call by each door that the program uses, side by side; without PROGRAM, one that comes "
        "with Ring3 makes it by int $0x80, sysenter and syscall",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="tell all facts as JSON")
    form.add_argument(
        "--html", metavar="FILE", help="make FILE a page to step through, instead of telling it on stdout"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="tell it to FILE instead of to stdout")
    program.add_on(parser)
    program.add_os(parser)
    program.add_cpu(parser)
    program.add_reports(parser)
    program.add_program(parser)
    parser.epilog = (
        "The program runs as by `ring3 run`. The explanation comes on stdout when the call is over, between what the "
        "program prints before and after it, unless it goes to a file. The exit status is 0, or 1 if the program never "
        "made the call; the program's own is not passed on."
    )
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program and tells the explanation; returns 0.

    Raises:
        UserError: There is no such call, it was not made (status 1), or the output file cannot be written.
        OSError: Standard output cannot be written to.
    """
    if options.html is not None and options.output is not None:
        raise UserError("--html FILE and -o FILE: the explanation goes to one of them")
    if options.compare:
        _check_comparison(options)
    path, arguments = program.words(options)
    with program.computer(options, path) as computer:
        program.report(options, computer)
        if isinstance(computer, Linux):
            explain = _compare if options.compare else _explain_linux
            explain(options, computer, path, arguments)
        elif options.compare:
            raise UserError("--compare is about Linux's doors: a program of Solaris uses one")
        else:
            _explain_solaris(options, computer, path, arguments)
    return 0


def _check_comparison(options: argparse.Namespace) -> None:
    """Looks whether the options go together, and takes the program that comes with Ring3 where none is given.

    Raises:
        UserError: They do not, or that program cannot make the call.
    """
    if options.html is None:
        raise UserError("--compare is shown on a page: --compare --html FILE")
    if options.nth is not None:
        raise UserError("--compare explains the first call of a name by each door: --syscall NAME, not --nth")
    if not options.words:
        name = options.syscall or "write"
        numbers = [number_of(name, abi) for abi in (Abi.I386, Abi.X86_64)]
        if None in numbers:
            raise UserError(f"no call {name!r} is in both tables, i386's and x86_64's")
        options.words = [os.path.join(resources.ROOT, "trace", "explain_page", "doors"), *map(str, numbers)]


def _explain_linux(options: argparse.Namespace, linux: Linux, path: str, arguments: list[str]) -> None:
    wanted = _wanted(options, call_names())
    teller = _Teller(_linux_form(options), options)
    task = program.load(linux, path, arguments, options)
    with closing(Explainer(linux.kernel, wanted, teller.tell, _ours(options, task))) as explainer:
        program.run(linux, task, options)
    teller.check()
    _check_made(path, wanted, explainer.calls, made=explainer.explanation is not None)


def _linux_form(options: argparse.Namespace) -> Callable[[Explanation], str]:
    """What makes text of an explanation, by the options."""
    if options.html is None:
        return as_json.render if options.json else text.render
    from ring3.trace.explain_page import linux, render  # noqa: PLC0415 - who wants text needs no page

    return lambda told: render.render([linux.call(told)])


def _compare(options: argparse.Namespace, linux: Linux, path: str, arguments: list[str]) -> None:
    from ring3.trace.explain_page import linux as page  # noqa: PLC0415 - as above
    from ring3.trace.explain_page import render  # noqa: PLC0415

    wanted = _wanted(options, call_names())
    teller: _Teller[list[Explanation]] = _Teller(
        lambda calls: render.render([page.call(call) for call in calls]), options
    )
    task = program.load(linux, path, arguments, options)
    with closing(Comparer(linux.kernel, wanted.name, _ours(options, task))) as comparer:
        program.run(linux, task, options)
    if comparer.explanations:
        teller.tell(comparer.explanations)
    teller.check()
    _check_made(path, wanted, comparer.calls, made=bool(comparer.explanations))


def _explain_solaris(options: argparse.Namespace, solaris: Solaris, path: str, arguments: list[str]) -> None:
    # imported here, because programs of Linux need not pay for it
    from ring3.trace.explain_solaris.call import call_names as solaris_names  # noqa: PLC0415
    from ring3.trace.explain_solaris.watch import Explainer as SolarisExplainer  # noqa: PLC0415

    names = frozenset(solaris_names(solaris.kernel.solaris.flavour).values())
    wanted = _wanted(options, names)
    teller = _Teller(_solaris_form(options), options)
    task = program.load(solaris, path, arguments, options)
    is_ours = _everybody if _is_own(options) else lambda other: other is task
    with closing(SolarisExplainer(solaris.kernel, wanted, teller.tell, is_ours)) as explainer:
        program.run(solaris, task, options)
    teller.check()
    _check_made(path, wanted, explainer.calls, made=explainer.explanation is not None)


def _solaris_form(options: argparse.Namespace) -> Callable[[SolarisExplanation], str]:
    if options.html is not None:
        from ring3.trace.explain_page import render, solaris  # noqa: PLC0415

        return lambda told: render.render([solaris.call(told)])
    from ring3.trace.explain_solaris import as_json as solaris_json  # noqa: PLC0415
    from ring3.trace.explain_solaris import text as solaris_text  # noqa: PLC0415

    return solaris_json.render if options.json else solaris_text.render


def _is_own(options: argparse.Namespace) -> bool:
    """Whether the machine was booted for this command alone."""
    return caller_of(options).machine_name is None


def _ours(options: argparse.Namespace, task: Task) -> Callable[[Task], bool]:
    """Whose calls count: everybody's on a machine of the command's own, else those of the program's session."""
    return _everybody if _is_own(options) else partial(_is_of_session, _session(task))


def _everybody(task: Task) -> bool:
    return True


def _session(task: Task) -> int:
    assert isinstance(task, LinuxTask)
    return task.process.sid


def _is_of_session(session: int, task: Task) -> bool:
    return _session(task) == session


def _wanted(options: argparse.Namespace, names: frozenset[str]) -> Wanted:
    """The call that the options ask for.

    Raises:
        UserError: There is no call of that name.
    """
    name = options.syscall or ""
    if options.syscall is not None and name not in names:
        raise UserError(f"there is no system call named {name!r}")
    return Wanted(options.nth or 1, name)


def _check_made(path: str, wanted: Wanted, calls: int, *, made: bool) -> None:
    """Raises the user's error if the program never made the call."""
    if not made:
        count = f"{calls} system call{'' if calls == 1 else 's'}"
        what = f"{count}, none of them {wanted.name}" if wanted.name else f"only {count}"
        raise UserError(f"{path} made {what}", NEVER_MADE)


def _ordinal(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and int(word)):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 1 on")
    return int(word)


class _Teller(Generic[Told]):
    """Writes the explanation in the middle of the run; a failure is kept until the program has ended."""

    def __init__(self, render: Callable[[Told], str], options: argparse.Namespace) -> None:
        """Opens the output file, if one is named.

        Raises:
            UserError: It cannot be written.
        """
        self._render = render
        self._path: str | None = options.output if options.html is None else options.html
        caller = caller_of(options)
        self._failure: OSError | None = None
        try:
            self._file = (
                caller.stdout
                if self._path is None
                else caller.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            )
        except OSError as error:
            raise UserError(f"{self._path}: {error.strerror}") from None

    def tell(self, told: Told) -> None:
        """Writes the explanation."""
        try:
            self._file.write(self._render(told))
            self._file.flush()
        except OSError as error:
            self._failure = error

    def check(self) -> None:
        """Closes the output file.

        Raises:
            UserError: The file could not be written.
            OSError: Standard output could not be written.
        """
        if self._path is not None:
            self._file.close()
        if self._failure is not None and self._path is not None:
            raise UserError(f"{self._path}: {self._failure.strerror}", NEVER_MADE)
        if self._failure is not None:
            raise self._failure
