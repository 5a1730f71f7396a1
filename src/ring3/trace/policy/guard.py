"""Holds programs to a policy: an observer that looks at each call before it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver, Value
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.model.signal_state import DEFAULT
from ring3.linux.model.task import LinuxTask
from ring3.linux.tasks.exit import do_group_exit
from ring3.trace.called import name_of, row_of
from ring3.trace.inject.conditions import addresses_of
from ring3.trace.policy.paths import real_paths
from ring3.trace.policy.rules import Action, Verdict

if TYPE_CHECKING:
    from ring3.linux.kernel import LinuxKernel

_KNOWN: Final = {int(error): error for error in E}


class Decides(Protocol):
    """A policy, or anything else that decides about calls."""

    def decide(self, call: StubCall, /) -> Verdict:
        """What becomes of a call."""


class Guard(CallObserver):
    """Asks a policy about every call of a machine.

    Attributes:
        refused: How many calls were denied or ended their process.
    """

    def __init__(
        self,
        kernel: LinuxKernel,
        policy: Decides,
        tell: Callable[[str], object],
        ask: Callable[[str], bool] = lambda _question: False,
    ) -> None:
        """Begins to hold programs to a policy.

        Args:
            kernel: Whose programs.
            policy: What decides.
            tell: Takes a line about a call that is refused or logged.
            ask: Asks the user whether a call is to be made; the machine waits.
        """
        self.refused = 0
        self._policy = policy
        self._tell = tell
        self._ask = ask
        kernel.probes.attach(points.SystemCall(), self)

    def entry(self, call: Call) -> None:
        """Decides about a call."""
        assert isinstance(call, StubCall)
        verdict = self._policy.decide(call)
        action = verdict.action
        if action is Action.ALLOW:
            return
        if action is Action.LOG:
            self._tell(f"{description(call)} ({verdict.why})")
            return
        if action is Action.ASK and self._ask(f"{description(call)}: allow?"):
            return
        self.refused += 1
        if action is Action.KILL:
            self._tell(f"{description(call)} ends the process ({verdict.why})")
            call.target = _kill(call)
            return
        error = _KNOWN.get(verdict.errno)
        self._tell(f"{description(call)} = {error.name if error else verdict.errno} ({verdict.why})")
        call.target = _failing(verdict.errno)


def description(call: StubCall) -> str:
    """A call in a few words: its name, and the files or the address that it is about."""
    about = [*real_paths(call), *addresses_of(call)]
    row = row_of(call.what.symbol, name_of(call))
    rest = "" if row is not None and not row.parameters else "..."
    return f"{name_of(call)}({', '.join(about) or rest})"


def _failing(errno: int) -> Callable[..., Value]:
    def fail(*_arguments: Value) -> Value:
        if errno not in _KNOWN:
            return -errno
        raise Errno(_KNOWN[errno])

    return fail


def _kill(call: StubCall) -> Callable[..., Value]:
    """Ends the process as seccomp(2) does with SECCOMP_RET_KILL_PROCESS."""

    def kill(*_arguments: Value) -> Value:
        task = call.task
        assert isinstance(task, LinuxTask)
        task.process.actions[Sig.SIGSYS] = DEFAULT
        return do_group_exit(task, int(Sig.SIGSYS))

    return kill
