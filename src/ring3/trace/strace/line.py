"""One call as text: its name, its arguments as they are known at its beginning and at its end, its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.meaning import Arg, Meaning, Parameter, When
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.strace import tables
from ring3.trace.strace.form import LATE, SIGRETURNS, Form
from ring3.trace.strace.naming import named
from ring3.trace.strace.outcome import outcome
from ring3.trace.strace.scalar_text import signed
from ring3.trace.strace.scalars import permissions, signal_name, sigset
from ring3.trace.strace.socket_messages import FAILED
from ring3.trace.strace.special_structs import BEFORE, IN_FAILURE
from ring3.trace.strace.style import Names
from ring3.trace.strace.text import BEFORE as SIZE_BEFORE
from ring3.trace.strace.text import Text

_ERRORS: Final = {int(error): error for error in E}
_SLEEPS: Final = frozenset({"nanosleep", "clock_nanosleep", "clock_nanosleep_time64"})
_FLAGGED: Final = frozenset({"fcntl", "fcntl64"})
"""Calls whose results are said to be flags, or seals."""
_KINDS: Final = {"fd_flags": "flags ", "open": "flags ", "seals": "seals "}
_IN_HEX: Final = frozenset({"personality", "fcntl", "fcntl64"})
"""Calls whose results are numbers in hexadecimal, though they are no flags."""
_TELLS: Final = frozenset({"sendfile", "sendfile64"})
"""Calls of which such a number is shown as it is at the end even if it is as it was."""
_CHANGING: Final = frozenset({Meaning.SIZE, Meaning.OFFSET})
"""Numbers that calls are given and change, of which both are shown."""
_MAX_ERRNO: Final = 4095
_WORD: Final = 32
_M32: Final = 0xFFFF_FFFF
_M64: Final = 0xFFFF_FFFF_FFFF_FFFF
_MS_REMOUNT: Final = 0x20
_MS_MGC_VAL: Final = 0xC0ED_0000
_MS_MGC_MSK: Final = 0xFFFF_0000
_RESTARTS: Final = 512
"""The first of the codes for calls that are made again."""


def _mount(flags: int) -> int:
    """Which flags of mount(2) say what its other arguments are: none but MS_REMOUNT if it is there."""
    if flags & _MS_MGC_MSK == _MS_MGC_VAL:
        flags &= ~_MS_MGC_MSK
    return _MS_REMOUNT if flags & _MS_REMOUNT else flags


_COUNTS: Final[Mapping[str, Callable[[int], int]]] = {"mount": _mount}
"""What of a call's flags its other arguments depend on, where that is not all."""


