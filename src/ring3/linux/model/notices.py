"""How much fanotify(7) may be used, and how much of that is."""

from __future__ import annotations


class FanotifyLimits:
    """The limits by their names in /proc/sys/fs/fanotify, and what of them is used."""

    def __init__(self) -> None:
        self.max_queued_events = 16384
        self.max_user_groups = 128
        self.max_user_marks = 65536
        self.groups = 0
        self.marks = 0
