"""Seccomp profiles of container engines (OCI runtime specification, config-linux; Docker's form with its conditions).

What the real kernel would do is what libseccomp makes of a profile: rules with conditions on arguments come before
those without, names that nobody knows are left out, and calls of an architecture that is not listed end the process.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from ring3.abi import tbl
from ring3.abi.errno import E
from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import bits_of, name_of
from ring3.trace.policy.rules import Action, Verdict

DEFAULT_CAPABILITIES: Final = frozenset(
    {
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    }
)  # fmt: skip
"""What containers have by default (Docker, "Runtime privilege and Linux capabilities")."""
_ACTIONS: Final = {
    "SCMP_ACT_ALLOW": Action.ALLOW, "SCMP_ACT_LOG": Action.LOG, "SCMP_ACT_ERRNO": Action.DENY,
    "SCMP_ACT_KILL": Action.KILL, "SCMP_ACT_KILL_THREAD": Action.KILL, "SCMP_ACT_KILL_PROCESS": Action.KILL,
    "SCMP_ACT_TRAP": Action.KILL, "SCMP_ACT_TRACE": Action.DENY, "SCMP_ACT_NOTIFY": Action.DENY,
}  # fmt: skip
"""Without a tracer or a supervisor TRACE and NOTIFY are ENOSYS; a trap is a SIGSYS that few programs catch."""
_UNATTENDED: Final = frozenset({"SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"})
_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "SCMP_CMP_NE": operator.ne, "SCMP_CMP_LT": operator.lt, "SCMP_CMP_LE": operator.le, "SCMP_CMP_EQ": operator.eq,
    "SCMP_CMP_GE": operator.ge, "SCMP_CMP_GT": operator.gt,
}  # fmt: skip
_ARCHITECTURES: Final = {"SCMP_ARCH_X86_64": 64, "SCMP_ARCH_X86": 32}


class _Condition(NamedTuple):
    """A comparison of one argument."""

    place: int
    operation: str
    value: int
    other: int

    def holds(self, arguments: list[int]) -> bool:
        number = arguments[self.place] if self.place < len(arguments) else 0
        if self.operation == "SCMP_CMP_MASKED_EQ":
            return number & self.value == self.other
        return _COMPARE[self.operation](number, self.value)


class _Entry(NamedTuple):
    """What is said of one call."""

    verdict: Verdict
    conditions: tuple[_Condition, ...]

    def holds(self, arguments: list[int]) -> bool:
        """Whether it is about a call; comparisons of the same argument are alternatives, as in runc."""
        places = [condition.place for condition in self.conditions]
        met = (condition.holds(arguments) for condition in self.conditions)
        return any(met) if len(set(places)) < len(places) else all(met)


class Profile:
    """A profile, as what decides about calls."""

    def __init__(self, default: Verdict, widths: frozenset[int], entries: Mapping[str, list[_Entry]]) -> None:
        self._default = default
        self._widths = widths
        self._entries = entries

    def decide(self, call: StubCall) -> Verdict:
        """What becomes of a call."""
        if bits_of(call) not in self._widths:
            return Verdict(Action.KILL, 0, "its architecture is not listed")
        for entry in self._entries.get(name_of(call), ()):
            if entry.holds(call.arguments):
                return entry.verdict
        return self._default


def parse(text: str, source: str = "profile", capabilities: frozenset[str] = DEFAULT_CAPABILITIES) -> Profile:
    """The profile that a JSON text is; that of a whole container's ``config.json`` too.

    Args:
        text: The text.
        source: What messages call it.
        capabilities: What the container has, for rules that depend on that.

    Raises:
        UserError: It is malformed.
    """
    try:
        read = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{source}: line {error.lineno}, column {error.colno}: {error.msg}", 1) from None
    if isinstance(read, dict) and isinstance(read.get("linux"), dict):
        read = read["linux"].get("seccomp", read)
    try:
        return _profile(_object(read, "the profile"), capabilities)
    except ValueError as error:
        raise UserError(f"{source}: {error}", 1) from None
    except (KeyError, TypeError, AttributeError):
        raise UserError(
            f"{source}: not a seccomp profile (OCI runtime specification, config-linux)", 1
        ) from None


def _object(read: object, where: str) -> dict[str, Any]:
    if not isinstance(read, dict):
        raise ValueError(f"{where} is no JSON object")
    return read


def _field(read: dict[str, Any], name: str, where: str) -> Any:  # noqa: ANN401 -- whatever JSON has
    if name not in read:
        raise ValueError(f"{where} has no {name}")
    return read[name]


def _profile(read: dict[str, Any], capabilities: frozenset[str]) -> Profile:
    default = _verdict(_field(read, "defaultAction", "the profile"), read.get("defaultErrnoRet"), "default")
    listed = set(read.get("architectures", ()))
    for row in read.get("archMap", ()):
        listed |= {row["architecture"], *(row.get("subArchitectures") or ())}
    widths = frozenset(_ARCHITECTURES[name] for name in listed if name in _ARCHITECTURES) or frozenset({64})
    known = {
        slot.name
        for abi in (tbl.Abi.X86_64, tbl.Abi.I386)
        for slot in tbl.sys_call_table(abi)
        if slot.name is not None
    }
    entries: dict[str, list[_Entry]] = {}
    for number, one in enumerate(read.get("syscalls") or ()):
        where = f"syscalls[{number}]"
        row = _object(one, where)
        if not _applies(row, capabilities):
            continue
        verdict = _verdict(_field(row, "action", where), row.get("errnoRet"), where)
        if verdict[:2] == default[:2]:
            continue
        conditions = tuple(_condition(argument, where) for argument in row.get("args") or ())
        for name in row.get("names") or [_field(row, "name", where)]:
            if name in known:
                entries.setdefault(name, []).append(_Entry(verdict, conditions))
    for found in entries.values():
        found.sort(key=lambda entry: not entry.conditions)
    return Profile(default, widths, entries)


def _verdict(action: str, errno: int | None, why: str) -> Verdict:
    if action not in _ACTIONS:
        raise ValueError(f"{why}: '{action}' is no action")
    number = int(E.EPERM if errno is None else errno)
    return Verdict(_ACTIONS[action], int(E.ENOSYS) if action in _UNATTENDED else number, why)


def _condition(read: dict[str, Any], where: str) -> _Condition:
    if read["op"] not in _COMPARE and read["op"] != "SCMP_CMP_MASKED_EQ":
        raise ValueError(f"{where}: '{read['op']}' is no comparison")
    return _Condition(int(read["index"]), read["op"], int(read["value"]), int(read.get("valueTwo", 0)))


def _applies(row: dict[str, Any], capabilities: frozenset[str]) -> bool:
    """Whether a rule of Docker's form is for this machine and these capabilities."""
    includes, excludes = row.get("includes") or {}, row.get("excludes") or {}
    if not set(includes.get("caps") or ()) <= capabilities or set(excludes.get("caps") or ()) & capabilities:
        return False
    arches = includes.get("arches")
    if arches and not set(arches) & {"amd64", "x86_64"}:
        return False
    return not set(excludes.get("arches") or ()) & {"amd64", "x86_64"}
