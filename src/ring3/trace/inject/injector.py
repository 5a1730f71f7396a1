"""Does to calls what rules say, as an observer of them.

The last rule that a call meets is the one that counts, as with strace(1); rules about other moments or arguments of the
same call stand beside each other. Memory is written and arguments are changed before whoever was attached later looks
at the call, and at its end before those who were attached earlier do: so a trace shows what the program sees.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from types import CoroutineType
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.abi.meaning import Meaning
from ring3.abi.signals import SiCode
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver, ObservedCoroutine, Value
from ring3.kernel.wait import UNTIL_READY, Bound, Timeout
from ring3.kernel.watched_stubs import StubCall, WatchedStub
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals.send import do_send_sig_info, is_dying
from ring3.trace.called import bits_of, name_of, row_of
from ring3.trace.inject.rule import Poke, Rule

if TYPE_CHECKING:
    from ring3.kernel.task import Task
    from ring3.linux.kernel import LinuxKernel


class Done(IntFlag):
    """What was done to a call, in its notes under `DONE`."""

    RESULT = 1
    ARGUMENTS = 2
    DELAY = 4
    VALUE = 8
    """The result is a value that was chosen, and no error even if it looks like one."""


DONE: Final = "injected"
"""The key of a call's notes."""
_KNOWN: Final = {int(error): error for error in E}


class Injector(CallObserver):
    """Applies rules to the calls of some tasks.

    Attributes:
        seed: What chance is taken from.
    """

    def __init__(
        self,
        kernel: LinuxKernel,
        rules: Iterable[Rule],
        seed: int = 0,
        concerns: Callable[[Task], bool] = lambda task: True,
    ) -> None:
        """Begins to change calls.

        Args:
            kernel: Whose calls.
            rules: The rules; of several for one call the last counts.
            seed: What chance (`Rule.probability`) is taken from.
            concerns: Whose calls are changed; by default everybody's.
        """
        self._concerns = concerns
        self._kernel = kernel
        self._rules = tuple(rules)[::-1]
        self._counts: dict[tuple[int, Rule, str, int], int] = {}
        self._random = random.Random(seed)
        self._attachments = [kernel.probes.attach(points.SystemCall(), self)]

    def close(self) -> None:
        """Changes calls no more."""
        while self._attachments:
            self._attachments.pop().detach()

    def at_end(self) -> CallObserver:
        """The observer of calls' ends; it is to be attached after whoever shows calls."""
        end = _AtEnd()
        self._attachments.append(self._kernel.probes.attach(points.SystemCall(), end))
        return end

    def entry(self, call: Call) -> None:
        """Finds the rule that counts and does what can be done before the call."""
        assert isinstance(call, StubCall)
        if call.task is None or not self._concerns(call.task):
            return
        name, bits = name_of(call), bits_of(call)
        chosen = None
        for rule in self._rules:
            if rule.calls(name, bits) and (rule.condition is None or rule.condition(call)):
                key = (call.task.tid, rule, name, bits)
                count = self._counts[key] = self._counts.get(key, 0) + 1
                if chosen is None and rule.moments.include(count) and self._happens(rule):
                    chosen = rule
        if chosen is not None:
            self._apply(call, chosen)

    def _happens(self, rule: Rule) -> bool:
        return rule.probability >= 1 or self._random.random() < rule.probability

    def _apply(self, call: StubCall, rule: Rule) -> None:
        task = call.task
        assert isinstance(task, LinuxTask)
        done = Done(0)
        if rule.poke_enter and _poke(call, rule.poke_enter):
            done |= Done.ARGUMENTS
        for at, value in rule.arguments:
            if at < len(call.arguments):
                call.arguments[at] = value & call.what.mask
                done |= Done.ARGUMENTS
        if rule.short is not None and _shorten(call, rule.short):
            done |= Done.ARGUMENTS
        if rule.function is not None:
            rule.function(call)
        if rule.signal:
            info = SigInfo(rule.signal, int(SiCode.SI_KERNEL))
            do_send_sig_info(task.process, task, info)
        if rule.error or rule.value is not None or rule.instead:
            done |= Done.RESULT if rule.error or rule.value is not None else Done(0)
            done |= Done.VALUE if rule.value is not None and not rule.error else Done(0)
            self._answer(call, rule)
        if rule.delay_enter or rule.delay_exit:
            done |= Done.DELAY
            _delay(call, task, rule)
        call.notes[DONE] = done
        call.notes[_AtEnd] = rule.poke_exit

    def _answer(self, call: StubCall, rule: Rule) -> None:
        """Has another call made, or none, and its result replaced."""
        kernel, regs, number = self._kernel, call.regs, call.number
        pure = _stub_of(kernel, rule.instead, call.what.abi) if rule.instead else None

        def target(*_arguments: Value) -> Value:
            value = pure(call.task, regs, number) if pure is not None else 0
            if rule.error:
                if rule.error not in _KNOWN:
                    return -rule.error
                raise Errno(_KNOWN[rule.error])
            return value if rule.value is None else _as_result(rule.value, call)

        call.target = target


