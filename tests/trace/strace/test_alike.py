"""Forty programs of both widths whose traces are those that the real strace has written (`alike`), line by line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.toolchain import Bits, Toolchain
from tests.trace.strace.alike import CASES, OURS, REAL, program, saved, trace


def _version() -> str:
    if shutil.which("strace") is None:
        return ""
    said = subprocess.run(["strace", "-V"], stdout=subprocess.PIPE, text=True, check=False).stdout
    return said.splitlines()[0].rpartition(" ")[2]


@pytest.mark.parametrize(("options", "bits"), CASES)
def test_our_traces(toolchain: Toolchain, options: str, bits: Bits, tmp_path: Path) -> None:
    ours = trace(OURS, program(toolchain, bits), options, tmp_path)
    assert ours.splitlines() == saved(options, bits).read_text().splitlines()


@pytest.mark.skipif(_version() != "6.1", reason="strace 6.1 is not installed")
@pytest.mark.parametrize(("options", "bits"), CASES)
def test_what_is_expected_is_what_the_real_one_writes(
    toolchain: Toolchain, options: str, bits: Bits, tmp_path: Path
) -> None:
    real = trace(REAL, program(toolchain, bits), options, tmp_path)
    assert real.splitlines() == saved(options, bits).read_text().splitlines()
