"""Pictures that dtrace cannot make are refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import HELLO, ring3

FORMS = "a profile goes to FILE.svg (flame graph), FILE.folded (stacks) or FILE.json (speedscope)"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--flame", "x.bmp"], f"x.bmp: {FORMS}"),
        (["--flame=", "--plot", "x.svg"], f": {FORMS}"),
        (["--flame", "none/x.svg"], "failed to write none/x.svg: No such file or directory"),
        (["--plot", "."], "failed to write .: Is a directory"),
        (["--perfetto", "none/trace"], "failed to write none/trace: No such file or directory"),
    ],
)
def test_no_program_is_started_for_it(words: list[str], complaint: str, tmp_path: Path) -> None:
    done = ring3("dtrace", *words, "-n", "syscall::write:entry", "-c", HELLO, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"dtrace: {complaint}\n")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_in_the_end(tmp_path: Path) -> None:
    script = "syscall::write:entry { @[ustack()] = count(); }"
    (tmp_path / "full.svg").symlink_to("/dev/full")
    done = ring3("dtrace", "--flame", "full.svg", "-qn", script, "-c", HELLO, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        "dtrace: failed to write full.svg: No space left on device\n",
    )
    assert done.stdout.startswith("Hello, world\n")
