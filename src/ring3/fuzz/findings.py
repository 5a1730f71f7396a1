"""What is kept of a fuzzing campaign, in a folder: inputs that reached something new, crashed or hung."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import Sig
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.python.crash import Crash

_FRAMES: Final = 5
_MOST_HANGS: Final = 100


class Findings:
    """The folder.

    Attributes:
        crashes: How many different ones there are.
        hangs: How many inputs hung.
    """

    def __init__(self, folder: str, repeat: Callable[[str], Sequence[str]]) -> None:
        """Makes the folder.

        Args:
            folder: Its path.
            repeat: The words of the command that runs the program again with the input of a file.

        Raises:
            UserError: It cannot be made.
        """
        self._folder = folder
        self._repeat = repeat
        self._known = set[object]()
        self.crashes = self.hangs = self._inputs = 0
        for kind in ("queue", "crashes", "hangs"):
            try:
                os.makedirs(os.path.join(folder, kind), exist_ok=True)
            except OSError as error:
                raise UserError(f"{error.filename}: {error.strerror}", 1) from None

    def keep(self, data: bytes) -> None:
        """Keeps an input that reached something new."""
        self._write("queue", f"{self._inputs:06}", data)
        self._inputs += 1

    def hang(self, data: bytes) -> None:
        """Keeps one that hung, of the first ones."""
        if self.hangs < _MOST_HANGS:
            self._write("hangs", f"{self.hangs:06}", data)
        self.hangs += 1

    def crash(self, data: bytes, crash: Crash) -> str | None:
        """Keeps one that crashed, with the report and the command that repeats it.

        Returns:
            Its file; None if another one crashed at the same place before.
        """
        key = crash.signal, *(crash.frames[:_FRAMES] or (crash.key,))
        if key in self._known:
            return None
        self._known.add(key)
        place = re.sub(r"[^\w.+-]", "_", crash.place or f"{crash.registers['rip']:#x}")
        path = self._write("crashes", f"{self.crashes:03}-{Sig(crash.signal).name}-{place}", data)
        command = shlex.join(self._repeat(path))
        self._write("crashes", os.path.basename(path) + ".txt", f"{command}\n\n{crash}\n".encode())
        self.crashes += 1
        return path

    def _write(self, kind: str, name: str, data: bytes) -> str:
        path = os.path.join(self._folder, kind, name)
        try:
            with open(path, "wb") as file:
                file.write(data)
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}", 1) from None
        return path
