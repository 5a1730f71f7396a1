"""What keys do to a table of processes, and how it looks; no terminal and no machine is needed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ring3.session.top.board import SIGNALS, TITLES, Board, Kill, Mode
from ring3.session.top.keys import keys
from ring3.session.top.sample import Frame, Process, Sample, between
from ring3.session.top.view import plain, view

SECOND = 1_000_000_000


def sample(now: int, *processes: Process) -> Sample:
    return Sample("m", "linux", 3725, 1, "up", now * SECOND, 0, 0, 0, 1 << 30, processes, {}, {})


def process(
    pid: int, ppid: int, command: str, *, spent: int = 0, resident: int = 1 << 20, calls: int = 0
) -> Process:
    return Process(pid, ppid, 0, "S", 1, resident, spent, calls, 0, command)


@pytest.fixture
def frame() -> Frame:
    """Four processes, two seconds after they were seen first."""
    before = sample(
        10,
        process(2, 1, "/bin/sh"),
        process(3, 2, "find /", calls=10),
        process(4, 3, "sort -u"),
    )._replace(calls={"read": 100}, functions={"find`main": 5}, all_calls=100)
    after = sample(
        12,
        process(2, 1, "/bin/sh", resident=3 << 20),
        process(3, 2, "find /", spent=SECOND, calls=50),
        process(4, 3, "sort -u", spent=SECOND // 2),
        process(5, 2, "cat", spent=SECOND // 10, calls=6),
    )._replace(
        calls={"read": 140, "write": 2},
        functions={"find`main": 8, "sort`cmp": 1},
        all_calls=146,
        spent=2 * SECOND,
    )
    return between(before, after)


def shown(board: Board, frame: Frame) -> list[int]:
    return [line.row.process.pid for line in board.lines(frame, 10)]


def press(board: Board, frame: Frame, *names: str) -> list[Kill | None]:
    asked = []
    for name in names:
        asked.append(board.key(name))
        board.lines(frame, 10)
    return asked


def test_rates_are_of_what_happened_meanwhile(frame: Frame) -> None:
    rows = {row.process.pid: row for row in frame.rows}
    assert (rows[3].cpu, rows[3].calls) == (50.0, 20.0)
    assert (rows[5].cpu, rows[5].calls) == (5.0, 3.0)
    assert frame.calls == [("read", 20.0), ("write", 1.0)]
    assert frame.functions == [("find`main", 75.0), ("sort`cmp", 25.0)]
    assert (frame.cpu, frame.all_calls) == (100.0, 23.0)


def test_processes_are_sorted_by_a_column(frame: Frame) -> None:
    board = Board()
    assert shown(board, frame) == [3, 4, 5, 2]
    for key, order in (("M", [2, 3, 4, 5]), ("N", [2, 3, 4, 5]), ("I", [5, 4, 3, 2]), ("C", [3, 5, 2, 4])):
        board.key(key)
        assert shown(board, frame) == order
    press(board, frame, "f6", *["down"] * (TITLES.index("Command") - TITLES.index("CALLS/s")), "enter")
    assert shown(board, frame) == [2, 5, 3, 4]
    press(board, frame, ">", "esc")
    assert board.sort == "Command"


def test_a_tree_shows_children_below_parents(frame: Frame) -> None:
    board = Board()
    board.key("t")
    lines = board.lines(frame, 10)
    assert [(line.branches, line.row.process.pid) for line in lines] == [
        ("", 2), ("├─ ", 3), ("│  └─ ", 4), ("└─ ", 5),
    ]  # fmt: skip
    board.key("f5")
    assert not board.is_tree


def test_filter_and_search_are_typed(frame: Frame) -> None:
    board = Board()
    board.lines(frame, 10)
    press(board, frame, "f4", "S", "x", "backspace", "o")
    assert shown(board, frame) == [4]
    press(board, frame, "enter")
    assert (board.mode, board.filter, shown(board, frame)) == (Mode.TABLE, "So", [4])
    press(board, frame, "\\", "esc")
    assert len(shown(board, frame)) == 4
    press(board, frame, "/", *"s")
    assert board.selected == 4
    press(board, frame, "f3")
    assert board.selected == 2
    press(board, frame, "enter")
    assert board.mode is Mode.TABLE


def test_a_signal_goes_to_the_process_that_is_selected(frame: Frame) -> None:
    board = Board()
    board.lines(frame, 10)
    press(board, frame, "down")
    assert press(board, frame, "k", "enter")[-1] == Kill(4, 15)
    down = [number for number, _ in SIGNALS].index(9)
    assert press(board, frame, "f9", *["down"] * down, "enter")[-1] == Kill(4, 9)
    assert press(board, frame, "f9", "up", "enter")[-1] == Kill(4, SIGNALS[-1][0])
    assert press(board, frame, "k", "esc", "end", "k", "enter")[-1] == Kill(2, 15)


def test_the_selection_stays_with_its_process(frame: Frame) -> None:
    board = Board()
    press(board, frame, "home", "down", "down")
    assert board.selected == 5
    press(board, frame, "I")
    assert board.selected == 5
    gone = frame._replace(rows=tuple(row for row in frame.rows if row.process.pid != 5))
    assert board.selected in shown(board, gone) or shown(board, gone)
    assert board.selected != 5
    press(board, frame._replace(rows=()), "down", "k", "enter")
    assert board.mode is Mode.TABLE


@pytest.mark.parametrize("name", ["q", "f10"])
def test_it_ends(frame: Frame, name: str) -> None:
    board = Board()
    press(board, frame, "h", "x")
    assert not board.is_over
    press(board, frame, name)
    assert board.is_over


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"q", ["q"]),
        (b"\x1b[A\x1bOB", ["up", "down"]),
        (b"\x1b[5~\x1b[6~\x1b[H\x1b[4~", ["pageup", "pagedown", "home", "end"]),
        (
            b"\x1bOP\x1b[12~\x1b[[C\x1b[15~\x1b[17~\x1b[20~\x1b[21~",
            ["f1", "f2", "f3", "f5", "f6", "f9", "f10"],
        ),
        (b"\x1b", ["esc"]),
        (b"\x1bq\r\x7f", ["esc", "q", "enter", "backspace"]),
        ("é".encode(), ["é"]),
        (b"\x1b[1;5A\x1b[99~\x1b[", ["up"]),
    ],
)
def test_keys_have_names(data: bytes, names: list[str]) -> None:
    assert keys(data) == names


@pytest.mark.parametrize(("width", "height"), [(100, 30), (80, 24), (40, 10), (20, 5)])
@pytest.mark.parametrize("pressed", [(), ("f1",), ("f6",), ("f9",), ("f4", "s"), ("t",)])
def test_the_picture_fits_the_screen(frame: Frame, width: int, height: int, pressed: tuple[str, ...]) -> None:
    board = Board()
    press(board, frame, *pressed)
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None)
    lines = console.render_lines(view(frame, board, width, height), console.options.update(width=width))
    assert all(sum(segment.cell_length for segment in line) <= width for line in lines)
    text = "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)
    assert text.startswith("m (linux), up"[:width])
    if height >= 10:
        assert len(lines) == height
    if width == 100 and not pressed:
        assert "find`main" in text
        assert "F10Quit" in text.splitlines()[-1]


def test_the_table_as_text(frame: Frame) -> None:
    lines = plain(frame).splitlines()
    assert lines[0] == "m (linux), up 1:02:05, up"
    assert lines[1].split() == list(TITLES)
    assert lines[2].split() == ["3", "0", "S", "1", "1.0M", "50.0", "0:01.00", "20", "0", "find", "/"]
