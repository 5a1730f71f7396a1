"""The options of a sandbox on command lines: the same in every command that starts a program.

In their long forms only: short letters belong to the tools that a command is like.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ring3.cli.caller import caller_of
from ring3.errors import UserError
from ring3.sandbox import OPTIONS, Option, Sandbox, given, sandbox_of, settings_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ring3.cli.caller import Caller


def add_sandbox(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    _add(parser, "what the program has", [option for option in OPTIONS.values() if not option.of_machine])
    add_machine(parser)


def add_machine(parser: argparse.ArgumentParser) -> None:
    """Declares those of them that a machine has from its boot on."""
    _add(
        parser,
        "what all programs of a machine have",
        [option for option in OPTIONS.values() if option.of_machine],
    )


def _add(parser: argparse.ArgumentParser, title: str, options: Iterable[Option]) -> None:
    add = parser.add_argument_group(title).add_argument
    for option in options:
        if not option.metavar:
            add(option.flag, action="store_true", help=option.help)
        else:
            action = "append" if option.is_repeated else "store"
            add(option.flag, action=action, metavar=option.metavar, help=option.help)


def note_option(options: argparse.Namespace, option: Option, value: str | None) -> None:
    """Notes an option that somebody else has read off a command line.

    Raises:
        UserError: A value is missing.
    """
    if not option.metavar:
        setattr(options, option.name, True)
    elif not value:
        raise UserError(f"{option.flag}: a value is missing")
    elif option.is_repeated:
        setattr(options, option.name, [*getattr(options, option.name, []), value])
    else:
        setattr(options, option.name, value)


def sandbox(options: argparse.Namespace) -> Sandbox:
    """What the options of a command say, over the defaults of the user's files.

    Raises:
        UserError: A value makes no sense.
    """
    found: Sandbox | None = getattr(options, "sandbox", None)
    if found is None:
        values = {name: getattr(options, name, None) for name in OPTIONS}
        found = options.sandbox = sandbox_of(*_defaults(caller_of(options)), ("", values))
    return found


def _defaults(caller: Caller) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the files of a caller say; of what a machine has from its boot on, one that is up is not told.

    Raises:
        UserError: One cannot be read, or says what it cannot.
    """
    for path in settings_files(caller.environment):
        try:
            contents = caller.read(path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue  # none, or none of this user's
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
        from ring3.sandbox import settings  # noqa: PLC0415 - few have such a file

        said, values = settings.read(path, contents)
        if caller.machine_name is not None:
            values = {name: value for name, value in values.items() if not OPTIONS[name].of_machine}
        yield said, values


def require_linux(wanted: Sandbox) -> None:
    """Refuses what programs of Solaris do not have.

    Raises:
        UserError: There is some.
    """
    for option in given(wanted):
        if not option.solaris:
            raise UserError(f"{option.flag} is for programs of Linux")
