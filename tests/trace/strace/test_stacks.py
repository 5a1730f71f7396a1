"""Stacks behind calls: by call frame information, with lines of sources."""

from __future__ import annotations

import re

import pytest

from tests.cli.command import ring3
from tests.support.toolchain import Bits, Toolchain


def functions(lines: list[str], call: str) -> list[str]:
    """The functions in the stack behind the last line of a call, from the innermost on."""
    at = max(n for n, line in enumerate(lines) if line.startswith(f"{call}("))
    found = []
    for line in lines[at + 1 :]:
        match = re.fullmatch(r" > (\S+)\((?:([^+]*)\+0x[0-9a-f]+)?\) \[0x[0-9a-f]+\]( \S+:\d+)?", line)
        if match is None:
            break
        found.append(match[2] + (match[3] or ""))
    return found


@pytest.mark.parametrize("bits", [64, 32])
def test_functions_and_lines(toolchain: Toolchain, bits: Bits) -> None:
    program = str(
        toolchain.program(
            "trace/stacks.c", bits=bits, kind="nolibc", flags=("-g", "-fasynchronous-unwind-tables")
        )
    )
    lines = ring3("strace", "-kk", "-a1", "-e", "trace=getppid", program).stderr.splitlines()
    found = functions(lines, "getppid")
    assert [text.split()[0] for text in found] == ["inner", "middle", "outer", "_start"]
    assert [int(text.rpartition(":")[2]) for text in found[1:]] == [24, 25, 28]


def test_as_many_frames_as_are_wanted(toolchain: Toolchain) -> None:
    program = str(
        toolchain.program("trace/stacks.c", kind="nolibc", flags=("-g", "-fasynchronous-unwind-tables"))
    )
    words = ["-k", "--stack-trace-frame-limit=2", "-a1", "-e", "trace=getppid", program]
    assert len(functions(ring3("strace", *words).stderr.splitlines(), "getppid")) == 2
