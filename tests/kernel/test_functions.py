"""Kernel functions by name: what a table has, and who watches what it has."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from types import coroutine
from typing import Any, cast

import pytest

from ring3.abi.errno import E, Errno
from ring3.kernel import functions
from ring3.kernel.functions import LINUX, RUNNING, FunctionTable, KernelFunction, function
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import TaskExited
from ring3.kernel.watched_functions import unwatch, watch


class OneKernel:
    """All that a trampoline asks of a kernel."""

    current = "the task"

    def __init__(self) -> None:
        self.tasks: dict[int, SleepingTask] = {}


class SleepingTask:
    """All that it asks of a task that waits."""

    def __init__(self, pending: object) -> None:
        self.pending: Any = pending


KERNEL = cast(Any, OneKernel())


@coroutine
def turn() -> Generator[str, None, None]:
    yield "waits"


def add(a: int, b: int = 1) -> int:
    if a < 0:
        raise Errno(E.EINVAL)
    return a + b


async def slow(a: int) -> int:
    await turn()
    if a < 0:
        raise Errno(E.EINTR)
    return a


async def outer(a: int) -> int:
    return await slow(a) + 1


ADD, SLOW, OUTER = (KernelFunction(made.__name__, "test", made) for made in (add, slow, outer))


class Noting(CallObserver):
    """Writes down all it is told."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def note(self, what: str, call: Call) -> None:
        self.log.append(f"{self.name} {what} {call.what.name}{' begun before' * call.begun_before}")

    def entry(self, call: Call) -> None:
        self.note("entry", call)

    def wait(self, call: Call) -> None:
        self.note("wait", call)

    def resume(self, call: Call) -> None:
        self.note("resume", call)

    def returned(self, call: Call) -> None:
        self.note(f"{call.error or call.value}", call)

    def left(self, call: Call) -> None:
        self.note("left", call)


@pytest.fixture(autouse=True)
def running() -> Iterator[None]:
    RUNNING.kernel = KERNEL
    yield
    RUNNING.kernel = None


def test_a_row_is_found_by_key_or_by_name_where_that_is_enough() -> None:
    table = FunctionTable[KernelFunction]("vmlinux")
    rows = [
        KernelFunction(name, module, add)
        for name, module in (("a", "vmlinux"), ("b", "x"), ("a", "x"), ("c", "x"), ("c", "y"))
    ]
    for row in rows:
        table.add(row)
    assert (table["vmlinux`a"], table["a"], table["x`a"], table["b"]) == (rows[0], rows[0], rows[2], rows[1])
    for name in ("c", "d", "z`a"):
        with pytest.raises(KeyError):
            table[name]
    with pytest.raises(ValueError, match="x`b is defined already"):
        table.add(rows[1])
    copy = table.copy()
    copy.add(KernelFunction("d", "x", add))
    assert (len(table), len(copy)) == (5, 6)


def test_the_decorator_gives_the_function_back_and_keeps_what_is_said_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(functions, "LINUX", LINUX.copy())

    def vfs_sample(count: int) -> int:
        return count

    made = function("ssize_t vfs_sample(size_t count)", calls={"rw_verify_area": 0x1D})(vfs_sample)
    assert made is vfs_sample
    row = functions.LINUX["vfs_sample"]
    assert (row.key, row.signature, row.calls, row.function) == (
        "vmlinux`vfs_sample", "ssize_t vfs_sample(size_t count)", {"rw_verify_area": 0x1D}, vfs_sample,
    )  # fmt: skip
    with pytest.raises(ValueError, match="not a declaration of vfs_sample"):
        function("int vfs_other(void)")(vfs_sample)


def test_two_watch_one_function_and_leave_in_any_order() -> None:
    log: list[str] = []
    code = add.__code__
    first, second = Noting("1", log), Noting("2", log)
    watch(KERNEL, ADD, first)
    assert add(1) == 2
    watch(KERNEL, ADD, second)
    assert add(1, b=2) == 3
    unwatch(KERNEL, ADD, first)
    with pytest.raises(Errno):
        add(-1)
    unwatch(KERNEL, ADD, second)
    assert add(5) == 6
    assert log == [
        "1 entry add", "1 2 add",
        "1 entry add", "2 entry add", "2 3 add", "1 3 add",
        "2 entry add", "2 EINVAL (Invalid argument) add",
    ]  # fmt: skip
    assert add.__code__ is code


