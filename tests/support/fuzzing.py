"""How many random cases the fuzzers try: few in a run of the tests, many in one of `scripts/fuzz`.

Environment:
    RING3_FUZZ_ROUNDS: How many times as many as in a run of the tests, by default 1.
    RING3_FUZZ_SEED: The first seed, by default 1.
"""

from __future__ import annotations

import os
from typing import Final

ROUNDS: Final = int(os.environ.get("RING3_FUZZ_ROUNDS", "1"))
FIRST: Final = int(os.environ.get("RING3_FUZZ_SEED", "1"))


def seeds(count: int) -> range:
    """Numbers to begin random sequences with: ``count`` of them, or more where more was asked for."""
    return range(FIRST, FIRST + count * ROUNDS)
