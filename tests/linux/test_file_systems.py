"""File systems that programs mount and lists that files have, compared with what Linux does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import ring3

HERE = Path(__file__).parent
WATCHED = """
import ctypes, os, select, threading
libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("/tmp/mm", exist_ok=True)
def mount(): assert libc.mount(b"t", b"/tmp/mm", b"tmpfs", 0, b"") == 0
def asked(): return [[what for _, what in waiting.poll(0)] for waiting in (poll, epoll)]
mounts, info = open("/proc/self/mounts"), open("/proc/self/mountinfo")
poll, epoll = select.poll(), select.epoll()
poll.register(mounts, select.POLLPRI | select.POLLERR); epoll.register(info, select.EPOLLPRI)
print(asked()); mount(); print(asked(), asked()); libc.umount(b"/tmp/mm"); print(asked(), asked())
thread = threading.Thread(target=mount); thread.start(); print([what for _, what in epoll.poll()]); thread.join()
open("/proc/sys/fs/mount-max", "w").write("100")
libc.mount(None, b"/tmp/mm", None, 1 << 20 | 1 << 14, None)
count = 0
while count < 40 and libc.mount(b"/tmp/mm", b"/tmp/mm", None, 1 << 12 | 1 << 14, None) == 0: count += 1
print(2 < count < 8, ctypes.get_errno())
"""


def lines_of(script: str, tmp_path: Path) -> list[str]:
    (tmp_path / "script").write_text((HERE / script).read_text())
    done = ring3("run", "unshare", "-m", "sh", "script", cwd=tmp_path)
    return (done.stdout + done.stderr).splitlines()


def natively(script: str) -> list[str]:
    """What the host's kernel does; only user 0 may ask it, and not in every container."""
    asked = "mkdir -p /tmp/mm && mount -t tmpfs t /tmp/mm && cd /tmp/mm && mkdir a b c d"
    asked += " && mount -t overlay o -o lowerdir=a:b,upperdir=c,workdir=d a"
    command = ["unshare", "-m", "sh", "-c", asked]
    try:
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("the host does not let us mount overlays")
    except FileNotFoundError:
        pytest.skip("the host has no unshare")
    done = subprocess.run(
        ["unshare", "-m", "sh", str(HERE / script)], capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).splitlines()


def test_overlays(tmp_path: Path) -> None:
    assert lines_of("overlay.sh", tmp_path) == natively("overlay.sh")


def test_tmpfs_holds_what_it_was_told_to(tmp_path: Path) -> None:
    ours, theirs = lines_of("tmpfs.sh", tmp_path), natively("tmpfs.sh")
    assert ours == theirs


@pytest.mark.skipif(shutil.which("setfacl") is None, reason="the host has no setfacl")
def test_access_control_lists(tmp_path: Path) -> None:
    assert lines_of("acl.sh", tmp_path) == natively("acl.sh")


def test_mounts_are_watched_and_do_not_grow_without_bound(tmp_path: Path) -> None:
    done = ring3("run", "unshare", "-m", "python3", "-c", WATCHED, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "[[], []]",
        "[[10], [10]] [[], []]",
        "[[10], [10]] [[], []]",
        "[10]",
        "True 28",
    ], done.stderr


DEVICES = """
cd /tmp; mknod null c 1 3 && echo lost >null; wc -c <null; mknod zero c 1 5 && head -c 3 zero | od -An -tx1
mknod full c 1 7; echo x 2>/dev/null >full || echo full; mknod nothing c 9 9; cat nothing 2>/dev/null || echo nothing
"""


def test_devices_that_are_made_are_those_of_their_numbers() -> None:
    """As mknod(2) gives them to a chroot; where there is no driver, opening one is ENXIO."""
    shown = ring3("run", "--user", "root", "sh", "-c", DEVICES)
    assert (shown.stdout, shown.returncode) == ("0\n 00 00 00\nfull\nnothing\n", 0)


HIDDEN = """
import os
libc, SELF = __import__("ctypes").CDLL(None), b"%d" % os.getpid()
def seen():
    def tried(what):
        try: return what()
        except OSError as error: return os.strerror(error.errno)
    child = os.fork()
    if not child:
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        name = f"/proc/{SELF.decode()}"
        print(tried(lambda: os.stat(name).st_nlink > 0), tried(lambda: len(os.listdir(name)) > 9),
              tried(lambda: open(name + "/comm").read(1) != ""), SELF.decode() in os.listdir("/proc"),
              os.path.exists("/proc/self/stat"), os.path.exists("/proc/sys"), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
seen()
for words in b"hidepid=1", b"hidepid=invisible", b"hidepid=4", b"subset=pid", b"gid=65534,hidepid=2":
    assert libc.mount(b"none", b"/proc", b"proc", 0, words) == 0
    print([line.split()[3] for line in open("/proc/self/mounts") if " /proc " in line][-1], flush=True)
    seen(); libc.umount(b"/proc")
libc.mount(b"none", b"/proc", b"proc", 1 << 5, b"hidepid=2"); seen()
print([libc.mount(b"none", b"/mnt", b"proc", 0, words) for words in (b"hidepid=3", b"subset=x", b"gid=x")])
"""


def test_proc_hides_what_it_is_told_to() -> None:
    """As proc(5) says; the same program natively, in a mount namespace of its own, gave this."""
    shown = ring3("run", "--user", "root", "/usr/bin/python3", "-c", HIDDEN)
    none = "No such file or directory"
    hidden = f"{none} {none} {none} False True True"
    assert shown.stdout.splitlines() == [
        "True True True True True True",
        "rw,relatime,hidepid=noaccess",
        "True Operation not permitted Operation not permitted True True True",
        "rw,relatime,hidepid=invisible",
        hidden,
        "rw,relatime,hidepid=ptraceable",
        f"{none} Operation not permitted Operation not permitted False True True",
        "rw,relatime,subset=pid",
        "True True True True True False",
        "rw,relatime,gid=65534,hidepid=invisible",
        "True True True True True True",
        hidden,
        "[-1, -1, -1]",
    ]


def test_flags_of_files_keep_them_as_they_are(tmp_path: Path) -> None:
    """chattr(1) on files in memory, times of access, and whose group's programs new files may be."""
    (tmp_path / "script").write_text((HERE / "inode_flags.sh").read_text())
    command = "mkdir /tmp/flags; unshare -m sh script /tmp/flags"
    done = ring3("run", "--user", "root", "sh", "-c", command, cwd=tmp_path)
    place = tmp_path / "flags"
    place.mkdir()
    command = "unshare -m true && unshare -m sh $0 $1"
    native = subprocess.run(
        ["sh", "-c", command, str(HERE / "inode_flags.sh"), str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "end" not in native.stdout:
        pytest.skip("the host does not let us mount, or has no flags on tmpfs")
    assert done.stdout.splitlines() == native.stdout.splitlines()
    assert done.stderr.replace("/tmp/flags", str(place)) == native.stderr
