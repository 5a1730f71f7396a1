"""``ring3 completion``: prints what has a shell complete the words of ``ring3``, made from the parsers themselves."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from ring3.cli.caller import caller_of
from ring3.cli.completion_scripts import bash, fish, zsh

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ring3.cli.completed import Command

SHELLS: Final[dict[str, Callable[[Sequence[Command]], str]]] = {"bash": bash, "zsh": zsh, "fish": fish}
EPILOG: Final = """\
bash: eval "$(ring3 completion bash)" in ~/.bashrc
zsh:  ring3 completion zsh > "${fpath[1]}/_ring3", then start another zsh
fish: ring3 completion fish > ~/.config/fish/completions/ring3.fish
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    from ring3.cli.main import RawFormatter  # noqa: PLC0415 - it imports this module

    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.add_argument("shell", choices=tuple(SHELLS), help="for which shell")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints the script; returns 0."""
    from ring3.cli.completed import commands  # noqa: PLC0415 - imports all commands

    print(SHELLS[options.shell](commands()), end="", file=caller_of(options).stdout)
    return 0
