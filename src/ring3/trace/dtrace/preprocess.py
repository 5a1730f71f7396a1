"""The C preprocessor for -C: pcpp, with what dtrace(1M) defines and where it looks for headers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from glob import glob
from typing import IO

from ring3.trace.dtrace.errors import DtraceError

PREDEFINED = (
    "__SUNW_D=1",
    "__SUNW_D_VERSION=0x01016001",
    "__x86_64=1",
    "__x86_64__=1",
    "__amd64=1",
    "__amd64__=1",
    "__builtin_va_list=void *",
)
"""Macros that every program may test."""
MODELS = {64: ("__SUNW_D_64=1", "_LP64=1"), 32: ("_ILP32=1",)}
"""Macros of the data models."""
HEADERS = ("/usr/include", "/usr/include/x86_64-linux-gnu")
"""Where headers are that are in no other directory."""
COMPILER_HEADERS = "/usr/lib/gcc/x86_64-linux-gnu/*/include"
"""Where those are that a compiler brings, stdarg.h for one: the newest that matches."""
SYSTEMS = {
    "linux": ("linux=1", "__linux=1", "__linux__=1", "__unix=1", "__unix__=1", "unix=1"),
    "solaris": ("sun=1", "__sun=1", "__SVR4=1", "__svr4__=1", "__unix=1", "unix=1"),
}
"""Macros of the traced systems."""


class Settings:
    """What -D, -U, -I, -H and their options asked for."""

    def __init__(
        self,
        defines: Sequence[str] = (),
        undefines: Sequence[str] = (),
        directories: Sequence[str] = (),
        *,
        system: str = "linux",
        bits: int = 64,
        command: str = "",
        list_headers: bool = False,
    ) -> None:
        """Take the words as they stand on the command line.

        Args:
            defines: `name` or `name=value`.
            undefines: Names.
            directories: Where `#include` looks.
            system: Whose macros are predefined.
            bits: Of which data model.
            command: -xcpppath: another preprocessor, run as a command.
            list_headers: -H: print the path of each file included.
        """
        self.defines = list(defines)
        self.undefines = list(undefines)
        self.directories = list(directories)
        self.predefined = (*PREDEFINED, *SYSTEMS[system], *MODELS[bits])
        self.command = command
        self.list_headers = list_headers


def run(text: str, settings: Settings, report: IO[str]) -> str:
    """The text after preprocessing, with `#line` where lines moved.

    Args:
        text: The program.
        settings: What was asked for.
        report: Where complaints go, in cpp(1)'s form.

    Raises:
        DtraceError: if the preprocessor found an error.
    """
    if text.startswith("#!"):
        text = text[text.find("\n") :] if "\n" in text else ""
    if settings.command:
        return _run_command(text, settings, report)
    return _run_pcpp(text, settings, report)


def _run_pcpp(text: str, settings: Settings, report: IO[str]) -> str:
    from ring3.trace.dtrace.preprocessor import Preprocessor  # noqa: PLC0415 - costs 30 ms that -C alone pays

    preprocessor = Preprocessor(report)
    for define in (*settings.predefined, *settings.defines):
        name, equals, value = define.partition("=")
        preprocessor.define(f"{name} {value if equals else 1}")
    for name in settings.undefines:
        preprocessor.undef(name)
    for directory in (*settings.directories, *sorted(glob(COMPILER_HEADERS))[-1:], *HEADERS):
        preprocessor.add_path(directory)
    preprocessor.list_headers = settings.list_headers
    output = io.StringIO()
    preprocessor.parse(text, "/dev/stdin")
    if not preprocessor.return_code:
        preprocessor.write(output)
    if preprocessor.return_code:
        raise DtraceError("Preprocessor failed to process input program")
    return output.getvalue()


def _run_command(text: str, settings: Settings, report: IO[str]) -> str:
    import subprocess  # noqa: PLC0415 - only -xcpppath needs it

    words = [settings.command]
    words += [f"-D{define}" for define in (*settings.predefined, *settings.defines)]
    words += [f"-U{name}" for name in settings.undefines]
    words += [f"-I{directory}" for directory in settings.directories]
    words += ["-H"] * settings.list_headers
    try:
        done = subprocess.run([*words, "/dev/stdin"], input=text, capture_output=True, text=True, check=False)
    except OSError as error:
        raise DtraceError(f"failed to execute {settings.command}: {error.strerror}") from error
    report.write(done.stderr)
    if done.returncode:
        raise DtraceError("Preprocessor failed to process input program")
    return done.stdout
