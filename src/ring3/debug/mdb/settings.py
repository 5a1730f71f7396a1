"""What can be set about a session."""

from __future__ import annotations


class Settings:
    """What ``::set -o`` sets."""

    def __init__(self) -> None:
        self.flags = {"repeatlast": True, "autowrap": False, "pager": False, "ignoreeof": False, "adb": False}
        self.flags |= {"nostop": False, "showlmid": False, "stop_on_bpt_nosym": False}
        self.values = {"follow_fork_mode": "parent", "follow_exec_mode": "follow"}
        self.array_mem_limit: int | None = 32
        self.array_str_limit: int | None = 1024
        self.symbol_distance = 0
        self.prompt = "> "
