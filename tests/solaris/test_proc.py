"""/proc in its binary form, as programs of both widths read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import guest, solaris_linked
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

SIZES = {
    64: (416, 1680, 32, 504, 1312, 144, 520, 2336, 1296, 128, 504),
    32: (336, 1128, 32, 256, 800, 112, 264, 1752, 792, 104, 256),
}
"""What the structs are long: those of several lwps have a header, and here one entry."""
NAMES = (
    "psinfo", "status", "cred", "usage", "lstatus", "lpsinfo", "lusage", "sigact", "lwp/1/lwpstatus", "lwp/1/lwpsinfo",
    "lwp/1/lwpusage",
)  # fmt: skip
SHOWN = {
    "status": "pid 1 stack holds us 1\n",
    "map": "text a.out flags 5\ndata a.out flags 6\nstack  flags 66\nlibc zfs flags 5\n",
    "names": "path /etc/passwd\nfd 5\na.out absolute\nauxv 1\n",
    "memory": "read 4 5ec2e7 write 4 7 nowhere -1 5\n",
    "other": "asleep flags 10 call 3 stack pointer 1 dead 9 lwps 0\n",
}


@pytest.fixture(scope="module", params=[64, 32])
def program(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> tuple[Path, int]:
    folder = tmp_path_factory.mktemp("proc")
    return solaris_linked.program(toolchain, "proc.c", folder / "reader", bits=request.param), request.param


def shown(program: Path, deed: str, path: PathThrough) -> str:
    with guest.boot_solaris(path) as machine:
        machine.kernel.make_time_virtual()
        outcome = guest.run(machine, program, [deed])
    assert (outcome.stderr, outcome.status) == (b"", 0)
    return outcome.stdout.decode()


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("deed", SHOWN)
def test_what_programs_read(program: tuple[Path, int], deed: str, path: PathThrough) -> None:
    assert shown(program[0], deed, path) == SHOWN[deed]


def test_sizes(program: tuple[Path, int]) -> None:
    path, bits = program
    assert shown(path, "sizes", "short").splitlines() == [
        f"{name} {size}" for name, size in zip(NAMES, SIZES[bits], strict=True)
    ]


def test_psinfo(program: tuple[Path, int]) -> None:
    path, bits = program
    model = 2 if bits == 64 else 1
    assert shown(path, "psinfo", "short") == (
        f"pid 1 lwps 1 name reader args reader psinfo argc 2 model {model} state O\n"
    )
