"""The terminal of this process while ``ring3 top`` has it: keys one by one, a screen of its own, and back."""

from __future__ import annotations

import os
import select
import signal
import termios
import tty
from types import TracebackType
from typing import Final, Self

from rich.console import Console, RenderableType
from rich.control import Control

from ring3.host_signals import noted

_NOTED: Final = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


class Terminal:
    """The terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._heard, self._told = os.pipe()
        os.set_blocking(self._told, False)
        self._before: list[object] = []

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        for number in _NOTED:
            signal.signal(number, noted)
        self._take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._give_back()
        signal.set_wakeup_fd(-1)
        for number in _NOTED:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._heard)
        os.close(self._told)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        size = self._console.size
        return size.width, size.height

    def show(self, picture: RenderableType) -> None:
        """Shows a picture as large as the screen."""
        width, height = self.size
        options = self._console.options.update(width=width, height=height)
        lines = self._console.render_lines(picture, options, pad=True)[:height]
        with self._console:
            self._console.control(Control.home())
            for number, line in enumerate(lines):
                for segment in line:
                    self._console.out(segment.text, style=segment.style, end="")
                if number + 1 < height:
                    self._console.out("\n", end="")

    def wait(self, seconds: float) -> bytes | None:
        """What keys have sent; b"" if nothing has for so long, or the size has changed; None at the terminal's end."""
        ready, _, _ = select.select([0, self._heard], [], [], max(0.0, seconds))
        if self._heard in ready and signal.SIGTSTP in os.read(self._heard, 4096):
            self._stop()
        if 0 not in ready:
            return b""
        return os.read(0, 4096) or None

    def _take(self) -> None:
        self._before = termios.tcgetattr(0)
        tty.setcbreak(0, termios.TCSADRAIN)
        self._console.set_alt_screen(True)
        self._console.show_cursor(False)

    def _give_back(self) -> None:
        self._console.show_cursor(True)
        self._console.set_alt_screen(False)
        termios.tcsetattr(0, termios.TCSADRAIN, self._before)  # type: ignore[arg-type]

    def _stop(self) -> None:
        """Stops, as Ctrl-Z wants, with the terminal as it was; goes on when the shell lets it."""
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take()
