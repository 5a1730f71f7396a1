"""Why tests of others do not pass here: a file of lines ``PATTERN...: reason``, the first that fits counts."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path


class Reasons:
    """The lines of such a file.

    Args:
        path: Where it is; lines that begin with # are comments.
    """

    def __init__(self, path: Path) -> None:
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
        self._rows = [
            (reason, patterns.split()) for patterns, reason in (line.split(": ", 1) for line in lines)
        ]

    def of(self, names: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
        """Returns the names that have each reason, in the file's order, and those that have none."""
        met: dict[str, list[str]] = {reason: [] for reason, _ in self._rows}
        other = []
        for name in names:
            for reason, patterns in self._rows:
                if any(fnmatch(name, pattern) for pattern in patterns):
                    met[reason].append(name)
                    break
            else:
                other.append(name)
        return {reason: found for reason, found in met.items() if found}, other
