"""Policies and profiles as they are written, and what is said of those that are wrong."""

from __future__ import annotations

import json
import re

import pytest

from ring3.errors import UserError
from ring3.trace.policy import oci, toml
from ring3.trace.policy.rules import Action


def test_a_policy() -> None:
    policy = toml.parse(
        'default = "deny"\n[[rule]]\ncalls = ["openat"]\npaths = ["/etc/*"]\naction = "allow"\n'
        '[[rule]]\ncalls = "%net"\naction = "deny"\nerrno = "EACCES"\nname = "no network"\n'
    )
    assert policy.default is Action.DENY
    assert [rule.name for rule in policy.rules] == ["rule 1", "no network"]
    assert policy.rules[0].calls("openat", 64)
    assert not policy.rules[0].calls("open", 64)
    assert policy.rules[1].errno == 13


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "p: Expected"),
        ('defalt = "deny"', "p: unknown key 'defalt'"),
        ('default = "no"', "p: action 'no' is none of"),
        ('errno = "EWHAT"', "p: errno 'EWHAT' is none"),
        ("rule = 1", "p: rules are written"),
        ('[[rule]]\ncalls = ["read"]', "p: rule 1: no action"),
        ('[[rule]]\ncalls = ["raed"]\naction = "allow"', "p: rule 1: invalid system call 'raed'"),
        ('[[rule]]\npaths = 3\naction = "allow"', "p: rule 1: paths is no list"),
        ('[[rule]]\nif = "fd"\naction = "allow"', "p: rule 1: 'fd' is not a condition"),
        ('[[rule]]\naction = "allow"\nwhat = 1', "p: rule 1: unknown key 'what'"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        toml.parse(text, "p")
    assert str(caught.value).startswith(said)
    assert caught.value.status == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"defaultAction": "SCMP_ACT_MAYBE"})])
def test_what_is_no_profile(text: str) -> None:
    with pytest.raises(UserError, match=r"^p: "):
        oci.parse(text, "p")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":', "profile: line 1, column 6: Expecting value"),
        ("[]", "profile: the profile is no JSON object"),
        ("{}", "profile: the profile has no defaultAction"),
        ('{"defaultAction": "X"}', "profile: default: 'X' is no action"),
        ('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [5]}', "profile: syscalls[0] is no JSON object"),
        (
            '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}]}',
            "syscalls[0] has no action",
        ),
    ],
)
def test_profiles_with_mistakes(text: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        oci.parse(text)
