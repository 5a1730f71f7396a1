"""What a campaign found, as text, as JSON and as JUnit's XML."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from ring3.trace.faults.campaign import Result
from ring3.trace.faults.judge import Finding


def _command(finding: Finding, words: Sequence[str]) -> str:
    """What repeats a finding."""
    return shlex.join(["ring3", "strace", "-e", f"inject={finding.fault.rule}", *words])


def text(result: Result, words: Sequence[str]) -> str:
    """For people."""
    lines = []
    for finding in result.findings:
        lines += [
            f"{finding.kind}: {finding.fault.rule}: {finding.detail}",
            f"    {_command(finding, words)}",
        ]
    count = len(result.findings)
    lines.append(f"{result.runs} runs, {count} finding{'' if count == 1 else 's'}")
    return "\n".join(lines) + "\n"


def as_json(result: Result, words: Sequence[str]) -> str:
    """For programs: the number of runs, and an object for each finding."""
    findings = [
        {
            "kind": str(finding.kind),
            "call": finding.fault.call,
            "count": finding.fault.nth,
            "action": finding.fault.action,
            "detail": finding.detail,
            "command": _command(finding, words),
        }
        for finding in result.findings
    ]
    return json.dumps({"program": list(words), "runs": result.runs, "findings": findings}, indent=2) + "\n"


def junit(result: Result, words: Sequence[str]) -> str:
    """For continuous integration: a test case for each finding, and one that stands for all runs without."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    name = quoteattr(shlex.join(words))
    lines.append(f'<testsuite name={name} tests="{result.runs}" failures="{len(result.findings)}">')
    for finding in result.findings:
        message = quoteattr(f"{finding.kind}: {finding.detail}; {_command(finding, words)}")
        lines.append(f"  <testcase classname={name} name={quoteattr(finding.fault.rule)}>")
        lines.append(f"    <failure type={quoteattr(finding.kind)} message={message}/>")
        lines.append("  </testcase>")
    sound = result.runs - len(result.findings)
    lines += [f'  <testcase classname={name} name="sound {number + 1}"/>' for number in range(sound)]
    lines.append("</testsuite>")
    return "\n".join(lines) + "\n"


FORMATS: Final[Mapping[str, Callable[[Result, Sequence[str]], str]]] = {
    "text": text,
    "json": as_json,
    "junit": junit,
}
