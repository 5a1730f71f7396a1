"""A tool that runs while the machine does: in a thread of its own, but never at the same time as the kernel.

The two take turns, as coroutines do: whoever resumes the tool waits until it wants something or is over, and a tool
that wants something waits until it is resumed with an answer. So a tool is written as if it could wait, and looks at
and changes the machine as if nothing else went on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn


class Abandoned(BaseException):
    """The program that the tool runs for is gone: the tool unwinds."""


class Conversation:
    """One tool, and the turns that it and the kernel take.

    Attributes:
        over: The tool has come to its end.
    """

    def __init__(self, perform: Callable[[Conversation], None]) -> None:
        """Prepares a tool; it begins when it is resumed for the first time."""
        self.over = False
        self._perform = perform
        self._to_tool, self._to_kernel = threading.Semaphore(0), threading.Semaphore(0)
        self._answer: Any = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="ring3-tool", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._to_tool.acquire()
        try:
            if not isinstance(self._answer, Abandoned):
                self._perform(self)
        except Abandoned:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised again in the kernel's turn
            self._failure = error
        finally:
            self.over = True
            self._to_kernel.release()

    def resume(self, answer: object = None) -> None:
        """Lets the tool go on until it waits again or is over; what it does not catch is raised here.

        Args:
            answer: What `wait` returns to the tool, or raises if it is an exception.
        """
        if self.over:
            return
        self._answer = answer
        self._to_tool.release()
        self._to_kernel.acquire()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def wait(self) -> Any:  # noqa: ANN401 - whatever the other side answers
        """For the tool: lets the machine go on until somebody answers."""
        self._to_kernel.release()
        self._to_tool.acquire()
        answer = self._answer
        if isinstance(answer, BaseException):
            self._raise(answer)
        return answer

    @staticmethod
    def _raise(error: BaseException) -> NoReturn:
        raise error

    def abandon(self) -> None:
        """Ends the tool, wherever it waits."""
        self.resume(Abandoned())
