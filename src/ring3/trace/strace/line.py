"""One call as text: its name, its arguments as they are known at its beginning and at its end, its result."""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import E
from ring3.abi.linux import values
from ring3.abi.meaning import Arg, Meaning, Parameter, When
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import name_of, row_of
from ring3.trace.strace.scalars import permissions, signal_name
from ring3.trace.strace.text import Text

_CREATING: Final = 0o100 | 0o20000000
"""O_CREAT, and what O_TMPFILE has beside O_DIRECTORY: open(2) looks at its mode with these alone."""
_ERRORS: Final = {int(error): error for error in E}
_RESTARTS: Final = 512
"""The first of the codes for calls that are made again."""


class CallLine:
    """The text of one call.

    Attributes:
        name: What the call is named.
        arguments: The texts of its arguments; None for those that are known at the end.
    """

    def __init__(self, call: StubCall, text: Text) -> None:
        self.name = name_of(call)
        self._text = text
        self._values = list(call.arguments)
        row = row_of(call.what.symbol, self.name)
        sets = values.every()
        if row is None:
            self._parameters: tuple[Parameter, ...] = ()
            self._result = None
            self.arguments: list[str | None] = [f"{value:#x}" if value else "0" for value in self._values]
            return
        shown = [p for p in row.arguments(self._values, sets) if p.arg.meaning is not Meaning.UNUSED]
        place = {p.name: at for at, p in enumerate(row.parameters)}
        self._result = row.result_of(self._values, sets)
        self._beside = {
            p.name: self._values[at] for at, p in enumerate(row.parameters) if at < len(self._values)
        }
        self._parameters = tuple(
            p for p in shown if place[p.name] < len(self._values) and not self._ignored(p, shown)
        )
        self.arguments = [self._at_entry(parameter) for parameter in self._parameters]

    def _ignored(self, parameter: Parameter, every: list[Parameter]) -> bool:
        """Whether it is the mode of an open that makes no file."""
        if parameter.arg.meaning is not Meaning.MODE:
            return False
        opened = next((p for p in every if p.arg.of == "open" and p.arg.when is None), None)
        return opened is not None and not self._beside[opened.name] & _CREATING

    def _is_late(self, arg: Arg) -> bool:
        """Whether it is shown as it is at the end; an array that goes both ways is shown as it was given."""
        return arg.when is When.EXIT or (arg.when is When.BOTH and not arg.length)

    def _at_entry(self, parameter: Parameter) -> str | None:
        arg = parameter.arg
        if self._is_late(arg):
            return None
        if arg.meaning is Meaning.STRINGS and parameter.name == "envp":
            return self._text.variables(self._beside["envp"]) if self._beside["envp"] else "NULL"
        return self._text.value(arg, self._beside[parameter.name], self._beside)

    def beginning(self) -> str:
        """The call up to the first argument that is not known yet."""
        known: list[str] = []
        for argument in self.arguments:
            if argument is None:
                return f"{self.name}({''.join(one + ', ' for one in known)}"
            known.append(argument)
        return f"{self.name}({', '.join(known)}"

    def end(self, result: int | None) -> str:
        """What comes after `beginning`, without the bracket.

        Args:
            result: What the call returned; None if it failed.
        """
        first = next((at for at, argument in enumerate(self.arguments) if argument is None), None)
        if first is None:
            return ""
        for at, parameter in enumerate(self._parameters):
            if self.arguments[at] is None:
                self.arguments[at] = self._at_end(parameter, result)
        return ", ".join(argument or "" for argument in self.arguments[first:])

    def _at_end(self, parameter: Parameter, result: int | None) -> str:
        address = self._beside[parameter.name]
        if result is None and parameter.arg.when is When.EXIT:
            return f"{address:#x}" if address else "NULL"
        return self._text.value(parameter.arg, address, self._beside, result)

    def result(self, value: int, error: int) -> str:
        """What stands behind the equals sign.

        Args:
            value: What the call returned.
            error: The errno it failed with, 0 if it did not.
        """
        if error:
            known = _ERRORS.get(error)
            if known is None:
                return f"-1 (errno {error})"
            return f"{'?' if error >= _RESTARTS else '-1'} {known.name} ({known.text})"
        arg = self._result
        if arg is None:
            return f"{value:#x}" if value else "0"
        if arg.meaning is Meaning.NEVER:
            return "?"
        if arg.meaning in (Meaning.ADDRESS, Meaning.HEX):
            return f"{value & 0xFFFF_FFFF_FFFF_FFFF:#x}" if value else "0"
        if arg.meaning is Meaning.VALUES and values.every()[arg.of].flags:
            return f"{value:#x} (flags {self._text.scalar(arg, value)})" if value else "0"
        if arg.meaning is Meaning.FD:
            return self._text.descriptor(value)
        if arg.meaning is Meaning.SIGNAL and value:
            return f"{value} ({signal_name(value)})"
        return permissions(value) if arg.meaning is Meaning.MODE else str(value)