def test_other_kernels_and_no_kernel_see_nothing() -> None:
    log: list[str] = []
    noting = Noting("1", log)
    watch(KERNEL, ADD, noting)
    RUNNING.kernel = cast(Any, OneKernel())
    assert add(1) == 2
    RUNNING.kernel = None
    assert add(1) == 2
    unwatch(KERNEL, ADD, noting)
    assert log == []


def test_an_observer_changes_arguments_result_and_errors() -> None:
    class Changing(CallObserver):
        def entry(self, call: Call) -> None:
            call.arguments[0] *= 10
            if call.arguments[0] == 20:
                call.answer(77)
            if call.arguments[0] == 30:
                call.fail(E.EIO)

        def returned(self, call: Call) -> None:
            if call.value == 77:
                call.value = 78
            if isinstance(call.error, Errno) and call.error.number is E.EINVAL:
                call.error, call.value = None, 0

    changing = Changing()
    watch(KERNEL, ADD, changing)
    try:
        assert (add(1), add(2), add(-1)) == (11, 78, 0)
        with pytest.raises(Errno, match="EIO"):
            add(3)
    finally:
        unwatch(KERNEL, ADD, changing)


def test_a_coroutine_tells_that_it_waits_and_goes_on() -> None:
    log: list[str] = []
    noting = Noting("1", log)
    for row in (SLOW, OUTER):
        watch(KERNEL, row, noting)
    running = outer(4)
    assert running.send(None) == "waits"
    with pytest.raises(StopIteration) as done:
        running.send(None)
    assert done.value.value == 5
    interrupted = outer(-1)
    interrupted.send(None)
    with pytest.raises(Errno, match="EINTR"):
        interrupted.send(None)
    given_up = outer(1)
    given_up.send(None)
    given_up.close()
    for row in (SLOW, OUTER):
        unwatch(KERNEL, row, noting)
    begins = ["1 entry outer", "1 entry slow", "1 wait slow", "1 wait outer"]
    assert log == [
        *begins, "1 resume outer", "1 resume slow", "1 4 slow", "1 5 outer",
        *begins, "1 resume outer", "1 resume slow",
        "1 EINTR (Interrupted system call) slow", "1 EINTR (Interrupted system call) outer",
        *begins, "1 left slow", "1 left outer",
    ]  # fmt: skip


def test_who_comes_while_a_call_waits_is_told_of_the_rest_of_it() -> None:
    log: list[str] = []
    first, second = Noting("1", log), Noting("2", log)
    watch(KERNEL, SLOW, first)
    running = slow(4)
    running.send(None)
    watch(KERNEL, SLOW, second)
    unwatch(KERNEL, SLOW, first)
    with pytest.raises(StopIteration):
        running.send(None)
    unwatch(KERNEL, SLOW, second)
    assert log == ["1 entry slow", "1 wait slow", "2 resume slow begun before", "2 4 slow begun before"]


@pytest.mark.parametrize("row", [SLOW, OUTER])
def test_the_first_who_comes_while_a_call_waits_is_told_of_the_rest_too(row: KernelFunction) -> None:
    log: list[str] = []
    task = SleepingTask(outer(4))
    task.pending.send(None)
    KERNEL.tasks[1] = task
    noting = Noting("1", log)
    try:
        watch(KERNEL, row, noting)
    finally:
        del KERNEL.tasks[1]
    with pytest.raises(StopIteration) as done:
        task.pending.send(None)
    unwatch(KERNEL, row, noting)
    assert done.value.value == 5
    name = row.name
    assert log == [f"1 resume {name} begun before", f"1 None {name} begun before"], (
        "what it returned is not known"
    )


def test_a_coroutine_that_is_answered_can_still_be_awaited() -> None:
    class Answering(CallObserver):
        def entry(self, call: Call) -> None:
            call.answer(9)

    answering = Answering()
    watch(KERNEL, SLOW, answering)
    try:
        with pytest.raises(StopIteration) as done:
            outer(1).send(None)
        assert done.value.value == 10
    finally:
        unwatch(KERNEL, SLOW, answering)


def test_a_function_that_ends_its_task_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def do_exit() -> None:
        raise TaskExited

    row, log = KernelFunction("do_exit", "test", do_exit), list[str]()
    noting = Noting("1", log)
    watch(KERNEL, row, noting)
    with pytest.raises(TaskExited):
        do_exit()
    unwatch(KERNEL, row, noting)
    assert log == ["1 entry do_exit", "1 left do_exit"]
