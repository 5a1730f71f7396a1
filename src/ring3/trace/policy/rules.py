"""Rules of a policy and what they decide about a call."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Final

from ring3.abi.errno import E
from ring3.abi.kinds import NamedTuple, StrEnum
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import bits_of, name_of
from ring3.trace.inject.conditions import addresses_of
from ring3.trace.policy.paths import real_paths


class Action(StrEnum):
    """What becomes of a call."""

    ALLOW = "allow"
    DENY = "deny"
    """It fails with an errno."""
    KILL = "kill"
    """Its process ends by SIGSYS."""
    LOG = "log"
    """It is made, and told of."""
    ASK = "ask"
    """The user decides."""


class Verdict(NamedTuple):
    """What a policy says of one call.

    Attributes:
        action: What becomes of it.
        errno: What it fails with, if it is denied.
        why: Which rule said so, for the user.
    """

    action: Action
    errno: int
    why: str


class Rule(NamedTuple):
    """One rule.

    Attributes:
        calls: Whether a call of a name and a width is meant.
        action: What becomes of it.
        errno: What it fails with, if it is denied.
        name: What the user knows the rule by.
        paths: Patterns, of which every path of the call must match one; empty for any, or none.
        addresses: The same for addresses of sockets.
        condition: What else must hold; None for nothing.
    """

    calls: Callable[[str, int], bool]
    action: Action
    errno: int = int(E.EPERM)
    name: str = ""
    paths: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    condition: Callable[[StubCall], bool] | None = None

    def is_about(self, call: StubCall) -> bool:
        """Whether the rule is about a call."""
        if not self.calls(name_of(call), bits_of(call)):
            return False
        if self.paths and not _match(real_paths(call), self.paths):
            return False
        if self.addresses and not _match(addresses_of(call), self.addresses):
            return False
        return self.condition is None or self.condition(call)


class Policy(NamedTuple):
    """Rules, the first of which that is about a call decides.

    Attributes:
        rules: The rules.
        default: What becomes of calls that none is about.
        errno: What those fail with, if they are denied.
    """

    rules: tuple[Rule, ...]
    default: Action = Action.ALLOW
    errno: int = int(E.EPERM)

    def decide(self, call: StubCall) -> Verdict:
        """What becomes of a call."""
        for rule in self.rules:
            if rule.is_about(call):
                return Verdict(rule.action, rule.errno, rule.name)
        return Verdict(self.default, self.errno, "default")


ALWAYS: Final = frozenset({"exit", "exit_group", "rt_sigreturn", "sigreturn", "restart_syscall"})
"""Calls that a learned policy allows in any case: a program may always end, and return from a handler."""


def _match(texts: list[str], patterns: tuple[str, ...]) -> bool:
    return bool(texts) and all(any(fnmatchcase(text, pattern) for pattern in patterns) for text in texts)
