"""What is shown with a program: interpreters of scripts, libraries of installations, and nothing beside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.fs.view import is_shown
from ring3.loader.host import make_visible
from tests.support import guest


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("work", "tool/bin", "tool/lib/deep", "tool/share", "real/bin", "real/lib"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("tool/pyvenv.cfg", "tool/secret", "tool/lib/deep/module", "real/bin/program", "real/lib/x"):
        (tmp_path / name).write_bytes(b"\x7fELF")
    (tmp_path / "tool/bin/program").symlink_to("../../real/bin/program")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def shown(linux: Linux, top: Path, *names: str) -> list[str]:
    return [name for name in names if is_shown(linux.kernel.vfs, os.fsencode(top / name))]


def test_an_installation_comes_with_its_libraries(work: Path) -> None:
    with guest.boot() as linux:
        linux.mount_view()
        make_visible(linux.kernel.vfs, str(work / "tool/bin/program"))
        wanted = (
            "tool/bin/program",
            "tool/lib/deep/module",
            "tool/pyvenv.cfg",
            "real/bin/program",
            "real/lib/x",
        )
        assert shown(linux, work, *wanted) == list(wanted)
        assert shown(linux, work, "tool/secret", "tool/share", "work") == ["work"]


def test_a_script_comes_with_its_interpreter(work: Path) -> None:
    script = work / "work/script"
    script.write_text(f"#!{work}/tool/bin/program -x\n")
    with guest.boot() as linux:
        linux.mount_view()
        make_visible(linux.kernel.vfs, str(script))
        assert shown(linux, work, "tool/bin/program", "tool/lib/deep", "tool/secret") == [
            "tool/bin/program",
            "tool/lib/deep",
        ]


@pytest.mark.parametrize("line", [b"#!", b"#!\0/x", b"#!relative", b"#!/no/where", b"#!" + b"/" * 400])
def test_a_script_whose_interpreter_makes_no_sense(work: Path, line: bytes) -> None:
    (work / "work/script").write_bytes(line + b"\n")
    with guest.boot() as linux:
        linux.mount_view()
        make_visible(linux.kernel.vfs, str(work / "work/script"))


def test_scripts_that_interpret_each_other_end(work: Path) -> None:
    (work / "work/script").write_text(f"#!{work}/work/script\n")
    with guest.boot() as linux:
        linux.mount_view()
        make_visible(linux.kernel.vfs, str(work / "work/script"))


def test_git_knows_who_somebody_is(work: Path) -> None:
    (work / "home").mkdir()
    (work / "home/.gitconfig").write_text("[user]\nname = you\n")
    (work / "home/secret").write_text("")
    with guest.boot() as linux:
        linux.mount_view({"HOME": str(work / "home")})
        home = linux.kernel.vfs.root
        for name in str(work / "home")[1:].split("/"):
            home = home.child(name.encode())
        assert [entry.name for entry in home.inode.entries()] == [b".gitconfig"]
        file = home.child(b".gitconfig").inode.open(home.child(b".gitconfig"), os.O_RDONLY)
        assert file.read(100) == b"[user]\nname = you\n"
