"""The notebook runs from top to bottom, and what it is about shows itself."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "pictures.ipynb"
SHOWN = {
    "trace": "write(1, &quot;Hello, world",
    "process.registers": "<td>rsi</td>",
    'process.memory.dump(process.registers["rsi"], process.registers["rdx"])': "<td>Hello, world.</td>",
    "process.memory": "[stack]",
    "process.address_space": "PML4",
    "machine": "hello",
    'profiler.profile("ls /")': "<iframe",
    "sizes": "@sizes (quantize)",
}
"""Last lines of cells, with something that they show."""


def cells() -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_is_kept_without_what_it_printed() -> None:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert all(not cell.get("outputs") for cell in notebook["cells"])


def test_every_cell_runs_and_shows_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "docs")
    namespace: dict[str, object] = {}
    shown = {}
    for source in cells():
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, NOTEBOOK, "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), NOTEBOOK, "eval"), namespace)
            if hasattr(value, "_repr_html_"):
                shown[ast.unparse(last).replace("'", '"')] = value._repr_html_()
    assert shown.keys() == SHOWN.keys()
    for name, html in shown.items():
        assert SHOWN[name] in html, name
        ET.fromstring(html)  # what is not closed would spill over the rest of the notebook
