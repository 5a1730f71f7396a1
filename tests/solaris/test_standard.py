"""What C and POSIX say of a C library: libc.so.1 and libm.so.2 do what the host's own library does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import guest, native, solaris_linked
from tests.support.toolchain import Toolchain

FAMILIES = (
    "addresses", "dates", "folders", "functions", "jumps", "numbers", "patterns", "printing", "scanning", "streams",
    "tables", "text", "threads", "zones",
)  # fmt: skip


@pytest.fixture(scope="module")
def theirs(toolchain: Toolchain) -> Path:
    return toolchain.program("solaris/linked/standard.c", flags=["-w"])


@pytest.fixture(scope="module", params=[64, 32])
def ours(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    libm = solaris_linked.LIBC[request.param].with_name("libm.so.2")
    folder = tmp_path_factory.mktemp("standard")
    return solaris_linked.program(
        toolchain, "standard.c", folder / f"standard{request.param}", libm, bits=request.param
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_family(theirs: Path, ours: Path, family: str) -> None:
    if family == "zones" and not Path("/usr/share/zoneinfo/Asia/Kolkata").exists():
        pytest.skip("the host has no database of time zones")
    with guest.boot_solaris() as machine:
        outcome = guest.run(machine, ours, [family])
    wanted = native.run(theirs, [family], directory=ours.parent)
    assert (outcome.stdout.decode(), outcome.status) == (wanted.stdout.decode(), wanted.status)
