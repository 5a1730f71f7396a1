"""pcpp as dtrace(1M) uses cpp: what is D's stays, complaints read as cpp's, an error fails the program."""

from __future__ import annotations

import re
from typing import IO, Any

import pcpp

_CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)")
_NAMELESS = re.compile(r"\s*#\s*define\s*$")


class Preprocessor(pcpp.Preprocessor):  # type: ignore[misc] # pcpp has no types
    """A C preprocessor that leaves `#pragma` lines and all that is no directive of its own where they stand."""

    def __init__(self, report: IO[str]) -> None:
        """Complain to `report`."""
        super().__init__()
        self._report = report
        self.list_headers = False
        self.line_directive = "#line"

    def parse(self, text: str, source: str | None = None, ignore: Any = None) -> Any:  # noqa: ANN401 - pcpp's signature
        """Take a text, if its directives are in order, which pcpp does not check."""
        for line, message in directive_errors(text):
            self.on_error(source or "", line, message)
        return super().parse(text, source, ignore or {})

    def on_error(self, file: str, line: int, message: str) -> None:
        """Complain of an error."""
        self._report.write(f"{file}:{line}: error: {message}\n")
        self.return_code += 1

    def on_include_not_found(self, _malformed: bool, _system: bool, _directory: str, name: str) -> str:
        """A header that is not there is an error."""
        place = f"{self.lastdirective.source}:{self.lastdirective.lineno}"
        self._report.write(
            f"{place}: fatal error: {name}: No such file or directory\ncompilation terminated.\n"
        )
        self.return_code += 1
        raise pcpp.OutputDirective(pcpp.Action.IgnoreAndRemove)

    def on_file_open(self, system: bool, path: str) -> Any:  # noqa: ANN401 - pcpp's signature
        """Open a header; with -H, tell which."""
        opened = super().on_file_open(system, path)
        if self.list_headers:
            self._report.write(f"{'.' * len(self.temp_path)} {path}\n")
        return opened

    def on_directive_handle(self, directive: Any, *others: Any) -> Any:  # noqa: ANN401
        """Leave pragmas and what C does not know to the D compiler."""
        if directive.value in ("pragma", "ident", "error"):
            raise pcpp.OutputDirective(pcpp.Action.IgnoreAndPassThrough)
        return super().on_directive_handle(directive, *others)

    def on_directive_unknown(self, *_directive: Any) -> Any:  # noqa: ANN401
        """Leave it to the D compiler."""
        raise pcpp.OutputDirective(pcpp.Action.IgnoreAndPassThrough)


def directive_errors(text: str) -> list[tuple[int, str]]:
    """What is wrong with the directives of a text that pcpp does not check, by line, as cpp(1) words it."""
    errors = []
    open_: list[tuple[int, bool]] = []
    for number, line in enumerate(text.split("\n"), 1):
        match = _CONDITIONAL.match(line)
        if not match:
            if _NAMELESS.match(line):
                errors.append((number, "no macro name given in #define directive"))
            continue
        word = match[1]
        if word.startswith("if"):
            open_.append((number, False))
            if re.search(r"\bdefined\s*(\(\s*\))?\s*($|&&|\|\|)", match[2]):
                errors.append((number, 'operator "defined" requires an identifier'))
        elif not open_:
            errors.append((number, f"#{word} without #if"))
        elif word == "endif":
            open_.pop()
        elif open_[-1][1]:
            errors += [(number, f"#{word} after #else"), (open_[-1][0], "the conditional began here")]
        elif word == "else":
            open_[-1] = (open_[-1][0], True)
    errors += [(number, "unterminated #if") for number, _ in open_]
    return errors
