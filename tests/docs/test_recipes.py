"""docs/recipes.md: each recipe's C compiles, and its Python prints what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_snippets import ROOT, SNIPPET
from tests.support.toolchain import Toolchain, musl

SOURCE = re.compile(r"^```c\n(// (\w+\.c)\n.*?)^```$", re.MULTILINE | re.DOTALL)
RECIPES = dict(
    section.split("\n", 1) for section in (ROOT / "docs" / "recipes.md").read_text().split("\n## ")[1:]
)


def test_there_are_twelve() -> None:
    assert len(RECIPES) == 12


@pytest.mark.parametrize("title", RECIPES)
def test_recipe(toolchain: Toolchain, tmp_path: Path, title: str) -> None:
    for text, name in SOURCE.findall(RECIPES[title]):
        source = tmp_path / name
        source.write_text(text)
        program = toolchain.build([source], target=musl(64), kind="static")
        shutil.copy(program, tmp_path / program.name)
    ((script, printed),) = SNIPPET.findall(RECIPES[title])
    finished = subprocess.run(
        [sys.executable, "-u", "-"],
        input=script,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.stdout, finished.stderr) == (printed, "")
