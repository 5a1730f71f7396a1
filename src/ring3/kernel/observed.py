"""A call that somebody watches: what its observers are told and when, and what they may change.

A call begins with its entry. A coroutine then may *wait* and be *resumed*, any number of times. It *returns*, with a
value or with an error; or it is *left*, without either, because its task has ended. Whoever comes while it waits is
told of what is still to come, with `Call.begun_before` set.

Observers are asked in the order in which they came, at the end in the reverse order: the first one is the outermost.
One whom another takes off when both are about to be told is told no more.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from types import CodeType, CoroutineType, TracebackType
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E, Errno, ErrorNumber

if TYPE_CHECKING:
    from ring3.kernel.task import Task

INTERRUPTED: Final = frozenset((E.EINTR, 512, 513, 514, 516))
"""EINTR and Linux's private codes for a call to be made again (ERESTARTSYS and its like, include/linux/errno.h)."""

Value = Any
"""Whatever the watched functions take and give."""


class Call:
    """One call, from its entry to its end.

    Attributes:
        what: The row of the function or system call.
        task: Who makes it; None outside of any task.
        arguments: By position; an observer may change them at entry.
        keywords: By name.
        target: What is called with them; an observer may put another function there at entry.
        value: What it returned; an observer may change it at the end.
        error: What it raised instead, None if it returned; an observer may set or clear it at the end.
        begun_before: It had begun before the observer came that is told of it now; its arguments are unknown then.
    """

    __slots__ = (
        "_notes", "arguments", "begun_before", "error", "keywords", "observers", "target", "task", "value", "what"
    )  # fmt: skip

    def __init__(
        self,
        what: Value,
        task: Task | None,
        arguments: list[Any],
        keywords: Mapping[str, Any],
        target: Callable[..., Any] | None,
    ) -> None:
        self.what = what
        self.task = task
        self.arguments = arguments
        self.keywords = keywords
        self.target = target
        self.value: Value = None
        self.error: BaseException | None = None
        self.begun_before = False
        self._notes: dict[object, Any] | None = None
        self.observers: tuple[CallObserver, ...] = ()

    @property
    def notes(self) -> dict[object, Any]:
        """For observers, which keep here what they need again at the end."""
        if self._notes is None:
            self._notes = {}
        return self._notes

    @property
    def has_notes(self) -> bool:
        """Whether an observer has left a note."""
        return self._notes is not None

    def make(self) -> Value:
        """Makes it, as the observers want it."""
        assert self.target is not None
        return self.target(*self.arguments, **self.keywords)

    def answer(self, value: Value) -> None:
        """Makes the call return a value without being made; at entry."""
        self.target = lambda *_arguments, **_keywords: value

    def fail(self, error: ErrorNumber) -> None:
        """Makes the call fail without being made; at entry."""

        def failing(*_arguments: Value, **_keywords: Value) -> Value:
            raise Errno(error)

        self.target = failing

    @property
    def interrupted(self) -> bool:
        """It gave up because of a signal."""
        return isinstance(self.error, Errno) and self.error.number in INTERRUPTED


class CallObserver:
    """Who is told of calls: a subclass has those of these methods that it needs, and pays for no other."""

    def of(self, what: Value) -> CallObserver | None:
        """Who is told of the calls of one row, where this observer comes to many: None for nobody."""
        return self

    def entry(self, call: Call) -> None:
        """The call begins."""

    def wait(self, call: Call) -> None:
        """It waits: other tasks run."""

    def resume(self, call: Call) -> None:
        """It goes on after it has waited."""

    def returned(self, call: Call) -> None:
        """It ends with a value or an error."""

    def left(self, call: Call) -> None:
        """It ends without either, with its task."""


_Told = Callable[[Call], None]


class Observers:
    """All who watch one function or call in one kernel.

    They are sorted by what they want to be told when something is told first: who watches everything watches 800 calls,
    of which a program makes ten.
    """

    __slots__ = ("_all", "_entries", "_is_sorted", "_lefts", "_resumes", "_returns", "_waits")

    def __init__(self) -> None:
        self._all: tuple[CallObserver, ...] = ()
        self._is_sorted = False

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, observer: CallObserver) -> None:
        """One more, who is told last of entries."""
        self._all = (*self._all, observer)
        self._is_sorted = False

    def remove(self, observer: CallObserver) -> None:
        """One less."""
        kept = list(self._all)
        kept.remove(observer)
        self._all = tuple(kept)
        self._is_sorted = False

    def _sort(self) -> None:
        if self._is_sorted:
            return
        self._is_sorted = True

        def those_with(name: str) -> list[tuple[CallObserver, _Told]]:
            return [
                (observer, getattr(observer, name))
                for observer in self._all
                if getattr(type(observer), name) is not getattr(CallObserver, name)
            ]

        self._entries = those_with("entry")
        self._waits = those_with("wait")
        self._resumes = those_with("resume")
        self._returns = those_with("returned")[::-1]
        self._lefts = those_with("left")[::-1]

    def _begin(self, call: Call) -> tuple[CallObserver, ...]:
        """Tells of an entry those who watch, which it gives."""
        if not self._is_sorted:
            self._sort()
        call.observers = everybody = self._all
        for observer, told in self._entries:
            if self._all is everybody or observer in self._all:
                told(call)
        return everybody

    def make(self, call: Call) -> Value:
        """Makes a call: what it returns, which for a coroutine is one that tells the observers what becomes of it."""
        everybody = self._begin(call)
        try:
            value = call.make()
        except Exception as error:  # noqa: BLE001 -- it is raised again
            call.error = error
            return self._end(call)
        except BaseException:
            self._sort()
            self._tell(self._lefts, call)
            raise
        if value.__class__ is not int and isinstance(value, (CoroutineType, ObservedCoroutine)):
            return ObservedCoroutine(self, call, value)
        call.value = value
        if self._all is not everybody:
            return self._end(call)
        for observer, told in self._returns:
            if self._all is everybody or observer in self._all:
                told(call)
        if call.error is not None:
            raise call.error
        return call.value

    def _tell(self, told: list[tuple[CallObserver, _Told]], call: Call) -> None:
        for observer, tell in told:
            if observer in self._all:
                call.begun_before = observer not in call.observers
                tell(call)

    def _end(self, call: Call) -> Value:
        self._sort()
        self._tell(self._returns, call)
        if call.error is not None:
            raise call.error
        return call.value

    # -- what a coroutine tells ----------------------------------------------------------------------------------

    def waits(self, call: Call) -> None:
        """A coroutine waits."""
        self._sort()
        self._tell(self._waits, call)

    def resumes(self, call: Call) -> None:
        """It goes on."""
        self._sort()
        self._tell(self._resumes, call)

    def ends(self, call: Call, value: Value, error: Exception | None) -> Value:
        """It returns a value or raises an error: what becomes of that."""
        call.value, call.error = value, error
        return self._end(call)

    def leaves(self, call: Call) -> None:
        """It will not go on."""
        self._sort()
        self._tell(self._lefts, call)


