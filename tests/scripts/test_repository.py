"""What lies in the repository: files in binary only where a script builds them from source that lies there too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BUILT: Final = (
    "examples/hello/hello",
    "src/ring3/image/",
    "src/ring3/linux/userland/",
    "src/ring3/machine/emulator/interposed.so",
    "src/ring3/machine/host_cpu/native.so",
    "src/ring3/machine/host_cpu/stub",
    "src/ring3/solaris/userland/root/",
    "src/ring3/trace/explain_page/doors",
)


def test_only_what_is_built_is_binary() -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout of a repository, or somebody else's")
    names = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    assert [
        name for name in names if b"\0" in (ROOT / name).read_bytes() and not name.startswith(BUILT)
    ] == []
