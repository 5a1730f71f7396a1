"""Campaigns against a program with planted bugs, and against its twin without."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ring3.trace.faults.campaign import Result
from ring3.trace.faults.judge import Fault, Finding, Kind
from ring3.trace.faults.report import FORMATS
from tests.cli.command import ring3
from tests.support.toolchain import PROGRAMS, Toolchain, musl

_CALLS = "write,open,close,mmap"


def _findings(toolchain: Toolchain, bug: int, tmp_path: Path) -> set[tuple[str, str, str]]:
    program = toolchain.build(
        [PROGRAMS / "trace" / "planted.c"], target=musl(64), kind="static", flags=("-O1", f"-DBUG={bug}")
    )
    report = tmp_path / "report.json"
    told = ring3("faults", "-e", _CALLS, "--format", "json", "-o", str(report), str(program))
    findings = json.loads(report.read_text())["findings"]
    assert told.returncode == bool(findings), told.stderr
    return {(found["kind"], found["call"], found["action"]) for found in findings}


@pytest.mark.parametrize(
    ("bug", "found"),
    [
        (1, {("lie", "write", "error=ENOSPC"), ("lie", "write", "error=EIO")}),
        (2, {("lie", "write", "short=1")}),
        (
            3,
            {
                ("hang", "open", "error=EMFILE"),
                ("hang", "open", "error=EACCES"),
                ("hang", "open", "error=EINTR"),
            },
        ),
        (4, {("crash", "mmap", "error=ENOMEM")}),
        (
            5,
            {
                ("half written", "write", "error=ENOSPC"),
                ("half written", "write", "error=EIO"),
                ("half written", "write", "error=EINTR"),
            },
        ),
        (6, {("lie", "close", "error=EIO")}),
    ],
)
def test_planted_bugs_are_found(
    toolchain: Toolchain, bug: int, found: set[tuple[str, str, str]], tmp_path: Path
) -> None:
    assert _findings(toolchain, bug, tmp_path) == found


def test_the_mended_twin_is_sound(toolchain: Toolchain, tmp_path: Path) -> None:
    assert _findings(toolchain, 0, tmp_path) == set()


def test_reports() -> None:
    finding = Finding(Kind.LIE, Fault("write", 2, "error=EIO", True), 'status 0, and "x" is another')
    result = Result(3, [finding])
    assert FORMATS["text"](result, ["a b"]).splitlines() == [
        'lie: write:error=EIO:when=2: status 0, and "x" is another',
        "    ring3 strace -e inject=write:error=EIO:when=2 'a b'",
        "3 runs, 1 finding",
    ]
    suite = ET.fromstring(FORMATS["junit"](result, ["a b"]).encode())
    assert (suite.get("tests"), suite.get("failures"), len(suite)) == ("3", "1", 3)


def _careless(
    toolchain: Toolchain, words: list[str], calls: str, tmp_path: Path
) -> set[tuple[str, str, str]]:
    report = tmp_path / "report.json"
    program = str(toolchain.program("trace/careless.c"))
    told = ring3("faults", "-e", calls, "--each", "3", "--format", "json", "-o", str(report), program, *words)
    findings = json.loads(report.read_text())["findings"]
    assert told.returncode == bool(findings), told.stderr
    return {(found["kind"], found["call"], found["action"]) for found in findings}


@pytest.mark.parametrize(
    ("piece", "kind", "call", "action"),
    [
        (1, "lie", "read", "error=EIO"),
        (2, "lie", "read", "short=1"),
        (3, "lie", "open", "error=EACCES"),
        (4, "crash", "mremap", "error=ENOMEM"),
        (5, "leak", "pipe", "error=EMFILE"),
        (6, "lie", "fsync", "error=EIO"),
        (7, "lie", "rename", "error=ENOSPC"),
        (8, "lie", "ftruncate", "error=ENOSPC"),
        (9, "lie", "fork", "error=EAGAIN"),
        (10, "lie", "pipe", "error=EMFILE"),
        (11, "lie", "dup", "error=EMFILE"),
        (12, "lie", "lseek", "error=ESPIPE"),
        (13, "lie", "mkdir", "error=ENOSPC"),
        (14, "lie", "writev", "error=ENOSPC"),
        (15, "lie", "pwrite64", "short=1"),
        (16, "lie", "pread64", "error=EIO"),
        (17, "half written", "write", "error=ENOSPC"),
        (18, "lie", "getdents64", "error=EIO"),
        (19, "lie", "bind", "error=EADDRINUSE"),
        (20, "lie", "recvfrom", "short=1"),
        (21, "lie", "sendto", "short=1"),
        (22, "lie", "memfd_create", "error=EMFILE"),
        (23, "lie", "chdir", "error=EACCES"),
        (24, "crash", "read", "error=EIO"),
    ],
)
def test_careless_pieces(
    toolchain: Toolchain, piece: int, kind: str, call: str, action: str, tmp_path: Path
) -> None:
    assert (kind, call, action) in _careless(toolchain, [str(piece), "bug"], call, tmp_path)


def test_careful_pieces(toolchain: Toolchain, tmp_path: Path) -> None:
    assert _careless(toolchain, ["0", "sound"], "all", tmp_path) == set()
