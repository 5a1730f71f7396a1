"""What a program has changed: listed, saved, and begun with."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import COMMAND, is_one_line

SCRIPT: Final = """\
echo more >>changed; rm gone; mv here there; chmod 600 private; mkdir new; echo n >new/n; ln new/n hard; ln -s n new/l
mv old renamed; rm -r other; mkdir other; echo z >other/z; mkfifo fifo; rm again; echo a >again; echo h >~/made
touch nothing; rm nothing; ls -R >/dev/null; cat kept >/dev/null
"""
LISTED: Final = [
    "C again", "C changed", "A fifo", "D gone", "A hard", "D here", "A new", "A new/l", "A new/n", "D old", "C other",
    "A other/z", "C private", "A renamed", "A renamed/sub", "A renamed/sub/x", "A there",
]  # fmt: skip


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for name in ("work/old/sub", "work/other", "home"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("changed", "gone", "here", "private", "old/sub/x", "other/y", "again", "kept"):
        (tmp_path / "work" / name).write_text(f"{name}\n")
    return tmp_path / "work"


def run(work: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "run", "--env", f"HOME={work.parent / 'home'}", *words],
        cwd=work, capture_output=True, text=True, check=False,
    )  # fmt: skip


def listed(work: Path, finished: subprocess.CompletedProcess[str]) -> list[str]:
    assert finished.returncode == 0, finished.stderr
    return [line.replace(f" {work}/", " ") for line in finished.stderr.splitlines()]


def files(work: Path) -> dict[str, str]:
    return {str(path.relative_to(work)): path.read_text() for path in work.rglob("*") if path.is_file()}


def test_what_is_listed_is_saved_and_begins_another_run(work: Path, tmp_path: Path) -> None:
    before = files(work)
    saved = tmp_path / "saved.tar"
    first = run(work, "--diff", "--save-diff", str(saved), "sh", "-c", SCRIPT)
    assert listed(work, first) == [f"A {work.parent}/home/made", *LISTED]
    assert files(work) == before
    look = "cat changed other/* renamed/sub/x new/l hard again ~/made; ls; stat -c %a private; rm there; echo x >gone"
    second = run(work, "--apply-diff", str(saved), "--diff", "sh", "-c", look)
    assert second.stdout == (
        "changed\nmore\nz\nold/sub/x\nn\nn\na\nh\n"
        "again\nchanged\nfifo\nhard\nkept\nnew\nother\nprivate\nrenamed\nthere\n600\n"
    )
    assert listed(work, second) == ["A gone", "D there"]
    assert files(work) == before


def test_the_archive_is_a_layer(work: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.tar"
    assert run(work, "--save-diff", str(saved), "sh", "-c", SCRIPT).returncode == 0
    with tarfile.open(saved) as archive:
        names = {name.removeprefix(f"{work}/"[1:]) for name in archive.getnames()}
    assert {".wh.gone", ".wh.here", ".wh.old", "other/.wh..wh..opq", "other/z", "renamed/sub/x"} <= names
    assert not names & {"kept", "nothing", "gone"}


def test_what_is_written_to_the_host_is_not_listed(work: Path) -> None:
    assert listed(work, run(work, "--diff", "--rw", "sh", "-c", "echo a >new; echo b >/tmp/b")) == [
        "A /tmp/b"
    ]


def test_a_name_is_one_line_whatever_is_in_it(work: Path) -> None:
    finished = run(work, "--diff", "sh", "-c", r"""touch "$(printf 'two\nlines')" "$(printf '\377')" """)
    assert listed(work, finished) == [r"A two\nlines", r"A \xff"]


def test_archives_are_applied_one_after_the_other(work: Path, tmp_path: Path) -> None:
    first, second = str(tmp_path / "1.tar"), str(tmp_path / "2.tar")
    run(work, "--save-diff", first, "sh", "-c", "echo 1 >a; echo 1 >b")
    run(work, "--apply-diff", first, "--save-diff", second, "sh", "-c", "rm a; echo 2 >>b")
    finished = run(work, "--apply-diff", first, "--apply-diff", second, "sh", "-c", "cat b; test ! -e a")
    assert (finished.returncode, finished.stdout) == (0, "1\n2\n")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--apply-diff", "/no/where"], 2),
        (["--apply-diff", "kept"], 2),
        (["--save-diff", "/no/where/x"], 1),
        (["--save-diff", "/dev/full"], 1),
    ],
)
def test_what_is_no_archive_is_one_line(work: Path, words: list[str], status: int) -> None:
    finished = run(work, *words, "sh", "-c", "echo a >new")
    assert finished.returncode == status
    assert is_one_line(finished.stderr)


def test_an_archive_that_leads_out_or_into_what_is_read_only(work: Path, tmp_path: Path) -> None:
    for name in ("../x", "usr/share/x"):
        with tarfile.open(tmp_path / "bad.tar", "w") as archive:
            archive.addfile(tarfile.TarInfo(name))
        finished = run(work, "--apply-diff", str(tmp_path / "bad.tar"), "true")
        assert (finished.returncode, is_one_line(finished.stderr)) == (2, True)


def test_files_outside_of_the_view_are_told_of(work: Path) -> None:
    (work.parent / "beside").write_text("x")
    finished = run(work, "cat", "../beside", "/etc/passwd", "kept")
    hint = finished.stderr.splitlines()[0]
    path = work.parent / "beside"
    assert hint == f"ring3: {path} is not among the files that the program sees: --bind {path} shows it"
    assert run(work, "--bind", str(path), "cat", "../beside").stderr == ""
    assert run(work, "-q", "cat", "../beside").stderr.count("\n") == 1
    assert run(work, "cat", "kept", "/etc/passwd").stderr == ""
