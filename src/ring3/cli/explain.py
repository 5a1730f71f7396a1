"""``ring3 explain``: runs a program and explains one of its system calls, from the instruction to ring 0 and back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ring3.api import Linux
from ring3.errors import UserError
from ring3.trace.explain import as_json, text
from ring3.trace.explain.doors import call_names
from ring3.trace.explain.model import Explanation
from ring3.trace.explain.watch import Explainer, Wanted

NEVER_MADE = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.epilog = (
        "The program runs as with `ring3 run`, on the same stdin, stdout and stderr. The explanation goes to stdout when "
        "the program has ended. The status is 0, or 1 if the call was never made; the program's own is not passed on."
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--syscall", metavar="NAME", help="explain the first call of that name, such as write")
    which.add_argument("--nth", metavar="N", type=_ordinal, help="explain the N-th call, from 1 (default: 1)")
    parser.add_argument("--json", action="store_true", help="all facts as JSON instead of text")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write the explanation to FILE, not to stdout"
    )
    parser.add_argument("program", metavar="PROGRAM")
    parser.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER)
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program and prints the explanation; returns 0.

    Raises:
        UserError: There is no such call, or it was not made (status 1).
    """
    name = options.syscall or ""
    if options.syscall is not None and name not in call_names():
        raise UserError(f"explain: Linux has no system call named {name!r} on x86")
    with Linux() as linux:
        linux.kernel.report = lambda line: print(f"ring3: {line}", file=sys.stderr)
        task = linux.load(options.program, options.arguments)
        explainer = Explainer(linux.kernel, Wanted(options.nth or 1, name))
        try:
            linux.run(task)
        finally:
            if explainer.explanation is not None:
                _tell(explainer.explanation, as_json_text=options.json, output=options.output)
    if explainer.explanation is None:
        raise UserError(_never_made(options, explainer.calls), NEVER_MADE)
    return 0


def _ordinal(word: str) -> int:
    if not word.isascii() or not word.isdecimal() or not int(word):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 1 on")
    return int(word)


def _tell(told: Explanation, *, as_json_text: bool, output: Path | None) -> None:
    whole = as_json.render(told) if as_json_text else text.render(told)
    if output is None:
        sys.stdout.write(whole)
        sys.stdout.flush()
        return
    try:
        output.write_text(whole, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{output}: {error.strerror}", NEVER_MADE) from None


def _never_made(options: argparse.Namespace, calls: int) -> str:
    made = f"{calls} system call{'' if calls == 1 else 's'}"
    if options.syscall is not None:
        return f"{options.program} made {made}, none of them {options.syscall}"
    return f"{options.program} made only {made}"
