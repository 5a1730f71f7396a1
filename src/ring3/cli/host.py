"""What Ring3 needs of the host."""

from __future__ import annotations

import os
import sys

from ring3.errors import UserError


def require_host() -> None:
    """Refuses hosts that Ring3 does not run on.

    Raises:
        UserError: It is no Linux on x86-64.
    """
    machine = os.uname().machine if hasattr(os, "uname") else "unknown"
    if sys.platform != "linux" or machine not in ("x86_64", "amd64"):
        raise UserError(f"it runs on Linux on x86-64, and this host is {sys.platform} on {machine}", 1)
