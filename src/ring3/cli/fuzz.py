"""``ring3 fuzz``: runs a program with inputs that are changed by what they reach, alone or under AFL++."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from contextlib import suppress
from typing import Final

from ring3.cli import program
from ring3.cli.confined import confine, findings, inputs
from ring3.cli.main import RawFormatter
from ring3.cli.sandbox import sandbox
from ring3.confinement import NOTHING, Needs
from ring3.errors import UserError
from ring3.fuzz import afl
from ring3.fuzz.findings import Findings
from ring3.fuzz.loop import Fuzzer, Progress
from ring3.fuzz.target import PLACE, Outcome, Target
from ring3.python.machine import Linux
from ring3.sandbox import OPTIONS

EPILOG: Final = """\
examples:
  ring3 fuzz -i seeds -o findings ./parse @@
  ring3 fuzz -o findings --time 600 ./reads_stdin
  ring3 fuzz --repeat findings/crashes/000-SIGSEGV-main_0x2e ./reads_stdin
  AFL_SKIP_BIN_CHECK=1 afl-fuzz -i seeds -o findings -- ring3 fuzz --afl ./parse @@

@@ stands for a file with the input; without it the input is standard input. docs/fuzzing.md tells more.
Exit status: 0 if nothing crashed, 1 if something did or findings cannot be written, 2 for bad usage.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("-i", "--input", metavar="DIR", help="files to begin with (default: the empty input)")
    add("-o", "--output", metavar="DIR", default="findings", help="where to keep what is found (%(default)s)")
    add("-x", "--dictionary", metavar="FILE", help="words that the program may look for, as AFL has them")
    add("--from", dest="start", metavar="PLACE", help="the symbol or address where runs begin (default: where "
        "the program asks for its input first)")  # fmt: skip
    add(
        "--run-seconds",
        type=seconds,
        metavar="N",
        default=1.0,
        help="of a run's clock, after which it has hung (1)",
    )
    add("--runs", type=number, metavar="N", help="end after so many runs")
    add("--time", type=seconds, metavar="N", help="end after so many seconds")
    add("--first", action="store_true", help="end with the first crash")
    add("--seed", type=int, metavar="N", default=1, help="of the machine and of the changes (1)")
    add("--repeat", metavar="FILE", help="run the program once, with this input, and tell how that ends")
    add("--afl", action="store_true", help="serve afl-fuzz, which has started this command")
    add(
        "--no-map",
        action="store_true",
        help="with --afl, do not tell which edges were taken (for comparison)",
    )
    add("-q", "--quiet", action="store_true", help="no progress on standard error")
    program.add_program(parser)
    parser.set_defaults(main=run)


def seconds(text: str) -> float:
    """A time on the command line."""
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError
    return value


def number(text: str) -> int:
    """A count on the command line."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def run(options: argparse.Namespace) -> int:
    """Runs the campaign, one input, or AFL++'s; returns 1 if something crashed."""
    path, arguments = program.words(options)
    with Linux(seed=options.seed, virtual_time=True, sandbox=sandbox(options)) as machine:
        if options.afl:
            _serve(options, machine, [path, *arguments])
            return 0
        repeated = None if options.repeat is None else _read(options.repeat)
        seeds = [] if options.input is None else _files(options.input)
        tokens = [] if options.dictionary is None else _tokens(options.dictionary)
        if repeated is not None:
            return _repeat(_target(options, machine, [path, *arguments]), repeated)
        kept = Findings(options.output, lambda file: _command(options, file))
        target = _target(options, machine, [path, *arguments], needs=findings(options.output))
        return _campaign(options, Fuzzer(target, kept, options.seed, tokens), seeds)


def _target(
    options: argparse.Namespace,
    machine: Linux,
    words: list[str],
    at: int | None = None,
    needs: Needs = NOTHING,
) -> Target:
    environment = machine.environment(os.environ, sandbox(options))
    return Target(
        machine,
        words,
        start=options.start,
        seconds=options.run_seconds,
        environment=environment,
        at=at,
        confine=lambda: confine(machine, options, needs),
    )


def _campaign(options: argparse.Namespace, fuzzer: Fuzzer, seeds: list[bytes]) -> int:
    began = time.monotonic()

    def is_over(progress: Progress) -> bool:
        return (
            (options.runs is not None and progress.runs >= options.runs)
            or (options.time is not None and time.monotonic() - began >= options.time)
            or (options.first and progress.crashes > 0)
        )

    shows = not options.quiet and sys.stderr.isatty()

    def tell(progress: Progress | None) -> None:
        if shows:
            sys.stderr.write("\r\x1b[K" + ("" if progress is None else str(progress)))
            sys.stderr.flush()

    with suppress(KeyboardInterrupt):
        fuzzer.run(seeds, is_over, tell)
    tell(None)
    progress = fuzzer.progress
    print(progress)
    if progress.crashes:
        print(f"what crashed, and how to repeat it: {os.path.join(options.output, 'crashes')}")
    return 1 if progress.crashes else 0


def _repeat(target: Target, data: bytes) -> int:
    run = target.run(data)
    sys.stdout.flush()
    for captured, stream in ((target.process.stdout, sys.stdout), (target.process.stderr, sys.stderr)):
        stream.write(captured.decode("utf-8", "backslashreplace"))
        stream.flush()
    if run.crash is not None:
        print(run.crash)
        return 1
    print("it hung" if run.outcome is Outcome.HUNG else f"it ended with {target.process.status}")
    return 0


def _serve(options: argparse.Namespace, machine: Linux, words: list[str]) -> None:
    at = afl.attach_map()
    path = afl.input_file(words)
    if path is not None:
        words = [PLACE if word == path else word for word in words]
    target = _target(options, machine, words, None if options.no_map else at, inputs(path))
    if options.no_map and at is not None:
        afl.serve(target, path, lambda: afl.hide_edges(at))
    else:
        afl.serve(target, path)


def _command(options: argparse.Namespace, file: str) -> list[str]:
    """The words that run the program again with the input of a file."""
    words = ["ring3", "fuzz", "--repeat", file, "--seed", str(options.seed)]
    if options.start is not None:
        words += ["--from", options.start]
    words += ["--run-seconds", str(options.run_seconds)]
    for option in OPTIONS.values():
        value = getattr(options, option.name, None)
        if not option.metavar:
            words += [option.flag] * bool(value)
        elif value:
            for one in value if option.is_repeated else [value]:
                words += [option.flag, str(one)]
    return [*words, *options.words]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", 1) from None


def _files(folder: str) -> list[bytes]:
    try:
        names = sorted(entry.path for entry in os.scandir(folder) if entry.is_file())
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}") from None
    if not names:
        raise UserError(f"{folder}: there is no file in it")
    return [_read(name) for name in names]


def _tokens(path: str) -> list[bytes]:
    r"""The words of a dictionary: lines of ``name="value"``, with ``\xNN`` for bytes (AFL's dictionaries/README)."""
    found = []
    for number, line in enumerate(_read(path).decode("latin-1").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r'(?:[\w@-]+\s*=\s*)?"((?:[^"\\]|\\x[0-9a-fA-F]{2}|\\[\\"])+)"', text)
        if match is None:
            raise UserError(f'{path}:{number}: {text}: a word is written name="value"')
        found.append(
            re.sub(
                r"\\x(..)|\\(.)",
                lambda part: chr(int(part[1], 16)) if part[1] else part[2],
                match[1],
            ).encode("latin-1")
        )
    return found
