"""Files that a command line names and the program does not see: what the user would want to be told."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.vfs import Vfs

NEVER_SHOWN: Final = ("/dev/", "/proc/", "/sys/")
"""What is in these is the machine's own, whatever the host has there."""
MOST: Final = 3
"""Files that one line names."""


def hint(vfs: Vfs, cwd: Dentry, arguments: Iterable[str]) -> str:
    """One line about files of the host that arguments name and the machine does not have; "" if there are none.

    Args:
        vfs: The machine's files.
        cwd: Where the program starts.
        arguments: Its arguments; of ``NAME=PATH`` the path is looked at.
    """
    named = [word if os.path.lexists(word) else word.partition("=")[2] for word in arguments if "/" in word]
    hidden = list(dict.fromkeys(os.path.abspath(word) for word in named if _is_hidden(vfs, cwd, word)))
    if not hidden:
        return ""
    said = hidden[:MOST] + (["others"] if len(hidden) > MOST else [])
    names = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    options = " ".join(f"--bind {shlex.quote(path)}" for path in hidden[:MOST])
    verb, shows = ("is", "shows it") if len(hidden) == 1 else ("are", "shows them")
    return f"{names} {verb} not among the files that the program sees: {options} {shows}"


def _is_hidden(vfs: Vfs, cwd: Dentry, word: str) -> bool:
    path = os.path.abspath(word)
    if not word or path.startswith(NEVER_SHOWN) or not (os.path.isfile(word) or os.path.isdir(word)):
        return False
    try:
        Walk(vfs.root, KERNEL).find(cwd, os.fsencode(word))
    except Errno as error:
        return error.number in (E.ENOENT, E.ENOTDIR)
    return False
