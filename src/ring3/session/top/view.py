"""How a machine and its processes look on a terminal."""

from __future__ import annotations

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ring3.session.top.board import COLUMNS, SIGNALS, TITLES, Board, Line, Mode
from ring3.session.top.sample import Frame

_HEAD: Final = 3
_FOOT: Final = 1
_HOT: Final = 5
"""Functions and calls that are shown at the bottom, if there is room."""
_ROOM: Final = 18
"""Lines of a terminal that has room for them."""
_KEYS: Final = (
    ("F1", "Help"), ("F3", "Search"), ("F4", "Filter"), ("F5", "Tree"), ("F6", "SortBy"), ("F9", "Kill"),
    ("F10", "Quit"),
)  # fmt: skip
_HELP: Final = """\
 Up Down PgUp PgDn Home End   select a process
 F3 /    search: type, F3 for the next, Enter or Esc
 F4 \\    filter: only commands with a text; Esc shows all
 F5 t    tree
 F6 < >  sort by a column; P M T N C F: CPU%, RES, TIME+, PID, CALLS/s, FAULTS/s
 I       the other way round
 F9 k    send a signal to the selected process
 F10 q   quit

 S: R runs, S waits, T is stopped, Z has ended. Calls, faults and functions are counted while somebody looks."""
_NUMBERS: Final = frozenset({"PID", "UID", "THR", "RES", "CPU%", "TIME+", "CALLS/s", "FAULTS/s"})


def view(frame: Frame, board: Board, width: int, height: int) -> RenderableType:
    """The whole screen."""
    shows_hot = height >= _ROOM and board.mode is not Mode.HELP
    room = max(1, height - _HEAD - _FOOT - 1 - (_HOT + 1 if shows_hot else 0))
    lines = board.lines(frame, room)
    parts: list[RenderableType] = [head(frame, width)]
    if board.mode is Mode.HELP:
        explained = _HELP.splitlines()[: room + 1]
        parts.append(Text("\n".join(explained), no_wrap=True, overflow="crop"))
        used = len(explained) - 1
    else:
        parts.append(table(lines, board, room))
        used = room if board.mode in (Mode.SORT, Mode.KILL) else min(room, len(lines))
    if used < room:
        parts.append(Text("\n" * (room - used - 1)))
    if shows_hot:
        parts.append(hot(frame, width))
    return Group(*parts, foot(board, width))


