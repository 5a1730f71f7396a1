"""What is shown of a machine's processes, and what keys change of it: the keys are those of htop(1)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from ring3.session.top.sample import Frame, Row


class Mode(Enum):
    """What keys are for."""

    TABLE = "table"
    FILTER = "Filter"
    SEARCH = "Search"
    SORT = "Sort by"
    KILL = "Send signal"
    HELP = "Help"


class Column(NamedTuple):
    """A column.

    Attributes:
        title: Its title.
        key: What processes are sorted by.
        descends: The greatest come first.
    """

    title: str
    key: Callable[[Row], float | str]
    descends: bool


COLUMNS: Final = (
    Column("PID", lambda row: row.process.pid, descends=False),
    Column("UID", lambda row: row.process.uid, descends=False),
    Column("S", lambda row: row.process.state, descends=False),
    Column("THR", lambda row: row.process.threads, descends=True),
    Column("RES", lambda row: row.process.resident, descends=True),
    Column("CPU%", lambda row: row.cpu, descends=True),
    Column("TIME+", lambda row: row.process.spent, descends=True),
    Column("CALLS/s", lambda row: row.calls, descends=True),
    Column("FAULTS/s", lambda row: row.faults, descends=True),
    Column("Command", lambda row: row.process.command, descends=False),
)
TITLES: Final = tuple(column.title for column in COLUMNS)
SIGNALS: Final = (
    (15, "SIGTERM"), (1, "SIGHUP"), (2, "SIGINT"), (3, "SIGQUIT"), (9, "SIGKILL"), (10, "SIGUSR1"), (12, "SIGUSR2"),
    (18, "SIGCONT"), (19, "SIGSTOP"), (6, "SIGABRT"), (11, "SIGSEGV"), (14, "SIGALRM"),
)  # fmt: skip
_SORTING: Final = {"P": "CPU%", "M": "RES", "T": "TIME+", "N": "PID", "C": "CALLS/s", "F": "FAULTS/s"}


class Line(NamedTuple):
    """A process that is shown.

    Attributes:
        row: The process.
        branches: What stands before its command in a tree.
    """

    row: Row
    branches: str


class Kill(NamedTuple):
    """What a key asks for: a signal to a process."""

    pid: int
    number: int


class Board:
    """What is shown, and how.

    Attributes:
        mode: What keys are for now.
        sort: The title of the column that processes are sorted by.
        is_inverted: They are sorted the other way round.
        is_tree: They stand below their parents.
        filter: Only commands with this text are shown.
        text: What has been typed in this mode.
        selected: The number of the process that is selected.
        choice: Which entry of a menu is.
        is_over: The user has had enough.
        message: What the user is told on the last line.
    """

    def __init__(self) -> None:
        self.mode = Mode.TABLE
        self.sort = "CPU%"
        self.is_inverted = False
        self.is_tree = False
        self.filter = ""
        self.text = ""
        self.selected = 0
        self.choice = 0
        self.is_over = False
        self.message = ""
        self._lines: list[Line] = []
        self._page = 10

    def lines(self, frame: Frame, height: int) -> list[Line]:
        """The processes that are shown, in order; one of them is selected then.

        Args:
            frame: The machine now.
            height: Lines that there are for them.
        """
        column = COLUMNS[TITLES.index(self.sort)]
        rows = sorted(frame.rows, key=lambda row: row.process.pid)
        rows.sort(key=column.key, reverse=column.descends != self.is_inverted)
        lines = _tree(rows) if self.is_tree else [Line(row, "") for row in rows]
        wanted = (self.text if self.mode is Mode.FILTER else self.filter).lower()
        self._lines = [line for line in lines if wanted in line.row.process.command.lower()]
        self._page = max(1, height)
        if self._lines and self.selected not in (line.row.process.pid for line in self._lines):
            self.selected = self._lines[0].row.process.pid
        return self._lines

    @property
    def place(self) -> int:
        """Where the selected process stands among those that are shown."""
        pids = [line.row.process.pid for line in self._lines]
        return pids.index(self.selected) if self.selected in pids else 0

    def key(self, name: str) -> Kill | None:
        """A key was pressed; gives what it asks for beyond another picture."""
        self.message = ""
        if self.mode in (Mode.FILTER, Mode.SEARCH):
            self._typed(name)
        elif self.mode in (Mode.SORT, Mode.KILL):
            return self._chosen(name)
        elif self.mode is Mode.HELP:
            self.mode = Mode.TABLE
        else:
            self._table(name)
        return None

    def _table(self, name: str) -> None:
        steps = {
            "up": -1, "down": 1, "pageup": -self._page, "pagedown": self._page, "home": -len(self._lines),
            "end": len(self._lines),
        }  # fmt: skip
        modes = {
            "f1": Mode.HELP, "h": Mode.HELP, "?": Mode.HELP, "f3": Mode.SEARCH, "/": Mode.SEARCH, "f4": Mode.FILTER,
            "\\": Mode.FILTER, "f6": Mode.SORT, ">": Mode.SORT, "<": Mode.SORT, ".": Mode.SORT, ",": Mode.SORT,
            "f9": Mode.KILL, "k": Mode.KILL,
        }  # fmt: skip
        if name in steps and self._lines:
            place = min(max(self.place + steps[name], 0), len(self._lines) - 1)
            self.selected = self._lines[place].row.process.pid
        elif name in modes and (modes[name] is not Mode.KILL or self._lines):
            self.mode = modes[name]
            self.text = self.filter if self.mode is Mode.FILTER else ""
            self.choice = TITLES.index(self.sort) if self.mode is Mode.SORT else 0
        elif name in _SORTING:
            self.sort, self.is_inverted = _SORTING[name], False
        elif name == "I":
            self.is_inverted = not self.is_inverted
        elif name in ("f5", "t"):
            self.is_tree = not self.is_tree
        elif name in ("q", "f10", "ctrl-c"):
            self.is_over = True

    def _typed(self, name: str) -> None:
        if name == "enter":
            if self.mode is Mode.FILTER:
                self.filter = self.text
            self.mode = Mode.TABLE
        elif name == "esc":
            if self.mode is Mode.FILTER:
                self.filter = ""
            self.mode = Mode.TABLE
        elif name == "backspace":
            self.text = self.text[:-1]
        elif len(name) == 1 and name.isprintable():
            self.text += name
        elif name != "f3":
            return
        if self.mode is Mode.SEARCH:
            self._search(self.place + (name == "f3"))

    def _search(self, first: int) -> None:
        """Selects the next process with the text in its command."""
        lines = self._lines[first:] + self._lines[:first]
        for line in lines:
            if self.text and self.text.lower() in line.row.process.command.lower():
                self.selected = line.row.process.pid
                return

    def _chosen(self, name: str) -> Kill | None:
        entries = TITLES if self.mode is Mode.SORT else SIGNALS
        if name in ("up", "down"):
            self.choice = (self.choice + (1 if name == "down" else -1)) % len(entries)
        elif name in ("esc", "q", "f10"):
            self.mode = Mode.TABLE
        elif name == "enter":
            mode, self.mode = self.mode, Mode.TABLE
            if mode is Mode.KILL:
                return Kill(self.selected, SIGNALS[self.choice][0])
            self.sort, self.is_inverted = TITLES[self.choice], False
        return None


def _tree(rows: list[Row]) -> list[Line]:
    """Processes below their parents, brothers in the order given."""
    pids = {row.process.pid for row in rows}
    children: dict[int, list[Row]] = {}
    for row in rows:
        parent = row.process.ppid if row.process.ppid in pids - {row.process.pid} else 0
        children.setdefault(parent, []).append(row)
    found: list[Line] = []

    def add(parent: int, before: str) -> None:
        brothers = children.pop(parent, [])
        for number, row in enumerate(brothers, start=1):
            is_last = number == len(brothers)
            found.append(Line(row, before + ("└─ " if is_last else "├─ ") if parent else ""))
            add(row.process.pid, before + ("   " if is_last else "│  ") if parent else "")

    add(0, "")
    return found
