"""Every call of both tables, with arguments by its row and nothing executed, beside the real strace."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.command import COMMAND
from tests.support.toolchain import Bits, Toolchain
from tests.trace.strace.calls_by_rows import AREAS, Script, slots


def _version() -> str:
    if shutil.which("strace") is None:
        return ""
    said = subprocess.run(["strace", "-V"], stdout=subprocess.PIPE, text=True, check=False).stdout
    return said.splitlines()[0].rpartition(" ")[2]


def _lines(words: list[str], tmp_path: Path, name: str) -> list[str]:
    subprocess.run(
        [*words[:1], *words[1:]],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    lines = (tmp_path / name).read_text(errors="surrogateescape").splitlines()
    return lines[3 + AREAS :]  # execve, open and what the program maps come first


def _words(toolchain: Toolchain, script: Script, bits: Bits, injected: str, tmp_path: Path) -> list[str]:
    """Options and program that make the calls of a script, of which nothing is executed."""
    packed = script.packed()
    (tmp_path / "script").write_bytes(packed)
    program = str(toolchain.program("trace/replay.c", kind="nolibc", bits=bits))
    mmap = "mmap" if bits == 64 else "mmap2"
    rules = [
        f"!execve,open,{mmap}:{injected}",
        f"execve,open:{injected}:when=2+",
        f"{mmap}:{injected}:when=10+",
    ]
    options = [word for rule in rules for word in ("-e", f"inject={rule}")]
    return [*options, "-a", "0", "-e", "signal=none", "-qq", program, "script", str(len(packed))]


@pytest.mark.skipif(_version() != "6.1", reason="strace 6.1 is not installed")
@pytest.mark.parametrize("injected", ["error=EPERM", "retval=3"])
@pytest.mark.parametrize("bits", [64, 32])
def test_most_lines_are_the_same(toolchain: Toolchain, bits: Bits, injected: str, tmp_path: Path) -> None:
    script = Script(bits, f"{bits} {injected}")
    for slot, row in slots(bits):
        commands = {command for parameter in row.parameters for command in parameter.arg.by or ()}
        for _ in range(min(1 + len(commands), 40) if row.parameters else 1):
            script.add(slot, row)
    rest = _words(toolchain, script, bits, injected, tmp_path)
    real = _lines(["strace", "-o", "real", *rest], tmp_path, "real")
    ours = _lines([*COMMAND, "strace", "-o", "ours", *rest], tmp_path, "ours")
    assert len(ours) == len(real) == len(script.names)
    others = Counter(name for name, one, other in zip(script.names, ours, real, strict=True) if one != other)
    # a third of the others are flags and commands that Linux has had since strace 6.1
    assert others.total() < len(real) * 0.15, others.most_common()


@pytest.mark.parametrize(("result", "injected"), [("3", "retval=3"), ("EPERM", "error=EPERM")])
def test_lines_are_those_of_the_real_one(
    toolchain: Toolchain, result: str, injected: str, tmp_path: Path
) -> None:
    script, expected = Script(64, ""), []
    for line in Path(__file__).with_name("call_lines").read_text().splitlines()[1:]:
        head, _, text = line.partition(" | ")
        code, number, arguments, *memory = head.split()
        if code != result:
            continue
        found = (part.split(":") for part in memory)
        given = [int(word, 0) for word in arguments.split(",")]
        script.add_call(int(number), given, {int(at, 0): bytes.fromhex(data) for at, data in found})
        expected.append(text)
    rest = _words(toolchain, script, 64, injected, tmp_path)
    assert _lines([*COMMAND, "strace", "-o", "ours", *rest], tmp_path, "ours") == expected
