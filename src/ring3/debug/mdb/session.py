"""The debugger: dot, variables, options, and the commands that are run one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from ring3.debug.mdb import formats, shell
from ring3.debug.mdb.call import Argument, Call
from ring3.debug.mdb.errors import UNKNOWN_DCMD, Enough, MdbError, Quit, UsageError
from ring3.debug.mdb.expressions import ExpressionParser
from ring3.debug.mdb.numbers import M64, with_base
from ring3.debug.mdb.output import Output
from ring3.debug.mdb.registry import DCMDS, OUR_OWN, WALKERS, Dcmd, usage
from ring3.debug.mdb.resident import Resident
from ring3.debug.mdb.scanner import Scanner
from ring3.debug.mdb.settings import Settings
from ring3.debug.mdb.targets.base import Symbol, Target
from ring3.debug.mdb.types.catalog import Catalog
from ring3.debug.mdb.variables import Variables
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.debug.program import Program

VERBS: Final = "/\\?=@"


class Stage(NamedTuple):
    """One dcmd of a pipeline, with its arguments, and whether another stands before it."""

    dcmd: Dcmd
    arguments: list[Argument]
    reads_pipe: bool = False


class Statement(NamedTuple):
    """A command: what stood before the dcmds, the dcmds, and the shell's command that reads their output."""

    address: int | None
    repeat: int | None
    stages: list[Stage]
    shell: str | None


