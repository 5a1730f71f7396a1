"""What programs see of the host: the promises of decision 7."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ring3.abi.errno import E, Errno
from ring3.computer import Linux
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL
from ring3.fs.view import PACKAGES
from ring3.linux.model.task import LinuxTask
from tests.support import guest
from tests.support.toolchain import Toolchain


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with a secret, the working directory below it, and a program elsewhere."""
    for directory in ("home/work", "elsewhere"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "home" / "secret").write_bytes(b"secret")
    (tmp_path / "home" / "work" / "mine").write_bytes(b"mine")
    (tmp_path / "elsewhere" / "neighbour").write_bytes(b"hidden")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home" / "work")
    return tmp_path


def load(linux: Linux, program: Path) -> LinuxTask:
    return linux.load(str(program), environment={"HOME": os.environ["HOME"]})


def exists(linux: Linux, path: str | Path) -> bool:
    try:
        Walk(linux.kernel.vfs.root, KERNEL).find(linux.kernel.cwd, os.fsencode(path))
    except Errno as error:
        if error.number is E.ENOENT:
            return False
        raise
    return True


@pytest.fixture
def program(home: Path, toolchain: Toolchain) -> Path:
    path = home / "elsewhere" / "program"
    path.write_bytes(toolchain.program("basic/exit_status.c").read_bytes())
    path.chmod(0o755)
    return path


def test_a_program_elsewhere_is_visible_and_nothing_beside_it(home: Path, program: Path) -> None:
    with guest.boot() as linux:
        task = load(linux, program)
        assert exists(linux, program)
        assert not exists(linux, home / "elsewhere" / "neighbour")
        assert task.exe == str(program)


def test_a_link_to_a_program_leads_to_it(home: Path, program: Path) -> None:
    link = home / "elsewhere" / "link"
    link.symlink_to("program")
    with guest.boot() as linux:
        task = load(linux, link)
        assert task.exe == str(program)
        assert exists(linux, link)


def test_the_home_is_empty_but_for_the_working_directory(home: Path, program: Path) -> None:
    with guest.boot() as linux:
        load(linux, program)
        assert exists(linux, home / "home")
        assert not exists(linux, home / "home" / "secret")
        assert exists(linux, "mine")
        assert exists(linux, home / "home" / "work" / "mine")


@pytest.mark.parametrize(
    "path", ["/tmp", "/root", "/home", "/var/tmp", "/var/log", "/mnt", "/run", "/dev/shm"]
)
def test_what_is_writable_starts_empty(home: Path, program: Path, path: str) -> None:
    with guest.boot() as linux:
        load(linux, program)
        if not exists(linux, path):
            return
        place = Walk(linux.kernel.vfs.root, KERNEL).find(linux.kernel.cwd, path.encode())
        names = {entry.name for entry in place.inode.entries()}
        shown = {Path(step).name.encode() for step in (home, *home.parents)}
        assert names <= shown | {b"root", b"lock", b".gitconfig", b".config"}
        assert not place.fs.readonly


@pytest.mark.parametrize("path", ["/usr/bin", "/etc/passwd", "/bin/sh"])
def test_system_directories_are_read_only(home: Path, program: Path, path: str) -> None:
    with guest.boot() as linux:
        load(linux, program)
        place = Walk(linux.kernel.vfs.root, KERNEL).find(linux.kernel.cwd, path.encode())
        assert place.fs.readonly
        assert place.inode.stat().ino == Path(path).stat().st_ino


def test_what_a_distribution_notes_is_read_only_and_what_is_beside_it_writable(
    home: Path, program: Path
) -> None:
    """Such as what fontconfig keeps, without which each program would read all fonts."""
    known = [path for path in map(os.fsdecode, PACKAGES) if Path(path).is_dir()]
    with guest.boot() as linux:
        load(linux, program)
        for path in known:
            place = Walk(linux.kernel.vfs.root, KERNEL).find(linux.kernel.cwd, path.encode())
            assert place.fs.readonly
            assert place.inode.stat().ino == Path(path).stat().st_ino
        for path in ("/var/lib", "/var/cache"):
            if exists(linux, path):
                place = Walk(linux.kernel.vfs.root, KERNEL).find(linux.kernel.cwd, path.encode())
                assert not place.fs.readonly


@pytest.mark.parametrize("path", ["/boot", "/srv", "/sys/class/drm", "/var/backups", "/proc/1/exe"])
def test_nothing_else_of_the_host_is_there(home: Path, program: Path, path: str) -> None:
    with guest.boot() as linux:
        load(linux, program)
        assert not exists(linux, path)


def test_the_machine_says_that_it_has_one_cpu(home: Path, program: Path) -> None:
    with guest.boot() as linux:
        load(linux, program)
        place = Walk(linux.kernel.vfs.root, KERNEL).find(linux.kernel.cwd, b"/sys/devices/system/cpu/online")
        assert place.inode.open(place, 0).read(100) == b"0\n"
        assert place.fs.statfs().magic == 0x6265_6572


def test_the_root_as_working_directory_shows_nothing_more(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    with guest.boot() as linux:
        load(linux, program)
        assert linux.kernel.cwd.path() == b"/"
        assert not exists(linux, "/boot")


def test_a_working_directory_in_a_system_directory_is_writable(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/usr/share")
    with guest.boot() as linux:
        load(linux, program)
        assert linux.kernel.cwd.path() == b"/usr/share"
        assert not linux.kernel.cwd.fs.readonly
        assert exists(linux, "../bin/env")


def test_a_second_program_sees_what_the_first_one_wrote(home: Path, toolchain: Toolchain) -> None:
    writer, reader = (toolchain.program("files/names.c"), toolchain.program("files/opening.c"))
    with guest.boot() as linux:
        guest.run(linux, writer)
        before = linux.machine.ram.frames_in_use
        guest.run(linux, writer)
        assert guest.run(linux, reader).status == 0
        assert exists(linux, "made")
        assert linux.machine.ram.frames_in_use >= before
    assert [path.name for path in Path.cwd().iterdir()] == ["mine"]
