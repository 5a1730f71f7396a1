"""Policies as TOML.

default = "deny"
errno = "EPERM"

[[rule]]
calls = ["openat", "%stat"]      # as strace's -e trace= has them
paths = ["/etc/*", "/usr/*"]     # patterns of shells, of the files as the kernel finds them
action = "allow"

[[rule]]
calls = ["connect"]
addresses = ["127.0.0.1:*"]
if = "fd==3"
action = "deny"
errno = "ECONNREFUSED"
"""

from __future__ import annotations

import tomllib
from typing import Any, Final

from ring3.abi.errno import E
from ring3.errors import UserError
from ring3.trace import expressions
from ring3.trace.inject import conditions
from ring3.trace.policy.rules import Action, Policy, Rule

_KEYS: Final = frozenset({"calls", "action", "errno", "paths", "addresses", "if", "name"})


def parse(text: str, source: str = "policy") -> Policy:
    """The policy that a text is.

    Raises:
        UserError: It is malformed; the message says where.
    """
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{source}: {error}", 1) from None
    unknown = read.keys() - {"default", "errno", "rule"}
    if unknown:
        raise UserError(f"{source}: unknown key '{min(unknown)}'", 1)
    rules = read.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise UserError(f"{source}: rules are written [[rule]]", 1)
    default_action, default_errno = (
        _action(read.get("default", "allow"), source),
        _errno(read.get("errno", "EPERM"), source),
    )
    made = (_rule(rule, number, source, default_errno) for number, rule in enumerate(rules, start=1))
    return Policy(tuple(made), default_action, default_errno)


def _rule(read: dict[str, Any], number: int, source: str, errno: int) -> Rule:
    where = f"{source}: rule {number}"
    unknown = read.keys() - _KEYS
    if unknown:
        raise UserError(f"{where}: unknown key '{min(unknown)}'", 1)
    if "action" not in read:
        raise UserError(f"{where}: no action", 1)
    try:
        condition = conditions.parse(str(read["if"])) if "if" in read else None
        wanted = expressions.calls(",".join(_strings(read, "calls", where)) or "all")
    except (ValueError, UserError) as error:
        raise UserError(f"{where}: {error}", 1) from None
    return Rule(
        wanted,
        _action(read["action"], where),
        _errno(read["errno"], where) if "errno" in read else errno,
        str(read.get("name", f"rule {number}")),
        tuple(_strings(read, "paths", where)),
        tuple(_strings(read, "addresses", where)),
        condition,
    )


def _strings(read: dict[str, Any], key: str, where: str) -> list[str]:
    value = read.get(key, [])
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UserError(f"{where}: {key} is no list of strings", 1)
    return value


def _action(value: object, where: str) -> Action:
    if value not in list(Action):
        raise UserError(f"{where}: action '{value}' is none of {', '.join(Action)}", 1)
    return Action(str(value))


def _errno(value: object, where: str) -> int:
    if isinstance(value, str) and value in E.__members__:
        return int(E[value])
    if isinstance(value, int) and 0 < value < 4096:
        return value
    raise UserError(f"{where}: errno '{value}' is none", 1)
