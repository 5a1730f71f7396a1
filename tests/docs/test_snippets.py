"""The Python in the documentation runs, in order, and prints what the documentation says it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SNIPPET = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
MARK = "--- next snippet ---"


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/python.md", "docs/from-qiling.md", "docs/fuzzing.md", "docs/adding-a-syscall.md"],
)
def test_snippets_print_what_the_page_says(page: str) -> None:
    snippets = SNIPPET.findall((ROOT / page).read_text())
    assert snippets
    script = f"print({MARK!r})\n".join(code for code, _ in snippets)
    finished = subprocess.run(
        [sys.executable, "-u", "-"],
        input=script,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.stderr == ""
    assert finished.stdout.split(MARK + "\n") == [printed for _, printed in snippets]
