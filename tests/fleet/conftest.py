"""Plans in folders of their own, and the sweeps of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ring3.fleet.sweep import Sweep, sweep
from tests.support.toolchain import PROGRAMS, Toolchain, musl


@pytest.fixture(scope="session")
def target(toolchain: Toolchain) -> Path:
    """The program that ends as it is told to."""
    return toolchain.build(
        [PROGRAMS / "fleet" / "target.c"],
        target=musl(64),
        kind="static",
        flags=("-O1", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"),
    )


@pytest.fixture
def folder(tmp_path: Path, target: Path) -> Path:
    """A folder with the program in it."""
    shutil.copy(target, tmp_path / "target")
    return tmp_path


Swept = Callable[..., Sweep]


@pytest.fixture
def swept(folder: Path) -> Swept:
    """Makes the sweep of a plan of the program, with one process."""

    def make(plan: str, output: str = "out", only: Mapping[str, str] | None = None) -> Sweep:
        path = folder / "plan.toml"
        path.write_text(plan)
        return sweep(path, folder / output, jobs=1, only=only)

    return make
