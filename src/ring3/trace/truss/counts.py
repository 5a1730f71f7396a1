"""Counts of calls, faults and signals as truss -c writes them."""

from __future__ import annotations

from collections import Counter
from typing import Final

_NANOSECONDS: Final = 1_000_000_000
_MILLISECONDS: Final = 1_000


class Counts:
    """Counts."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self.signals: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def note(self, name: str, nanoseconds: int, *, failed: bool) -> None:
        """Counts a call."""
        self.calls[name] += 1
        self.spent[name] += nanoseconds
        if failed:
            self.errors[name] += 1

    def table(self, user: int, elapsed: int) -> str:
        """All counts.

        Args:
            user: Nanoseconds that the programs ran.
            elapsed: Nanoseconds from beginning to end.
        """
        lines = ["syscall               seconds   calls  errors"]
        for name in sorted(self.calls):
            errors = f" {self.errors[name]:6}" if self.errors[name] else ""
            lines.append(f"{name:<19.19} {_seconds(self.spent[name])} {self.calls[name]:7}{errors}")
        lines += [
            "                     --------  ------   ----",
            f"sys totals:         {_seconds(self.spent.total())} {self.calls.total():7} {self.errors.total():6}",
            f"usr time:           {_seconds(user)}",
            f"elapsed:            {_seconds(elapsed)}",
        ]
        for title, counted in (("signals", self.signals), ("faults", self.faults)):
            if counted:
                lines += ["", f"{title:<18} ------------"]
                lines += [f"{name:<18} {count:6}" for name, count in sorted(counted.items())]
                lines += [f"{'total:':<18} {counted.total():6}"]
        return "\n".join(lines) + "\n"


def _seconds(nanoseconds: int) -> str:
    """Nine columns, without a zero before the point."""
    seconds, rest = divmod(nanoseconds, _NANOSECONDS)
    return f"{seconds or '':>5}.{rest // (_NANOSECONDS // _MILLISECONDS):03}"
