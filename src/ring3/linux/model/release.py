"""Which Linux this is (uname(2), /proc/version)."""

from __future__ import annotations

from typing import Final

RELEASE: Final = "6.12.0-ring3"
VERSION: Final = "#1 SMP PREEMPT_DYNAMIC"
