"""Who is asked about calls that a filter does not decide itself (struct notification of kernel/seccomp.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.kinds import IntEnum, NamedTuple
from ring3.fs.readiness import POLLHUP, READABLE, WRITABLE
from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Stage(IntEnum):
    """How far a question has come."""

    ASKED = 0
    READ = 1
    ANSWERED = 2


class Reply(NamedTuple):
    """An answer.

    Attributes:
        value: What the call returns.
        error: Its error, negative, or 0.
        goes_on: The call is made after all.
    """

    value: int
    error: int
    goes_on: bool = False


class Question:
    """A call that waits for an answer.

    Attributes:
        number: What it is called.
        task: Who makes the call.
        data: ``struct seccomp_data`` of the call.
        stage: How far it has come.
        reply: The answer, once there is one.
        answered: Woken then.
    """

    def __init__(self, number: int, task: LinuxTask, data: bytes) -> None:
        self.number = number
        self.task = task
        self.data = data
        self.stage = Stage.ASKED
        self.reply: Reply | None = None
        self.answered = WaitQueue()


class Listener:
    """What a filter and the descriptor of its listener share.

    Attributes:
        questions: Those that are not over, in the order of their numbers.
        waiters: Woken when there is something new to read, or to answer.
        spares_readers: A question that was read goes on whatever signals come, but for those that end its task.
        closed: Nobody listens any more.
        users: How many threads have the filter.
    """

    def __init__(self, first: int, *, spares_readers: bool) -> None:
        self.questions: list[Question] = []
        self.waiters = WaitQueue()
        self.spares_readers = spares_readers
        self.closed = False
        self.users = 0
        self._next = first

    def ask(self, task: LinuxTask, data: bytes) -> Question:
        """A new question."""
        question = Question(self._next, task, data)
        self._next = self._next + 1 & (1 << 64) - 1
        self.questions.append(question)
        self.waiters.wake(READABLE)
        return question

    def find(self, number: int) -> Question | None:
        """A question that is not over."""
        return next((one for one in self.questions if one.number == number), None)

    def unread(self) -> Question | None:
        """The first question that nobody has read."""
        return next((one for one in self.questions if one.stage is Stage.ASKED), None)

    def answer(self, question: Question, reply: Reply) -> None:
        """Lets the one who asks go on."""
        question.reply, question.stage = reply, Stage.ANSWERED
        question.answered.wake()

    def drop(self, question: Question) -> None:
        """A question is over."""
        if question in self.questions:
            self.questions.remove(question)

    def leave(self) -> None:
        """A thread that has the filter has ended."""
        self.users -= 1
        if not self.users:
            self.waiters.wake(POLLHUP | READABLE)

    def poll(self) -> int:
        """What there is to do."""
        unread = READABLE if self.unread() is not None else 0
        read = WRITABLE if any(one.stage is Stage.READ for one in self.questions) else 0
        return unread | read | (0 if self.users else POLLHUP)
