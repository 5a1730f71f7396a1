"""``ring3 policy``: runs a program under a policy of system calls, learns one, or checks a container's profile."""

from __future__ import annotations

import argparse
import sys
from typing import Final, TextIO

from ring3.cli import program
from ring3.cli.main import RawFormatter
from ring3.computer import Linux
from ring3.errors import UserError
from ring3.trace.policy import oci, toml
from ring3.trace.policy.guard import Decides, Guard
from ring3.trace.policy.learn import Learner

EPILOG: Final = """\
examples:
  ring3 policy run policy.toml ls /etc
  ring3 policy learn -o policy.toml ls /etc
  ring3 policy learn --format systemd ./server
  ring3 policy check --oci default.json sh -c 'unshare -r true'

docs/policy.md tells what a policy says. Exit status: the program's; 1 for a policy with an error, and nothing is run.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the verbs and their arguments."""
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, text, main in (
        ("run", "run a program under a policy", run),
        ("learn", "run a program and write the least policy that it needs", learn),
        ("check", "run a program under a container's profile, and say what it refused", check),
    ):
        verb = verbs.add_parser(name, help=text, allow_abbrev=False)
        if name == "run":
            verb.add_argument("file", metavar="FILE", help="the policy, TOML")
        elif name == "learn":
            verb.add_argument(
                "-o", "--output", metavar="FILE", help="where to write (default: standard error)"
            )
            verb.add_argument("--format", choices=("toml", "oci", "systemd"), default="toml")
        else:
            verb.add_argument("--oci", metavar="FILE", required=True, help="the seccomp profile, JSON")
            verb.add_argument(
                "--cap-add", metavar="CAP", action="append", default=[], help="the container has it too"
            )
            verb.add_argument(
                "--cap-drop", metavar="CAP", action="append", default=[], help="the container has it not"
            )
        program.add_program(verb, before="FILE " if name == "run" else "")
        verb.set_defaults(main=main, os="linux")


def run(options: argparse.Namespace) -> int:
    """Runs a program under a policy; returns its status."""
    return _guarded(options, toml.parse(_read(options.file), options.file))


def check(options: argparse.Namespace) -> int:
    """Runs a program under a profile; returns its status."""
    capabilities = {_capability(name) for name in options.cap_drop}
    kept = (oci.DEFAULT_CAPABILITIES - capabilities) | {_capability(name) for name in options.cap_add}
    return _guarded(options, oci.parse(_read(options.oci), options.oci, kept))


def learn(options: argparse.Namespace) -> int:
    """Runs a program and writes the policy; returns the program's status."""
    path, arguments = program.words(options)
    out = _open(options.output)
    with program.computer(options, path) as computer:
        assert isinstance(computer, Linux)
        computer.kernel.report = lambda _line: None
        task = program.load(computer, path, arguments, options)
        learner = Learner(computer.kernel)
        try:
            status = program.run(computer, task, _quiet(options))
        except KeyboardInterrupt:
            program.complain(options, "interrupted: no policy is written")
            raise
        out.write(getattr(learner, options.format)())
        out.flush()
    return status


def _guarded(options: argparse.Namespace, policy: Decides) -> int:
    path, arguments = program.words(options)
    with program.computer(options, path) as computer:
        assert isinstance(computer, Linux)
        computer.kernel.report = lambda _line: None
        task = program.load(computer, path, arguments, options)
        Guard(computer.kernel, policy, lambda line: program.complain(options, f"policy: {line}"), _ask)
        return program.run(computer, task, _quiet(options))


def _quiet(options: argparse.Namespace) -> argparse.Namespace:
    options.quiet, options.verbose = True, False
    return options


def _ask(question: str) -> bool:
    """Asks on the terminal of the command; without one the answer is no."""
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:
            terminal.write(f"ring3: policy: {question} [y/N] ".encode())
            return terminal.readline().strip().lower() in (b"y", b"yes")
    except OSError:
        return False


def _capability(name: str) -> str:
    upper = name.upper()
    return upper if upper.startswith("CAP_") else f"CAP_{upper}"


def _read(name: str) -> str:
    try:
        with open(name, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}", 1) from None
    except UnicodeDecodeError:
        raise UserError(f"{name}: not a text file", 1) from None


def _open(name: str | None) -> TextIO:
    if name is None:
        return sys.stderr
    try:
        return open(name, "w", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}", 1) from None
