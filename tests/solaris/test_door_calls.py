"""Doors within a process and between processes, and credentials of others, as programs of both widths meet them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import guest, solaris_linked
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

SHOWN = {
    "call": (
        "created 1\ncall 0 IBM in place 1\nlarge 0 size 100000 moved 1 last x\nfile 0 here 1 10000 through\n"
        "gave 0 given closed 1\nmany 0 100000 b\ninfo 1 1 1 24 type d000\nnothing 0\n"
    ),
    "refused": (
        "descriptor -1 48\nlimit 0 2\ntoo large -1 132\nleast -1 22\nno door -1 9 -1 22 -1 22\n"
        "revoke 0 call -1 9 closed 1 target -1 6c\n"
    ),
    "processes": (
        "child 0 JCN known 1 target 1 attributes 0 revoke -1 1\nstatus 0\nended 9\nserver ended -1 4 then -1 9\n"
        "ended 300\n"
    ),
    "unref": "nobody else has it: cookie 9 size 0\nonce\n",
    "private": "make 1 target 1\nmake 2 target 1\ncall 0 IBM bound 1\nunbind -1 9\n",
    "credentials": "mine 1 1 groups 1 set 1 none 1 gone 1 3\npeer 0 1 1 file -1 48\n",
}


@pytest.fixture(scope="module", params=[64, 32])
def program(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    folder = tmp_path_factory.mktemp("doors")
    return solaris_linked.program(toolchain, "doors.c", folder / "doors", bits=request.param)


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("deed", SHOWN)
def test_deed(program: Path, deed: str, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        machine.kernel.make_time_virtual()
        outcome = guest.run(machine, program, [deed])
    assert (outcome.stdout.decode(), outcome.stderr) == (SHOWN[deed], b"")