class _AtEnd(CallObserver):
    """Writes what is written at the end of calls."""

    def returned(self, call: Call) -> None:
        assert isinstance(call, StubCall)
        pokes = call.notes.get(_AtEnd)
        if pokes and _poke(call, pokes):
            call.notes[DONE] |= Done.ARGUMENTS


def _as_result(value: int, call: StubCall) -> int:
    """A value as what the call returns: of 32-bit programs the low half, with its sign."""
    bits = bits_of(call)
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _poke(call: StubCall, pokes: Iterable[Poke]) -> bool:
    """Writes to where arguments point to, even if the program may not (ptrace(2)); whether anything was written."""
    assert call.task is not None
    written = False
    for poke in pokes:
        if poke.argument < len(call.arguments):
            try:
                call.task.memory.poke(call.arguments[poke.argument], poke.data)
            except Errno:
                continue
            written = True
    return written


def _shorten(call: StubCall, size: int) -> bool:
    """Has a call transfer fewer bytes: the argument that says how many is lowered."""
    row = row_of(call.what.symbol, name_of(call))
    for at, parameter in enumerate(row.parameters if row else ()):
        if parameter.arg.meaning is Meaning.SIZE and parameter.arg.when is None:
            if call.arguments[at] > size:
                call.arguments[at] = size
                return True
            return False
    return False


def _stub_of(kernel: LinuxKernel, name: str, abi: str) -> Value:
    """What is behind the stub of a call, by its name in a table."""
    found: Value = next(
        kernel.stubs[address]
        for address, row in kernel.stub_rows().items()
        if row.abi == abi and name in row.names
    )
    while isinstance(found, WatchedStub):  # who watches is told of the call that the program makes
        found = found.inner
    return found


def _delay(call: StubCall, task: LinuxTask, rule: Rule) -> None:
    """Has a call held up before it is made, after it, or both."""
    inner = StubCall(call.what, task, call.regs, call.number, call.inner)
    inner.arguments[:] = call.arguments
    inner.target = call.target

    async def late(*_arguments: Value) -> Value:
        await _held(task, rule.delay_enter)
        inner.regs = task.regs  # the CPU's own are another task's meanwhile
        try:
            value = inner.make()
            if value.__class__ is not int and isinstance(value, (CoroutineType, ObservedCoroutine)):
                value = await value
        except Errno:
            await _held(task, rule.delay_exit)
            raise
        await _held(task, rule.delay_exit)
        return value

    call.target = late


async def _held(task: LinuxTask, nanoseconds: int) -> None:
    """Has a task wait, which no signal ends but one that kills."""
    if not nanoseconds:
        return
    timeout = Timeout(task, task.kernel.clocks.monotonic() + nanoseconds)
    try:
        with Bound(task):
            while not timeout.passed and not is_dying(task):
                await UNTIL_READY
    finally:
        timeout.cancel()
