"""The device /dev/ring3: a program on a machine runs one of Ring3's own tools on that machine.

The program (``solaris/userland/cmd/tool.c``) writes its words and then reads one message at a time: a letter, and
what belongs to it. The tool runs in a `Conversation`; what it wants of its program it says in a message, and waits for
the answer.

===  ===========================================================================================================
o e  bytes for standard output, or the file in its place; for standard error
f a  a path: output goes there from now on, from its start or behind its end; no path: standard output again
i    a path: the contents are wanted; answers ``d`` with a piece each, an empty one at the end, or ``e`` and errno
l    a prompt for a person: a line of standard input is wanted; answers ``d`` and the line, none at the end
k    a number: this process gets SIGKILL; answers ``w``
v    NAME=VALUE: this is in the environment of the programs that are started; NAME: it is in none of theirs
r    words with a NUL behind each: a program to start; answers ``p`` and its number, or ``e`` and errno
s    a command for a shell, which is waited for
w    nothing is wanted but a ``w`` in return: the tool can go on
x    the status: it is over
===  ===========================================================================================================

At any time the program may write ``i``: the user has interrupted it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E, Errno
from ring3.fs.devices import DeviceFile
from ring3.fs.file import WouldBlock
from ring3.fs.readiness import READABLE, WRITABLE
from ring3.kernel.wait import Listening, WaitQueue
from ring3.session.conversation import Conversation

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import Inode

PIECE: Final = 32768
"""Bytes of output in one message, at most."""
_OUTPUT: Final = ("o", "e")


class Interruption(Exception):
    """The user of the program has interrupted the tool."""


class Program:
    """The program that a tool runs for, as the tool sees it.

    Attributes:
        kernel: The kernel of the machine.
        words: What it was called with; the first is the tool's name.
        task: The task that asked.
    """

    def __init__(self, kernel: Any, words: list[str], tell: Callable[[str, bytes], None]) -> None:  # noqa: ANN401
        self.kernel = kernel
        self.words = words
        self.task = kernel.current
        self._tell = tell
        self._conversation: Conversation | None = None

    def join(self, conversation: Conversation) -> None:
        """Says whose turns are taken."""
        self._conversation = conversation

    def tell(self, letter: str, data: bytes = b"") -> None:
        """Sends a message that needs no answer."""
        self._tell(letter, data)

    def wait(self) -> bytes:
        """The next answer.

        Raises:
            Interruption: The user has interrupted the program.
        """
        assert self._conversation is not None
        answer: bytes = self._conversation.wait()
        if answer == b"i":
            raise Interruption
        return answer

    def ask(self, letter: str, data: bytes = b"") -> bytes:
        """Sends a message and waits for its answer.

        Raises:
            OSError: The program answers with an error.
            Interruption: The user has interrupted it.
        """
        self.tell(letter, data)
        answer = self.wait()
        if answer[:1] == b"e":
            number = int(answer[1:])
            raise OSError(number, os.strerror(number))
        return answer[1:]

    def line(self, prompt: str) -> str | None:
        """A line of the program's standard input with its end, None if there are no more.

        Args:
            prompt: What is shown before, if somebody types it.

        Raises:
            Interruption: The user has interrupted the program.
        """
        return self.ask("l", os.fsencode(prompt)).decode("utf-8", "surrogateescape") or None

    def contents(self, path: str) -> bytes:
        """The contents of a file of the program's, or of its standard input for ``-``.

        Raises:
            OSError: As open(2) and read(2).
        """
        pieces = [self.ask("i", os.fsencode(path))]
        while pieces[-1]:
            answer = self.wait()
            if answer[:1] == b"e":
                raise OSError(int(answer[1:]), os.strerror(int(answer[1:])))
            pieces.append(answer[1:])
        return b"".join(pieces)


Tool = Callable[[Program], int]
"""Runs a tool for a program; returns its status."""


class ToolFile(DeviceFile):
    """The device, open: one tool at work, from the first write on."""

    pollable = True

    def __init__(
        self,
        inode: Inode,
        dentry: Dentry,
        flags: int,
        kernel: Any,  # noqa: ANN401 - either system's
        tools: Mapping[str, Tool],
    ) -> None:
        super().__init__(inode, dentry, flags)
        self._kernel = kernel
        self._tools = tools
        self._messages: deque[tuple[str, bytearray]] = deque()
        self._queue = WaitQueue()
        self._conversation: Conversation | None = None

    def read(self, size: int) -> bytes:
        """The next message, as much of it as there is room for output.

        Raises:
            WouldBlock: There is none.
            Errno: EINVAL, there is no room for it.
        """
        if not self._messages:
            raise WouldBlock(self, READABLE)
        letter, data = self._messages[0]
        if letter in _OUTPUT and len(data) >= size > 1:
            taken = bytes(data[: size - 1])
            del data[: size - 1]
        elif len(data) < size:
            taken = bytes(data)
            self._messages.popleft()
        else:
            raise Errno(E.EINVAL)
        return letter.encode() + taken

    def write(self, data: bytes | memoryview) -> int:
        """The program's words at first, then an answer.

        Raises:
            Errno: ENXIO, there is no such tool.
        """
        self._kernel.machine.cpu.rest()  # the tool has a thread of its own
        conversation = self._conversation
        if conversation is None:
            conversation = self._begin(bytes(data))
            conversation.resume()
        else:
            conversation.resume(bytes(data))
        return len(data)

    def _begin(self, data: bytes) -> Conversation:
        words = [os.fsdecode(word) for word in data.removesuffix(b"\0").split(b"\0")]
        tool = self._tools.get(words[0])
        if tool is None:
            raise Errno(E.ENXIO)
        program = Program(self._kernel, words, self._tell)

        def perform(conversation: Conversation) -> None:
            program.join(conversation)
            self._tell("x", b"%d" % tool(program))

        self._conversation = Conversation(perform)
        return self._conversation

    def _tell(self, letter: str, data: bytes) -> None:
        if letter in _OUTPUT and self._messages and self._messages[-1][0] == letter:
            self._messages[-1][1].extend(data)
        else:
            self._messages.append((letter, bytearray(data)))
        self._queue.wake(READABLE)

    def poll(self) -> int:
        """Readable if there is a message."""
        return WRITABLE | (READABLE if self._messages else 0)

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when there may be a message."""
        return self._queue.listen(callback, events)

    def close(self) -> None:
        """The program is gone, and with it the tool."""
        if self._conversation is not None:
            self._kernel.machine.cpu.rest()
            self._conversation.abandon()
        super().close()


def device(kernel: Any, tools: Mapping[str, Tool]) -> Callable[[Inode, Dentry, int], File]:  # noqa: ANN401
    """What opens the device on a kernel.

    Args:
        kernel: The kernel.
        tools: The tools by the names of their programs.
    """
    return lambda inode, dentry, flags: ToolFile(inode, dentry, flags, kernel, tools)