class CallLine:
    """The text of one call.

    Attributes:
        name: What the call is named.
        arguments: The texts of its arguments; None for those that are known at the end.
        parameters: What they are, unless the call is not known.
    """

    def __init__(self, form: Form, call: StubCall, text: Text, arguments: list[int] | None = None) -> None:
        """Looks at a call that begins; its arguments are those given, where it stands for another."""
        self.name = form.name
        self._text = text
        self._values = values = call.arguments if arguments is None else arguments
        self._sizes: dict[str, str] = {}
        self._result = form.result(values)
        self._labels = form.labels
        self._beside = beside = dict(zip(form.names, values, strict=False))
        for name in form.halves:
            if name in beside:
                beside[name] &= _M32
        counts = _COUNTS.get(self.name)
        self._shown = dict(beside) if counts is not None else beside
        if counts is not None and "flags" in beside:
            beside["flags"] = counts(beside["flags"])
        self.parameters: tuple[Parameter, ...] = ()
        self.arguments: list[str | None]
        if not form.is_known or text.style.is_raw:
            self.arguments = [f"{value:#x}" if value else "0" for value in values[: form.count]]
        elif self.name in SIGRETURNS:
            self.arguments = [restored_mask(call.regs.sp, self.name, text)]
        else:
            self.parameters = form.shown(beside)
            self.arguments = [self._at_entry(parameter) for parameter in self.parameters]

    def _is_late(self, arg: Arg) -> bool:
        """Whether it is shown as it is at the end; an array that goes both ways is shown as it was given."""
        if arg.meaning is Meaning.FD_SET:
            return False
        return arg.when is When.EXIT or (arg.when is When.BOTH and not arg.length)

    def _at_entry(self, parameter: Parameter) -> str | None:
        arg = parameter.arg
        if self._is_late(arg) or parameter.name in LATE.get(self.name, ()):
            if self._beside[parameter.name]:
                self._note(parameter)
            return None
        if arg.meaning is Meaning.STRINGS and parameter.name == "envp":
            return self._text.environment(self._beside["envp"]) if self._beside["envp"] else "NULL"
        return self._label(parameter) + self._text.value(arg, self._shown[parameter.name], self._beside)

    def _note(self, parameter: Parameter) -> None:
        """Notes what will have changed when the call has returned."""
        arg, address = parameter.arg, self._beside[parameter.name]
        if arg.meaning in _CHANGING:
            self._sizes[parameter.name] = self._text.value(arg, address, self._beside)
        try:
            if arg.meaning is Meaning.SIZE:
                self._beside[SIZE_BEFORE + parameter.name] = self._text.integer(address, 4)
            if arg.meaning is Meaning.STRUCT and arg.when is When.BOTH:
                self._text.enter(address, arg.of)
            if arg.of in BEFORE:
                self._beside.update(BEFORE[arg.of](self._text, address, self._beside))
        except Errno:
            pass

    def _label(self, parameter: Parameter) -> str:
        named = f"{parameter.name}=" if self._text.style.named else ""
        return self._labels.get(parameter.name, named)

    def beginning(self) -> str:
        """The call up to the first argument that is not known yet."""
        known: list[str] = []
        for argument in self.arguments:
            if argument is None:
                comma = "" if self._labels else ", " * bool(known)
                return f"{self.name}({', '.join(known)}{comma}"
            known.append(argument)
        return f"{self.name}({', '.join(known)}"

    def end(self, result: int | None, error: int = 0) -> str:
        """What comes after `beginning`, without the bracket.

        Args:
            result: What the call returned; None if it failed.
            error: The errno it failed with.
        """
        first = next((at for at, argument in enumerate(self.arguments) if argument is None), None)
        if first is None:
            return ""
        for at, parameter in enumerate(self.parameters):
            if self.arguments[at] is None:
                self.arguments[at] = self._label(parameter) + self._at_end(parameter, result, error)
        comma = ", " * bool(self._labels and first)
        return comma + ", ".join(argument or "" for argument in self.arguments[first:])

    def _at_end(self, parameter: Parameter, result: int | None, error: int) -> str:
        address = self._beside[parameter.name]
        arg = parameter.arg
        if arg.of in IN_FAILURE:
            result = FAILED if result is None else result
        elif arg.meaning in _CHANGING and arg.when is When.BOTH and parameter.name in self._sizes:
            return self._changed_size(parameter, address, result)
        if self.name == "wait4" and not result:
            return f"{address:#x}" if address else "NULL"  # nobody was waited for
        if self.name in _SLEEPS:  # what is left is stored where the call is interrupted
            if error < _RESTARTS:
                return f"{address:#x}" if address else "NULL"
        elif result is None and arg.when is When.EXIT and arg.of != "iovec":
            return f"{address:#x}" if address else "NULL"
        return self._text.value(parameter.arg, address, self._beside, result)

    def _changed_size(self, parameter: Parameter, address: int, result: int | None) -> str:
        """A size that the call was given and has changed: both, unless they are equal."""
        before = self._sizes[parameter.name]
        after = self._text.value(parameter.arg, address, self._beside)
        if before == f"{address:#x}" or (before == after and not (result and self.name in _TELLS)):
            return after
        target = parameter.arg.target
        is_offset = parameter.arg.meaning is Meaning.OFFSET or (target is not None and target.bits > _WORD)
        return f"{before} => {after}" if is_offset else f"{before[:-1]} => {after[1:]}"

    def result(self, value: int, error: int) -> str:
        """What stands behind the equals sign.

        Args:
            value: What the call returned.
            error: The errno it failed with, 0 if it did not.
        """
        if self.name in SIGRETURNS:
            error = -signed(value) if -_MAX_ERRNO <= signed(value) < 0 else error
        if error:
            return failure(error)
        if self._text.style.is_raw:
            return f"{value & _M64:#x}" if value else "0"
        return self._value(value) + outcome(self.name, self._text, self._beside, value)

    def _named(self, arg: Arg, value: int) -> str:
        """A result that has a name, behind its number."""
        of = tables.sets()[arg.of]
        in_hex = of.flags or self.name in _IN_HEX
        how = Names.ABBREV if self.name in _FLAGGED else self._text.style.names
        if how is Names.RAW and not in_hex:
            return str(value)
        name = named(of, value, self._text.bits, how if in_hex else Names.ABBREV)
        number = f"{value:#x}" if in_hex and value else str(value)
        if name in ("0", number) or (self.name in _FLAGGED and "???" in name):
            return number
        return f"{number} ({_KINDS.get(of.name, '') if self.name in _FLAGGED else ''}{name})"

    def _value(self, value: int) -> str:
        """What a call returned that has not failed."""
        arg = self._result
        if arg is None:
            return f"{value:#x}" if value else "0"
        if arg.meaning is Meaning.NEVER:
            return "?"
        if arg.meaning in (Meaning.ADDRESS, Meaning.HEX):
            return f"{value & 0xFFFF_FFFF_FFFF_FFFF:#x}" if value else "0"
        if arg.meaning is Meaning.VALUES:
            return self._named(arg, value)
        if arg.meaning in (Meaning.FD, Meaning.PID, Meaning.TID, Meaning.TGID, Meaning.PGID, Meaning.SID):
            return self._text.scalar(arg, value)
        if arg.meaning is Meaning.SIGNAL and value:
            return f"{value} ({signal_name(value)})"
        return permissions(value) if arg.meaning is Meaning.MODE else str(value)


def failure(error: int) -> str:
    """What stands behind the equals sign of a call that failed with an errno."""
    known = _ERRORS.get(error)
    if known is None:
        return f"-1 (errno {error})"
    return f"{'?' if error >= _RESTARTS else '-1'} {known.name} ({known.text})"


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