class ObservedCoroutine:
    """A coroutine whose progress is told; for who awaits it or runs it, it is one like any other.

    Attributes:
        call: The call it is of.
        inner: The coroutine itself.
    """

    __slots__ = ("_has_waited", "_is_over", "_observers", "call", "inner")

    def __init__(
        self, observers: Observers, call: Call, inner: CoroutineType[Any, Any, Any] | ObservedCoroutine
    ) -> None:
        self._observers = observers
        self._has_waited = False
        self._is_over = False
        self.call = call
        self.inner = inner

    @classmethod
    def sleeping(
        cls, observers: Observers, call: Call, inner: CoroutineType[Any, Any, Any] | ObservedCoroutine
    ) -> ObservedCoroutine:
        """For a call that waits already, and had no observer when it began."""
        found = cls(observers, call, inner)
        found._has_waited = True
        return found

    def send(self, value: Value) -> Value:
        """Runs it until it waits or ends, as a coroutine's own does."""
        return self._go(lambda: self.inner.send(value))

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | object = None,
        where: TracebackType | None = None,
    ) -> Value:
        """Raises an exception in it, as a coroutine's own does."""
        return self._go(lambda: self.inner.throw(kind if isinstance(kind, BaseException) else kind(value)))

    def close(self) -> None:
        """Ends it where it waits."""
        self.inner.close()
        self._leave()

    def _go(self, run: Callable[[], Value]) -> Value:
        if self._has_waited:
            self._observers.resumes(self.call)
        try:
            awaited = run()
        except StopIteration as done:
            value, error = done.value, None
        except Exception as raised:  # noqa: BLE001 -- it is raised again
            value, error = None, raised
        except BaseException:
            self._leave()
            raise
        else:
            self._has_waited = True
            self._observers.waits(self.call)
            return awaited
        self._is_over = True
        raise StopIteration(self._observers.ends(self.call, value, error))

    def _leave(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._observers.leaves(self.call)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def __iter__(self) -> ObservedCoroutine:
        return self

    def __next__(self) -> Value:
        return self.send(None)


class SleepingFunction:
    """A coroutine with a function in it that waits already, and is watched only now: tells how that goes on.

    It stands in for the whole coroutine, of which the function is a part, and cannot know what the function returns.
    """

    def __init__(self, observers: Observers, call: Call, whole: Value, code: CodeType) -> None:
        self._observers = observers
        self._call = call
        self._part = next(step for step, _ in steps_of(whole) if step.cr_code is code)
        self._is_over = False
        self.inner = whole

    def send(self, value: Value) -> Value:
        """Runs it until it waits or ends, as a coroutine's own does."""
        return self._go(lambda: self.inner.send(value))

    def throw(self, *error: Value) -> Value:
        """Raises an exception in it, as a coroutine's own does."""
        return self._go(lambda: self.inner.throw(*error))

    def close(self) -> None:
        """Ends it where it waits."""
        self.inner.close()
        if not self._is_over:
            self._is_over = True
            self._observers.leaves(self._call)

    def _go(self, run: Callable[[], Value]) -> Value:
        if not self._is_over:
            self._observers.resumes(self._call)
        try:
            return run()
        finally:
            if not self._is_over:
                self._is_over = self._part.cr_frame is None
                if self._is_over:
                    self._observers.ends(self._call, None, None)
                else:
                    self._observers.waits(self._call)


def steps_of(coroutine: Value) -> Iterator[tuple[CoroutineType[Any, Any, Any], bool]]:
    """The coroutines that wait for each other, from the outermost, each with whether it is observed."""
    step, observed = coroutine, False
    while step is not None:
        if isinstance(step, ObservedCoroutine | SleepingFunction):
            observed = isinstance(step, ObservedCoroutine)
            step = step.inner
        elif isinstance(step, CoroutineType):
            yield step, observed
            step, observed = step.cr_await, False
        else:
            return
