"""The command dtrace(1M): compiles what the command line gives, enables it, and runs until it is told to end.

It is the same inside of a machine and beside it; what differs is the `Host`, which knows the system that is traced and
makes its time pass.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import PurePath
from types import FrameType
from typing import IO

from ring3.trace.dtrace import dialect, headers, libraries, listing, preprocess, shipped
from ring3.trace.dtrace.command_line import USAGE, Arguments, Text, UsageError
from ring3.trace.dtrace.compiler import Program, Source
from ring3.trace.dtrace.errors import CompileError, DtraceError
from ring3.trace.dtrace.files import Files, OwnFiles
from ring3.trace.dtrace.hosts import Host
from ring3.trace.dtrace.macros import Macros
from ring3.trace.dtrace.options import Options
from ring3.trace.dtrace.pictures import Pictures, pictures
from ring3.trace.dtrace.session import Session

VERSION = "Sun D 1.22.1"


class Interrupted(Exception):
    """The user pressed Ctrl-C."""


_SHORTEST_LOOK = 10_000_000
"""Nanoseconds that are between two looks at the buffers at least."""


class Command:
    """One run of dtrace(1M)."""

    def __init__(
        self,
        host: Host,
        stdout: IO[bytes],
        stderr: IO[str],
        files: Files | None = None,
        interruptible: Callable[[], AbstractContextManager[None]] | None = None,
    ) -> None:
        """Run over a host, printing to these streams.

        Args:
            host: The system.
            stdout: Takes records.
            stderr: Takes messages.
            files: Opens files; None for this process.
            interruptible: Turns what interrupts into `Interrupted`; None for signals of this process.
        """
        self._files = files or OwnFiles()
        self._interruptible = interruptible or _interruptible
        self._host = host
        self._stdout = stdout
        self._stderr = stderr
        self._marked = host.variable(dialect.MARK) is not None
        self._options = Options(dialect.usual(marked=self._marked))
        self._bits = 64

    def main(self, words: Sequence[str]) -> int:
        """Run with the words after `dtrace`; returns the exit status."""
        try:
            arguments = Arguments(words, self._options)
        except UsageError as error:
            return self._misused(error)
        except DtraceError as error:
            self._tell(str(error))
            return 1
        try:
            return self._run(arguments)
        except UsageError as error:
            return self._misused(error)
        except (DtraceError, CompileError) as error:
            self._tell(str(error))
            return 1

    def _misused(self, error: UsageError) -> int:
        """Say what is wrong with the command line; returns the status."""
        if str(error):
            self._tell(str(error))
        if error.shows_usage:
            self._stderr.write(USAGE)
        return 2

    def _tell(self, line: str) -> None:
        self._stderr.write(f"dtrace: {line}\n")
        self._stderr.flush()

    def _notice(self, line: str) -> None:
        if not self._options.is_set("quiet"):
            self._tell(line)

    def _run(self, arguments: Arguments) -> int:
        if "V" in arguments.flags:
            self._stdout.write(f"dtrace: {VERSION}\n".encode())
            return 0
        if "h" in arguments.flags:
            return self._write_header(arguments)
        if "G" in arguments.flags:
            return self._link(arguments)
        with contextlib.ExitStack() as stack:
            if arguments.output:
                self._stdout = stack.enter_context(_opened(self._files.append_to, arguments.output))
            shown = stack.enter_context(pictures(arguments, self._files))
            return self._work(arguments, shown)

    def _work(self, arguments: Arguments, shown: Pictures) -> int:
        target = self._started(arguments)
        self._bits = arguments.bits
        session = self._session(as_json=arguments.as_json)
        if "l" in arguments.flags:
            self._options.set("zdefs", None)
        programs = self._compile(session, arguments, target)
        if "l" in arguments.flags:
            self._list(session, arguments, programs)
            return 0
        if "e" not in arguments.flags:
            self._host.settle()
            session.look_at(self._host.target, self._host.time)
        if "e" not in arguments.flags or "S" in arguments.flags:
            session.write(programs)
        if "S" in arguments.flags:
            self._stderr.write(session.listing())
        if "e" in arguments.flags:
            if "v" in arguments.flags:
                for text, program in zip(arguments.programs, programs, strict=True):
                    self._report_stability(text, program, listing.descriptions_report(program, session.types))
            return 0
        return self._trace(session, arguments, programs, shown)

    def _report_stability(self, text: Text, program: Program, more: str) -> None:
        """-v: what a program stands on."""
        name = text.shown.replace("'", "")
        self._stdout.write((listing.stability_report(name, program) + more).encode())

    def _write_header(self, arguments: Arguments) -> int:
        """-h: write the header of the providers that the scripts declare."""
        from ring3.trace.dtrace import probe_header  # noqa: PLC0415 - few runs need it

        if not arguments.programs:
            raise UsageError("-h requires one or more scripts or enabling options", shows_usage=False)
        name = arguments.output
        if not name:
            if len(arguments.programs) > 1:
                raise UsageError(
                    "-h requires an output file if multiple scripts are specified", shows_usage=False
                )
            if not arguments.programs[0].value.endswith(".d"):
                raise UsageError("-h requires an output file if no scripts are specified", shows_usage=False)
            name = PurePath(arguments.programs[0].value).stem + ".h"
        self._options.set("zdefs", None)
        programs = self._compile(self._session(as_json=False), arguments, None)
        declared = [provider for program in programs for provider in program.providers]
        with _opened(self._files.create, name, "header") as file:
            file.write(probe_header.render(declared, PurePath(name).name).encode())
        return 0

    def _link(self, arguments: Arguments) -> int:
        """-G: write what a program is linked with that has the probes that the scripts declare."""
        from ring3.trace.dtrace.link.linker import Objects  # noqa: PLC0415 - few runs need it

        if not arguments.programs:
            raise UsageError("-G requires one or more scripts or enabling options", shows_usage=False)
        self._options.set("zdefs", None)
        paths, arguments.operands = arguments.operands, []
        programs = self._compile(self._session(as_json=False), arguments, None)
        for number, (text, program) in enumerate(zip(arguments.programs, programs, strict=True)):
            stem = PurePath(text.value).stem if text.value.endswith(".d") else ""
            name = f"{stem}.o" if stem else f"d.out.{number}" if len(programs) > 1 else "d.out"
            if arguments.output and len(programs) == 1:
                name = arguments.output
            try:
                objects = Objects(paths, self._files, arguments.width)
                data = objects.link(program.providers, as_object=self._options.word("linktype") != "dof")
            except DtraceError as error:
                raise DtraceError(f"failed to link {text.shown.replace(chr(39), '')}: {error}") from None
            with _opened(self._files.create, name) as file:
                file.write(data)
            if any(each.clause.statements is not None for each in program.clauses):
                self._tell(f"{name} has the probes of {text.value}, not its clauses")
        return 0

    def _session(self, *, as_json: bool) -> Session:
        host = self._host
        from ring3.trace.dtrace import constants  # noqa: PLC0415

        find = constants.finder(constants.solaris if host.system == "solaris" else constants.linux)
        session = Session(
            self._options,
            host.target,
            host.time,
            host.providers,
            self._stdout,
            self._tell,
            constant=find,
            bits=self._bits,
            as_json=as_json,
            columns=not self._marked,
        )
        session.consumer.create_file = self._files.create
        session.consumer.run_command = self._files.run
        return session

    def _started(self, arguments: Arguments) -> int | None:
        """The number of the process that -c started, which is `$target`."""
        grabbed = [self._grabbed(text) for text in arguments.processes]
        changes = self._options.environment
        started = [*(self._host.start(command, changes) for command in arguments.commands), *grabbed]
        early = any("$target:" in text.value or text.is_file for text in arguments.programs)
        when = self._options.word("evaltime") or self._options.dialect.evaltime or (early and "preinit")
        if arguments.commands and when and when != "exec":
            self._host.load_libraries(to_main=when != "preinit")
        return started[0] if started else None

    def _grabbed(self, text: str) -> int:
        """The number of a process that -p names.

        Raises:
            DtraceError: There is none.
        """
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise DtraceError(f"invalid pid: {text}")
        if not self._host.grab(int(text)):
            raise DtraceError(f"failed to grab pid {text}: no such process")
        return int(text)

    def _macros(self, text: Text, arguments: Arguments, target: int | None) -> Macros:
        names = {**dict.fromkeys(("projid", "taskid", "zoneid", "target"), 0), **self._host.identity()}
        if target is not None:
            names["target"] = target
        script = text.value if text.is_file else "dtrace"
        return Macros([script, *arguments.operands], names, lambda: self._options.is_set("defaultargs"))

    def _compile(self, session: Session, arguments: Arguments, target: int | None) -> list[Program]:
        programs: list[Program] = []
        if not arguments.programs and "e" in arguments.flags:
            self._compile_libraries(session, arguments)
        for text in arguments.programs:
            what = (
                f"failed to compile script {text.value}"
                if text.is_file
                else f"invalid probe specifier {text.value}"
            )
            given = self._given(text)
            try:
                source = self._source(text, given)
                if not programs:
                    self._compile_libraries(session, arguments)
                for declared in headers.mentioned(source.text, self._host.system):
                    session.compiler.compile(Source(declared, is_library=True), Macros(["headers"], {}))
                macros = self._macros(text, arguments, target)
                programs.append(session.compiler.compile(source, macros))
            except CompileError as error:
                raise DtraceError(f"{what}: {error.text(with_tag=self._options.is_set('errtags'))}") from None
            except DtraceError as error:
                raise DtraceError(f"{what}: {error}") from None
        return programs

    def _compile_libraries(self, session: Session, arguments: Arguments) -> None:
        for path, text in libraries.in_order([*arguments.libraries, *self._options.lists["libdir"]]):
            try:
                session.compiler.compile(Source(text, is_library=True), Macros([path], {}))
            except CompileError as error:
                error.file = path
                raise

    def _given(self, text: Text) -> str:
        """The text of a program as it was given."""
        if not text.is_file:
            return text.value
        try:
            content = shipped.read(text.value) if text.is_shipped else self._files.read(text.value)
        except OSError as error:
            raise DtraceError(f"failed to open {text.value}: {error.strerror}") from None
        return content.decode("utf-8", "surrogateescape")

    def _source(self, text: Text, program: str) -> Source:
        if not text.is_file:
            return Source(program, is_file=False, field=text.field)
        if self._options.is_set("cpp"):
            program = preprocess.run(program, self._preprocessing(), self._stderr)
        return Source(program)

    def _preprocessing(self) -> preprocess.Settings:
        lists = self._options.lists
        standard = {"a": ["__STDC__=0"], "c": ["__STDC__=1"], "t": ["__STDC__=0"]}.get(
            self._options.word("stdc"), []
        )
        return preprocess.Settings(
            [*standard, *lists["define"]],
            lists["undef"],
            lists["incdir"],
            system=self._host.system,
            bits=self._bits,
            command=self._options.word("cpppath"),
            list_headers=self._options.is_set("cpphdrs"),
        )

    def _list(self, session: Session, arguments: Arguments, programs: list[Program]) -> None:
        verbose = "v" in arguments.flags
        self._stdout.write(listing.HEADER.encode())
        for description in listing.unmatched(programs):
            self._tell(f"failed to match {description}: No probe matches description")
        for probe in listing.probes(session, programs):
            self._stdout.write(listing.row(probe).encode())
            if verbose:
                self._stdout.write(listing.details(probe, session.types).encode())

    def _trace(self, session: Session, arguments: Arguments, programs: list[Program], shown: Pictures) -> int:
        if "a" in arguments.flags:
            raise DtraceError("could not enable tracing: No anonymous tracing state")
        for text, program in zip(arguments.programs, programs, strict=True):
            count = program.matches
            self._notice(f"{text.shown} matched {count} probe{'' if count == 1 else 's'}")
            if "v" in arguments.flags:
                self._report_stability(text, program, "\n")
        if not any(program.matches for program in programs) and not self._options.is_set("zdefs"):
            raise DtraceError(f"no probes {'matched' if programs else 'specified'}")
        session.enable()
        if self._options.is_set("destructive"):
            self._notice("allowing destructive actions")
        with shown.recorded(self._host), contextlib.suppress(Interrupted), self._interruptible():
            session.begin()
            session.consumer.flush()
            session.leave = self._host.leave
            rates = (self._options.number(rate) for rate in ("aggrate", "statusrate", "switchrate"))
            self._host.look_interval = max(min(rates), _SHORTEST_LOOK)
            self._host.run(lambda: session.finished, session.consumer.flush)
            if self._host.ended:
                self._notice(self._host.ended)
        session.end()
        shown.draw(session)
        return session.status or 0


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `Interrupted`."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _opened(opener: Callable[[str], IO[bytes]], path: str, what: str = "output") -> IO[bytes]:
    """A file that is written to.

    Raises:
        DtraceError: It cannot be opened.
    """
    try:
        return opener(path)
    except OSError as error:
        raise DtraceError(f"failed to open {what} file '{path}': {error.strerror}") from None
