"""Whether this host lets programs run on its own processor: tests that need that are skipped where it does not."""

from __future__ import annotations

from functools import cache

import pytest

from ring3.errors import UserError
from ring3.machine.board import CpuKind
from ring3.machine.host_cpu.availability import check
from tests.support import guest


@cache
def obstacle() -> str:
    """Why it cannot be used, "" if it can."""
    try:
        check()
    except UserError as error:
        return str(error)
    return ""


def only_emulated(reason: str) -> None:
    """Skips the rest of a test where the option ``--cpu`` has programs on the host's processor, or may have them."""
    if guest.CPU != [CpuKind.EMULATED]:
        pytest.skip(reason)


NEEDS_HOST_CPU = pytest.mark.skipif(bool(obstacle()), reason=obstacle() or "the host allows it")