class Session:
    """A debugger at work.

    Attributes:
        target: What is looked at.
        out: Where output goes.
        warn: Where complaints go, line by line.
        dot: The current address.
        increment: How far the last format went.
        last_address: The last address a dcmd was given.
        radix: Of numbers without a prefix.
        interactive: Somebody types.
        name: ``mdb`` or ``kmdb``.
        log_name: The file that output went to last, "" for none.
        wishes: What commands of an event that was met have asked for: ways to go on; None while none is run.
        resident: What stops the machine, where it is not the target that runs it.
        flush: Has what was printed appear.
        attach: Gives the target for a process that runs already, by its number; None where there are none.
    """

    def __init__(
        self,
        target: Target,
        write: Callable[[str], object],
        complain: Callable[[str], object],
        *,
        name: str = "mdb",
        columns: int = 80,
    ) -> None:
        from ring3.debug.mdb import dcmds  # noqa: PLC0415 - they import this module

        dcmds.load()
        self.target = target
        self._write = write
        self.out = Output(self._printed, columns)
        self._complain = complain
        self.name = name
        self.dot = 0
        self.increment: int = 0
        self.last_address = 0
        self.radix = 16
        self.interactive = False
        self.settings = Settings()
        self.variables = Variables(self)
        self.catalog = Catalog(lambda: self.target)
        self.dcmds = dict(DCMDS)
        self.walkers = dict(WALKERS)
        self._log: TextIO | None = None
        self.log_name = ""
        self.wishes: list[Callable[[], None] | None] | None = None
        self.resident: Resident | None = None
        self.flush: Callable[[], object] = lambda: None
        self.attach: Callable[[int], Target] | None = None
        self.head_passed = 0
        self.private: dict[str, Symbol] = {}
        self._last: list[Stage] = []
        self._code_bits = 0

    # -- output ----------------------------------------------------------------------------------------------------

    def _printed(self, text: str) -> None:
        self._write(text)
        if self._log is not None:
            self._log.write(text)

    def warn(self, text: str) -> None:
        """Prints a complaint with the debugger's name in front."""
        self.out.end_line()
        self._complain(f"{self.name}: {text}\n")

    @property
    def is_logged(self) -> bool:
        """Whether output goes to a file too."""
        return self._log is not None

    def log_to(self, stream: TextIO | None) -> None:
        """Has output written to a file too; None for no more."""
        before, self._log = self._log, stream
        if before is not None:
            before.close()

    def close(self) -> None:
        """Gives up the target, and the log."""
        self.log_to(None)
        self.target.close()

    @contextmanager
    def captured(self) -> Iterator[list[str]]:
        """Has output collected for as long as the context lasts."""
        parts: list[str] = []
        with self._redirected(parts.append):
            yield parts

    @contextmanager
    def _redirected(self, sink: Callable[[str], object]) -> Iterator[None]:
        before, self.out = self.out, Output(sink, 1 << 30)
        try:
            yield
        finally:
            self.out = before

    # -- values ----------------------------------------------------------------------------------------------------

    @property
    def code_bits(self) -> int:
        """The width instructions are taken for: the target's, unless ``::dismode`` said otherwise."""
        return self._code_bits or self.target.bits

    @code_bits.setter
    def code_bits(self, bits: int) -> None:
        self._code_bits = bits

    @property
    def word_size(self) -> int:
        """Bytes of a pointer of the target."""
        return self.target.bits // 8

    def evaluate(self, text: str) -> int:
        """The value of an expression.

        Raises:
            MdbError: It is none, or names what is not there.
        """
        scanner = Scanner(text)
        value = ExpressionParser(self, scanner).value()
        if scanner.peek():
            raise scanner.error()
        return value

    @property
    def prog(self) -> Program:
        """What is looked at, as values of Python: ``prog["sysent"][152].sy_callc``."""
        from ring3.debug.program import Program  # noqa: PLC0415 - for commands of one's own

        return Program(self.target)

    def symbolic(self, address: int) -> str:
        """An address by the symbol it belongs to, or as a number."""
        return self.target.describe(address) or with_base(address)

    # -- commands --------------------------------------------------------------------------------------------------

    def run(self, text: str) -> bool:
        """Runs the commands of a text; returns whether all of them worked.

        Raises:
            Quit: One of them ends the debugger.
        """
        scanner = Scanner(text)
        good = True
        while scanner.place < len(text):
            start = scanner.place
            try:
                statement = self._parse(scanner)
                if statement is not None:
                    self.execute(statement)
            except (MdbError, UserError) as error:
                good = False
                if str(error):
                    self.warn(str(error))
                self._skip(scanner)
            finally:
                self.out.indent = False
                self.out.end_line()
            if scanner.place == start:
                scanner.place += 1
        return good

    def run_all(self, texts: Iterable[str]) -> bool:
        """Runs several texts, whatever becomes of each; returns whether all commands worked."""
        worked = [self.run(text) for text in texts]
        return all(worked)

    @staticmethod
    def _skip(scanner: Scanner) -> None:
        """Leaves out what is left of a line in which something was wrong."""
        end = scanner.text.find("\n", scanner.place)
        scanner.place = len(scanner.text) if end < 0 else end + 1

    def _parse(self, scanner: Scanner) -> Statement | None:
        if scanner.at_end():
            empty = scanner.peek() == "\n" and not scanner.text.strip()
            scanner.place += 1
            return self._repeated() if empty else None
        if self._at_shell(scanner):
            self.out.text(shell.run(scanner.rest_of_shell()))
            scanner.place += 1
            return None
        parser = ExpressionParser(self, scanner)
        address = parser.value() if parser.begins() else None
        count = parser.value() if scanner.accept(",") else None
        stages: list[Stage] = []
        if not scanner.at_end() and scanner.peek() != "!":
            stages.append(self._stage(scanner))
            while scanner.accept("|"):
                stages.append(self._stage(scanner, in_pipe=True)._replace(reads_pipe=True))
        command = scanner.rest_of_shell() if self._at_shell(scanner) else None
        if not scanner.at_end():
            raise scanner.error()
        scanner.place += 1
        return Statement(address, count, stages, command)

    def _at_shell(self, scanner: Scanner) -> bool:
        """Whether the rest of a line is the shell's, which kmdb has not."""
        found = scanner.accept("!")
        if found and self.name == "kmdb":
            raise MdbError("syntax error")
        return found

    def _repeated(self) -> Statement | None:
        """What an empty line means: the last command once more, at the next address."""
        if not (self.settings.flags["repeatlast"] and self.interactive and self._last):
            return None
        self.dot = (self.dot + self.increment) & M64
        return Statement(None, None, self._last, None)

    def _stage(self, scanner: Scanner, *, in_pipe: bool = False) -> Stage:
        if (letter := scanner.assignment()) is not None:
            return Stage(self.dcmd(">"), [f"/{letter}", *self._arguments(scanner)])
        if scanner.peek() == ">" and not scanner.starts(">>"):
            scanner.accept(">")
            return Stage(self.dcmd(">"), self._arguments(scanner))
        if (writing := scanner.writing()) is not None:
            return Stage(self.dcmd(writing[0]), [writing[1], *self._arguments(scanner)])
        if scanner.peek() and scanner.peek() in VERBS:
            verb = scanner.peek()
            scanner.accept(verb)
            return Stage(self.dcmd(verb), formats.parse(self, scanner))
        name = scanner.command()
        if name is not None:
            return Stage(self.dcmd(name), self._arguments(scanner))
        if scanner.accept("$"):
            return Stage(self.dcmd("$?"), [])
        if scanner.at_end() or scanner.peek() in "|!":
            raise scanner.error()
        parser = ExpressionParser(self, scanner)
        if in_pipe and parser.begins():  # a number alone: dot becomes it
            return Stage(self.dcmd("$expression"), [parser.value()])
        raise scanner.error()

    def dcmd(self, name: str) -> Dcmd:
        """The dcmd of a name.

        Raises:
            MdbError: There is none.
        """
        found = self.dcmds.get(name) or self.dcmds.get(name.rpartition("`")[2])
        if found is None:
            shown = name if name[0] in "$:" or name in VERBS else f"::{name}"
            raise MdbError(f"invalid command '{shown}': {UNKNOWN_DCMD}")
        return found

    def _arguments(self, scanner: Scanner) -> list[Argument]:
        found: list[Argument] = []
        while not scanner.at_end() and scanner.peek() not in "|!":
            if scanner.accept("$["):
                found.append(ExpressionParser(self, scanner).value())
                if not scanner.accept("]"):
                    raise MdbError("syntax error: $[ unmatched")
            elif (word := scanner.word()) is not None:
                found.append(word)
            else:
                raise scanner.error()
        return found

    def execute(self, statement: Statement) -> None:
        """Runs one command."""
        stages = statement.stages
        if not stages:
            if statement.address is not None:
                self.dot = statement.address
                self.increment = 0
            if not (self.interactive and self._last):
                return
            stages = self._last
        self._last = stages
        with self._to_shell(statement.shell):
            addresses = [self.dot if statement.address is None else statement.address]
            given = statement.address is not None
            for number, stage in enumerate(stages):
                count = statement.repeat if number == 0 else None
                if number + 1 == len(stages):
                    self._call(stage, addresses, given=given, count=count, piped=False)
                    return
                addresses = self._piped(stage, addresses, given=given, count=count)
                if not addresses:
                    return
                given = True

    def _piped(self, stage: Stage, addresses: list[int], *, given: bool, count: int | None) -> list[int]:
        """The addresses that a stage prints for the next one."""
        with self.captured() as parts:
            self._call(stage, addresses, given=given, count=count, piped=True)
        return [self.evaluate(line) for line in "".join(parts).splitlines() if line.strip()]

    def _call(
        self, stage: Stage, addresses: list[int], *, given: bool, count: int | None, piped: bool
    ) -> None:
        """Calls a dcmd for each address, or as often as a count says."""
        if stage.dcmd.usage[:1] == ":" and not given:
            raise self._misused(stage.dcmd, UsageError("address required"))
        loop = count is not None or len(addresses) > 1
        first = True
        for address in addresses:
            self.dot = address
            for _ in range(1 if count is None else count):
                call = Call(self, stage.dcmd.name, self.dot, stage.arguments, given=given)
                call.first, call.looping, call.piped = first, loop, piped
                call.count, call.reads_pipe = 1 if count is None else count, stage.reads_pipe
                self.increment = 0 if stage.dcmd.name not in VERBS else self.increment
                if given:
                    self.last_address = self.dot
                if not self._invoke(stage.dcmd, call):
                    return
                first = False
                if count is not None:
                    self.dot = (self.dot + self.increment) & M64
        if count is not None and not first:
            self.dot = (self.dot - self.increment) & M64

    def _invoke(self, dcmd: Dcmd, call: Call) -> bool:
        """Calls a dcmd once; returns whether it is to be called for more.

        Raises:
            MdbError: It failed; so does one of the user's, whatever it raises.
        """
        try:
            dcmd.function(call)
        except UsageError as error:
            raise self._misused(dcmd, error) from None
        except Enough:
            return False
        except (MdbError, UserError, Quit):
            raise
        except Exception as error:
            if dcmd.module == OUR_OWN:
                raise
            raise MdbError(f"{dcmd.name} of {dcmd.module} failed: {type(error).__name__}: {error}") from None
        return True

    def _misused(self, dcmd: Dcmd, error: UsageError) -> MdbError:
        if str(error):
            self.warn(str(error))
        self._complain(f"Usage: {usage(dcmd)}\n")
        return MdbError("")

    @contextmanager
    def _to_shell(self, command: str | None) -> Iterator[None]:
        if command is None:
            yield
            return
        with shell.Shell(command, self.out.text) as reader, self._redirected(reader.write):
            yield
