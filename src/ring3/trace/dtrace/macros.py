"""Macro variables: `$1` and `$$1` of the command line, `$pid` and its like of the process that runs the script."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ring3.trace.dtrace.errors import fail

_MOST_DIGITS = 9
"""More digits than a number of an argument has."""


class Macros:
    """The macro variables of one program, and which of the arguments it used."""

    def __init__(
        self, arguments: Sequence[str], names: dict[str, int], default: Callable[[], bool] = lambda: False
    ) -> None:
        """Take the words of the command line, `arguments[0]` being the script's name.

        Args:
            arguments: What `$0`, `$1` ... stand for.
            names: The values of `$pid`, `$target` ... without the dollar.
            default: Whether -xdefaultargs is set by now: an argument that is missing is 0 or "".
        """
        self.arguments = list(arguments)
        self.names = names
        self.default = default
        self._used: set[int] = {0}

    def value(self, text: str, line: int) -> str:
        """What `$name`, `$1` or `$$1` stands for.

        Raises:
            CompileError: D_MACRO_UNDEF.
        """
        name = text.lstrip("$")
        if not name.isdigit():
            if name not in self.names:
                fail("D_MACRO_UNDEF", line, f"macro variable {text} is not defined")
            return str(self.names[name])
        index = int(name[:_MOST_DIGITS])
        self._used.add(index)
        if index < len(self.arguments):
            return self.arguments[index]
        if not self.default():
            fail("D_MACRO_UNDEF", line, f"macro argument {text} is not defined")
        return "" if text.startswith("$$") else "0"

    def unused(self) -> int | None:
        """The first argument that the program never named."""
        return next((index for index in range(len(self.arguments)) if index not in self._used), None)
