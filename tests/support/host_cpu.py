"""Whether this host lets programs run on its own processor: tests that need that are skipped where it does not."""

from __future__ import annotations

from functools import cache

import pytest

from ring3.errors import UserError
from ring3.machine.host_cpu.availability import check


@cache
def obstacle() -> str:
    """Why it cannot be used, "" if it can."""
    try:
        check()
    except UserError as error:
        return str(error)
    return ""


NEEDS_HOST_CPU = pytest.mark.skipif(bool(obstacle()), reason=obstacle() or "the host allows it")