def plain(frame: Frame) -> str:
    """The same as text, once, for a pipe."""
    board = Board()
    rows = [TITLES, *(_cells(line) for line in board.lines(frame, len(frame.rows)))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_title(frame)]
    for row in rows:
        cells = (
            cell.rjust(size) if title in _NUMBERS else cell.ljust(size)
            for title, cell, size in zip(TITLES, row, widths, strict=True)
        )
        lines.append(" ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def head(frame: Frame, width: int) -> RenderableType:
    """What is said of the machine as a whole."""
    sample = frame.sample
    resident = sum(row.process.resident for row in frame.rows)
    size = max(10, width // 2 - 24)
    share = 100 * resident / sample.memory
    bars = Text.assemble(
        ("CPU ", "cyan"), bar(frame.cpu, size, f"{frame.cpu:.1f}%"),
        f"  {frame.all_calls:.0f} calls/s, {frame.all_faults:.0f} faults/s\n",
        ("Mem ", "cyan"), bar(share, size, f"{_size(resident)}/{_size(sample.memory)}"),
        f"  {len(frame.rows)} processes, {sample.clients} clients", no_wrap=True, overflow="crop",
    )  # fmt: skip
    return Group(Text(_title(frame), style="bold", no_wrap=True, overflow="ellipsis"), bars)


def _title(frame: Frame) -> str:
    sample = frame.sample
    hours, rest = divmod(sample.age, 3600)
    return f"{sample.name} ({sample.system}), up {hours}:{rest // 60:02}:{rest % 60:02}, {sample.state}"


def bar(percent: float, width: int, label: str) -> Text:
    """A bar with a label in it, as htop draws them."""
    inside = width - 2
    full = round(inside * min(100.0, max(0.0, percent)) / 100)
    cells = ("|" * full).ljust(inside)
    cells = cells[: max(0, inside - len(label))] + label[:inside]
    found = Text(f"[{cells}]")
    found.stylize("green", 1, 1 + full)
    return found


def table(lines: list[Line], board: Board, room: int) -> RenderableType:
    """The processes, and beside them the menu that is open."""
    first = max(0, min(board.place - room // 2, len(lines) - room))
    found = Table(box=None, padding=(0, 1, 0, 0), expand=True, header_style="black on green")
    for column in COLUMNS:
        marked = column.title == board.sort
        is_command = column.title == "Command"
        found.add_column(
            Text(column.title, style="bold" if marked else ""),
            justify="right" if column.title in _NUMBERS else "left",
            no_wrap=True,
            overflow="ellipsis" if is_command else "fold",
            ratio=1 if is_command else None,
        )
    for line in lines[first : first + room]:
        is_selected = line.row.process.pid == board.selected
        found.add_row(*map(Text, _cells(line)), style="black on cyan" if is_selected else "")
    if board.mode not in (Mode.SORT, Mode.KILL):
        return found
    beside = Table.grid(expand=True)
    beside.add_column(width=18)
    beside.add_column(ratio=1)
    beside.add_row(menu(board, room), found)
    return beside


def menu(board: Board, room: int) -> Text:
    """The entries of a menu, one of them chosen."""
    entries = TITLES if board.mode is Mode.SORT else [f"{number:2} {name}" for number, name in SIGNALS]
    found = Text(f"{board.mode.value}:\n", style="")
    first = max(0, min(board.choice - room // 2, len(entries) - room))
    for at, entry in enumerate(entries[first : first + room], start=first):
        found.append(entry.ljust(16) + "\n", style="black on cyan" if at == board.choice else "")
    found.append("\n" * max(0, room - len(entries)))
    return Text("\n").join(found.split("\n")[: room + 1])


def hot(frame: Frame, width: int) -> RenderableType:
    """Functions that programs compute in, and calls that they make, the most frequent first."""
    found = Table(box=None, padding=(0, 1, 0, 0), expand=True, header_style="black on green")
    found.add_column("%", justify="right", width=6)
    found.add_column("Function", ratio=1, no_wrap=True)
    found.add_column("a second", justify="right", width=10)
    found.add_column("System call", width=max(12, width // 4), no_wrap=True)
    for at in range(_HOT):
        function, call = frame.functions[at : at + 1], frame.calls[at : at + 1]
        found.add_row(
            f"{function[0][1]:.1f}" if function else "",
            Text(function[0][0]) if function else "",
            f"{call[0][1]:.1f}" if call else "",
            Text(call[0][0]) if call else "",
        )
    return found


def foot(board: Board, width: int) -> Text:
    """The last line: what keys do, or what is typed."""
    if board.message:
        return Text(board.message[:width], style="bold red", no_wrap=True)
    if board.mode in (Mode.FILTER, Mode.SEARCH):
        return Text(f"{board.mode.value}: {board.text}_", no_wrap=True)
    if board.mode in (Mode.SORT, Mode.KILL):
        return Text("Up Down Enter  Esc: cancel", no_wrap=True)
    found = Text(no_wrap=True)
    for key, text in _KEYS:
        found.append(key)
        found.append(f"{text} ", style="black on cyan")
    if board.filter:
        found.append(f" filter: {board.filter}", style="bold")
    return found


def _cells(line: Line) -> tuple[str, ...]:
    process = line.row.process
    minutes, rest = divmod(process.spent // 10_000_000, 6000)
    return (
        str(process.pid), str(process.uid), process.state, str(process.threads), _size(process.resident),
        f"{line.row.cpu:.1f}", f"{minutes}:{rest // 100:02}.{rest % 100:02}", f"{line.row.calls:.0f}",
        f"{line.row.faults:.0f}", line.branches + process.command,
    )  # fmt: skip


def _size(count: int) -> str:
    for unit, letter in ((1 << 30, "G"), (1 << 20, "M")):
        if count >= unit:
            return f"{count / unit:.1f}{letter}"
    return f"{count >> 10}K"
