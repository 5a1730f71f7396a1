"""Whom a task runs as (credentials(7))."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and group numbers."""

    uid: int = 1000
    gid: int = 1000
    euid: int = 1000
    egid: int = 1000
