"""What a program needs beside its own file: the interpreter of a script, the libraries of an installation of its own.

A program in ``PREFIX/bin`` that is not one of the system's looks for ``PREFIX/lib`` and, if it is Python, for
``pyvenv.cfg``: so these are shown with it, read-only, and nothing else of PREFIX. A home directory is no such prefix.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.fs.view import SYSTEM, Bind, is_shown, show, show_program

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs

INSTALLED: Final = (b"lib", b"lib64", b"libexec", b"pyvenv.cfg")
MOST_SCRIPTS: Final = 4
"""Scripts that can be each other's interpreters (BINPRM_MAX_RECURSION of fs/exec.c)."""
LINE: Final = 255
"""Bytes of a script that are looked at (BINPRM_BUF_SIZE of include/uapi/linux/binfmts.h)."""


def show_surroundings(vfs: Vfs, path: bytes) -> None:
    """Shows what belongs to a program.

    Args:
        vfs: The machine's files.
        path: The program, an absolute path of the host.
    """
    for _ in range(MOST_SCRIPTS):
        for prefix in {_prefix(path), _prefix(os.path.realpath(path))} - {b""}:
            for name in INSTALLED:
                _show(vfs, os.path.join(prefix, name))
        path = _interpreter(path)
        if not path:
            return
        with suppress(Errno):  # the program will say that it is not there
            show_program(vfs, path)


def _show(vfs: Vfs, path: bytes) -> None:
    if os.path.exists(path) and not is_shown(vfs, path):
        with suppress(Errno):
            show(vfs, Bind(path, path, "ro"))


def _prefix(path: bytes) -> bytes:
    """The directory that a program's installation is in; "" if it is the system's, or none."""
    prefix, folder = os.path.split(os.path.dirname(path))
    top = prefix.split(b"/")[1:2]
    if folder not in (b"bin", b"sbin") or prefix in (b"/", os.path.expanduser(b"~")) or top[0] in SYSTEM:
        return b""
    return prefix


def _interpreter(path: bytes) -> bytes:
    """The interpreter that a script names; "" if it is no script."""
    try:
        with open(path, "rb") as file:
            line = file.read(LINE)
    except OSError:
        return b""
    words = line[2:].split(b"\n")[0].split()
    return words[0] if line[:2] == b"#!" and words and words[0][:1] == b"/" and b"\0" not in words[0] else b""
