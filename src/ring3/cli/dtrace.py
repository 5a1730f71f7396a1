"""``ring3 dtrace``: dtrace(1M), with its own command line, on a machine that is booted when a probe needs it."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.command_line import USAGE
from ring3.trace.dtrace.machine.host import Computer, MachineHost

EXAMPLES: Final = """\
Before dtrace's own options, those of the machine may stand: --os linux|solaris, --cpu emulated|host,
--path full|short, --seed N, --virtual-time.

examples:
  ring3 dtrace -n 'syscall:::entry { @[probefunc] = count(); }' -c 'ls /'
  ring3 dtrace -n 'tick-1s { printf("%Y\\n", walltimestamp); }'
  ring3 dtrace -qs script.d argument
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: dtrace(1M) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] [ARG...]", nargs="*")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs dtrace; returns its status."""
    words = list(options.words)
    if words[:1] == ["--help"]:
        print(f"usage: ring3 {USAGE.removeprefix('Usage: ')}\n{EXAMPLES}")
        return 0
    machine = _machine_options(words)
    host = MachineHost(lambda program: _boot(machine, program))
    try:
        return Command(host, sys.stdout.buffer, sys.stderr).main(words)
    finally:
        host.close()


def _machine_options(words: list[str]) -> argparse.Namespace:
    """Takes the machine's options from the front of the words."""
    own: list[str] = []
    while words and words[0].startswith("--") and len(words[0]) > 2:
        word = words.pop(0)
        own.append(word)
        if word in ("--os", "--cpu", "--path", "--seed") and words:
            own.append(words.pop(0))
    if not own:
        return argparse.Namespace(os=None)
    from ring3.cli import program  # noqa: PLC0415 - imports a whole system

    parser = argparse.ArgumentParser(prog="ring3 dtrace", add_help=False, allow_abbrev=False)
    program.add_os(parser)
    program.add_cpu(parser)
    program.add_path(parser)
    program.add_repeatable(parser)
    return parser.parse_args(own)


def _boot(options: argparse.Namespace, path: str) -> tuple[Computer, str]:
    from ring3.cli import program  # noqa: PLC0415
    from ring3.computer import Solaris  # noqa: PLC0415 - most programs in D need no machine

    computer = program.computer(options, path)
    return computer, "solaris" if isinstance(computer, Solaris) else "linux"
