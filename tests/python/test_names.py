"""The public names are those that docs/python.md lists, and each is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ring3

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_public_names_are_those_documented() -> None:
    table = PAGE.read_text().split("## All names\n")[1].split("\n## ")[0]
    documented = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert documented == set(ring3.__all__)
    assert all(getattr(ring3, name) is not None for name in ring3.__all__)


def test_the_import_alone_imports_nothing_else() -> None:
    script = "import sys, ring3; print([n for n in sys.modules if n.startswith('ring3.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
