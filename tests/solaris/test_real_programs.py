"""The Solaris programs of pyelftools' source distribution, where scripts/check-solaris-programs has fetched them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import cache, guest
from tests.support.guest import PathThrough
from tests.support.toolchain import Bits


def program(bits: Bits) -> Path:
    name = f"exe_solaris{bits}_cc.elf"
    found = sorted((cache.directory() / "solaris").rglob(name))
    if not found:
        pytest.skip(f"no {name}: scripts/check-solaris-programs gets it")
    return found[0]


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("bits", [64, 32])
def test_they_run_their_exit_functions_and_end(bits: Bits, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, program(bits))
    assert (outcome.stdout, outcome.stderr, outcome.status) == (b"", b"", 0)
