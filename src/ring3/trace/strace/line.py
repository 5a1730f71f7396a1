"""One call as text: its name, its arguments as they are known at its beginning and at its end, its result."""

from __future__ import annotations

from typing import Final

from ring3.abi.c_types import LONG
from ring3.abi.errno import E, Errno
from ring3.abi.meaning import Arg, Meaning, Parameter, When
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import name_of
from ring3.trace.strace import tables
from ring3.trace.strace.outcome import outcome
from ring3.trace.strace.scalars import permissions, signal_name, sigset
from ring3.trace.strace.text import FAILED, Text

_ERRORS: Final = {int(error): error for error in E}
_ORDER: Final = {
    "clone": {
        "newsp": "child_stack", "clone_flags": "flags", "parent_tidptr": "parent_tid", "tls": "tls", "tls_val": "tls",
        "child_tidptr": "child_tidptr",
    },
}  # fmt: skip
"""The order in which arguments are shown, and what they are called, where they have names."""
_HALVES: Final = {Meaning.OFFSET_LOW, Meaning.OFFSET_HIGH}
_M32: Final = 0xFFFF_FFFF
_SLEEPS: Final = frozenset({"nanosleep", "clock_nanosleep", "clock_nanosleep_time64"})
_SIGRETURNS: Final = frozenset({"rt_sigreturn", "sigreturn"})
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
        self._sizes: dict[str, str] = {}
        row = tables.row_of(call.what.symbol, self.name)
        sets = tables.sets()
        if row is None:
            self._parameters: tuple[Parameter, ...] = ()
            self._result = None
            self._beside: dict[str, int] = {}
            self._labels: dict[str, str] = {}
            self.arguments: list[str | None] = [f"{value:#x}" if value else "0" for value in self._values]
            return
        shown = [p for p in row.arguments(self._values, sets) if p.arg.meaning is not Meaning.UNUSED]
        place = {p.name: at for at, p in enumerate(row.parameters)}
        self._result = row.result_of(self._values, sets)
        self._beside = {
            p.name: self._values[at] for at, p in enumerate(row.parameters) if at < len(self._values)
        }
        self._parameters = tuple(
            p for p in shown if place[p.name] < len(self._values) and not self._ignored(p, row.parameters)
        )
        self._parameters = self._joined(self._parameters)
        order = _ORDER.get(self.name, {})
        self._labels = {name: f"{label}=" for name, label in order.items()}
        if order:
            given = {p.name: p for p in self._parameters}
            self._parameters = tuple(given[name] for name in order if name in given)
        self.arguments = [self._at_entry(parameter) for parameter in self._parameters]
        if self.name in _SIGRETURNS:
            self.arguments = [restored_mask(call.regs.sp, self.name, text)]

    def _ignored(self, parameter: Parameter, every: tuple[Parameter, ...]) -> bool:
        """Whether the call does not look at it without flags that are not given."""
        arg = parameter.arg
        if not arg.flags:
            return False
        given = next(other for other in every if other.name == arg.flags)
        of = tables.sets()[given.arg.of]
        return not any(self._beside[arg.flags] & of[name] for name in arg.wanted)

    def _joined(self, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
        """The same with the two halves of a number of 64 bits made one."""
        found: list[Parameter] = []
        for parameter in parameters:
            last = found[-1] if found else None
            if last is not None and {last.arg.meaning, parameter.arg.meaning} == _HALVES:
                low, high = (last, parameter) if last.arg.meaning is Meaning.OFFSET_LOW else (parameter, last)
                value = self._beside[low.name] & _M32 | (self._beside[high.name] & _M32) << 32
                self._beside[low.name] = value
                found[-1] = Parameter(low.name, Arg(LONG, Meaning.OFFSET))
            else:
                found.append(parameter)
        return tuple(found)

    def _is_late(self, arg: Arg) -> bool:
        """Whether it is shown as it is at the end; an array that goes both ways is shown as it was given."""
        if arg.meaning is Meaning.FD_SET:
            return False
        return arg.when is When.EXIT or (arg.when is When.BOTH and not arg.length)

    def _at_entry(self, parameter: Parameter) -> str | None:
        arg = parameter.arg
        if self._is_late(arg):
            if arg.meaning is Meaning.SIZE and self._beside[parameter.name]:
                self._sizes[parameter.name] = self._text.value(
                    arg, self._beside[parameter.name], self._beside
                )
            return None
        if arg.meaning is Meaning.STRINGS and parameter.name == "envp":
            return self._text.variables(self._beside["envp"]) if self._beside["envp"] else "NULL"
        return self._label(parameter) + self._text.value(arg, self._beside[parameter.name], self._beside)

    def _label(self, parameter: Parameter) -> str:
        return self._labels.get(parameter.name, "")

    def beginning(self) -> str:
        """The call up to the first argument that is not known yet."""
        known: list[str] = []
        for argument in self.arguments:
            if argument is None:
                comma = "" if self._labels else ", " * bool(known)
                return f"{self.name}({', '.join(known)}{comma}"
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
                self.arguments[at] = self._label(parameter) + self._at_end(parameter, result)
        comma = ", " * bool(self._labels and first)
        return comma + ", ".join(argument or "" for argument in self.arguments[first:])

    def _at_end(self, parameter: Parameter, result: int | None) -> str:
        address = self._beside[parameter.name]
        arg = parameter.arg
        if arg.of == "msghdr":
            result = FAILED if result is None else result
        elif arg.meaning is Meaning.SIZE and arg.when is When.BOTH and parameter.name in self._sizes:
            return self._changed_size(parameter, address)
        if self.name in _SLEEPS:  # what is left is stored where the call is interrupted
            if result is not None:
                return f"{address:#x}" if address else "NULL"
        elif result is None and arg.when is When.EXIT and arg.of != "iovec":
            return f"{address:#x}" if address else "NULL"
        return self._text.value(parameter.arg, address, self._beside, result)

    def _changed_size(self, parameter: Parameter, address: int) -> str:
        """A size that the call was given and has changed: both, unless they are equal."""
        before = self._sizes[parameter.name]
        after = self._text.value(parameter.arg, address, self._beside)
        return after if before in (after, f"{address:#x}") else f"{before[:-1]} => {after[1:]}"

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
        return self._value(value) + outcome(self.name, self._text, self._beside, value)

    def _value(self, value: int) -> str:
        """What a call returned that has not failed."""
        arg = self._result
        if arg is None:
            return f"{value:#x}" if value else "0"
        if arg.meaning is Meaning.NEVER:
            return "?"
        if arg.meaning in (Meaning.ADDRESS, Meaning.HEX):
            return f"{value & 0xFFFF_FFFF_FFFF_FFFF:#x}" if value else "0"
        if arg.meaning is Meaning.VALUES and tables.sets()[arg.of].flags:
            return f"{value:#x} (flags {self._text.scalar(arg, value)})" if value else "0"
        if arg.meaning is Meaning.FD:
            return self._text.descriptor(value)
        if arg.meaning is Meaning.SIGNAL and value:
            return f"{value} ({signal_name(value)})"
        return permissions(value) if arg.meaning is Meaning.MODE else str(value)


def restored_mask(sp: int, name: str, text: Text) -> str:
    """The mask that sigreturn(2) will find in the frame (arch/x86/include/asm/sigframe.h, uapi/asm/ucontext.h)."""
    parts = (
        [(sp + 296, 8)]
        if text.bits == 64
        else [(sp + 248, 8)]
        if name == "rt_sigreturn"
        else [(sp + 80, 4), (sp + 712, 4)]
    )
    try:
        raw = b"".join(text.read(address, size) for address, size in parts)
    except Errno:
        return f"{sp:#x}"
    return f"{{mask={sigset(int.from_bytes(raw, 'little'))}}}"
