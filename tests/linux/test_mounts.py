"""Mounts: what programs of a distribution see of them in namespaces of their own, compared with a native run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import ring3

TREE = r"""
mkdir a b c; mount -t tmpfs -o mode=700 none a; stat -c '%a %u' a; echo hi >a/f
mount --bind a b; cat b/f; echo two >b/g; cat a/g; mount --bind a/f c 2>/dev/null; echo $?
mount -o remount,bind,ro b; echo x 2>/dev/null >b/h; echo $?; echo y >a/h; cat b/h; mkdir b/d 2>/dev/null; echo $?
awk '$5 ~ /\/b$/ { print $4, $6, $9 }' /proc/self/mountinfo
umount b; ls b; (cd a; umount ../a 2>/dev/null; echo $?); (exec 3<a/f; umount a 2>/dev/null; echo $?)
mkdir a/s; mount -t tmpfs none a/s; umount a 2>/dev/null; echo $?; umount -l a; ls a; umount a 2>/dev/null; echo $?
mount -t tmpfs none a; mount --make-shared a; mount --bind a b; mkdir a/z; mount -t tmpfs none a/z; echo 1 >a/z/q
cat b/z/q; umount b/z; ls a/z; mount --make-private b; mount -t tmpfs none a/z; ls b/z; echo 2 >a/z/q; ls b/z
grep -c shared: /proc/self/mountinfo; mount --make-unbindable b; mount --bind b c 2>/dev/null; echo $?
mount --move a/z c 2>/dev/null; echo $?; mount --make-private a; mount --move a/z c; cat c/q; ls a/z
mount -t tmpfs none c; ls c; umount c; ls c
mount -t tmpfs -o noexec,nodev none c; cp /bin/true c/t; c/t 2>/dev/null; echo $?
mount -t nothing none c 2>/dev/null || echo no; mount -t tmpfs -o nonsense none c 2>/dev/null || echo no
unshare -m sh -c 'mount -t tmpfs none a; echo 3 >a/only'; ls a
mount -t proc none b 2>/dev/null || echo no
"""

PIVOT = r"""
mkdir r; mount -t tmpfs none r; mkdir r/old r/usr r/proc; mount --rbind /usr r/usr
mount --rbind /proc r/proc
for l in bin lib lib64; do ln -s usr/$l r/$l; done; cd r; pivot_root . old; cd /; ls -d /*; test -d /old/usr; echo $?
umount -l /old; ls /old; pwd; ls ..
mkdir /mnt; mount -t tmpfs none /mnt; mkdir /mnt/usr; mount --rbind /usr /mnt/usr
cp -P /bin /lib /lib64 /mnt; mkdir /mnt/in; chroot /mnt sh -c 'mount -t tmpfs none in 2>/dev/null; echo $?'
(exec 3</proc/self/mountinfo; mount --bind /proc/self/mountinfo /proc/self/fd/3 2>/dev/null; echo $((!!$?)))
"""

BWRAP = r"""
bwrap --ro-bind / / true; echo $?
bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --tmpfs /tmp \
    --dir /x --chdir /x sh -c 'pwd; ls /; touch /usr/a 2>&1; touch /tmp/ok && echo ok'
bwrap --unshare-user --uid 5 --gid 6 --ro-bind / / id -u
bwrap --unshare-net --unshare-uts --unshare-ipc --hostname foo --ro-bind / / sh -c 'hostname; ip -o addr | wc -l'
bwrap --ro-bind / / --dev /dev --tmpfs /tmp sh -c 'ls /dev; echo x >/dev/null && echo ok'
bwrap --ro-bind / / --bind . /tmp --chdir /tmp sh -c 'echo hi >made; cat made'; cat made
"""


OBJECTS = r"""
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *words):
    words = [w.encode() if isinstance(w, str) else ctypes.c_long(w) if isinstance(w, int) else w for w in words]
    done = libc.syscall(number, *words)
    return done if done >= 0 else os.strerror(ctypes.get_errno())
OPEN_TREE, MOVE, FSOPEN, FSCONFIG, FSMOUNT, FSPICK, SETATTR = 428, 429, 430, 431, 432, 433, 442
attributes = lambda *words: struct.pack("QQQQ", *words)
def told(name, done): print(name, "fd" if isinstance(done, int) and done > 2 else done)
for where in "abc": os.mkdir(where)
told("kind", call(FSOPEN, "nothing", 0)); told("flags", call(FSOPEN, "tmpfs", 2))
fs = call(FSOPEN, "tmpfs", 1); told("open", fs)
told("early", call(FSMOUNT, fs, 0, 0))
for cmd, key, value, aux in ((1, "size", "1m", 0), (1, "nonsense", "1", 0), (0, "nonsense", None, 0),
                             (0, None, None, 0),
                             (1, "size", None, 0), (5, "fd", None, 3), (6, "x", None, 0), (99, None, None, 0),
                             (1, "mode", "700", 0), (1, "source", "me", 0), (0, "ro", None, 1), (7, None, None, 0)):
    told((cmd, key), call(FSCONFIG, fs, cmd, key or 0, value or 0, aux))
told("bad", call(FSCONFIG, 0, 6, 0, 0, 0)); told("negative", call(FSCONFIG, -1, 6, 0, 0, 0))
told("create", call(FSCONFIG, fs, 6, 0, 0, 0)); told("again", call(FSCONFIG, fs, 6, 0, 0, 0))
told("attributes", call(FSMOUNT, fs, 0, 0x70)); told("flags", call(FSMOUNT, fs, 4, 0))
mount = call(FSMOUNT, fs, 1, 0x8); told("mount", mount); told("twice", call(FSMOUNT, fs, 0, 0))
open(f"/proc/self/fd/{mount}/inside", "w").write("made before it was anywhere")
told("flags", call(MOVE, mount, "", -100, "a", 0x1000)); told("empty", call(MOVE, mount, "", -100, "a", 0))
told("move", call(MOVE, mount, "", -100, "a", 4)); told("moved", call(MOVE, mount, "", -100, "b", 4))
print(os.listdir("a"), oct(os.stat("b").st_mode & 0o777), open("b/inside").read())
told("file", call(MOVE, -100, "b/inside", -100, "a", 0)); told("below", call(MOVE, -100, "b", -100, "b", 0))
told("tree", call(OPEN_TREE, -100, "b", 0x8000)); told("flags", call(OPEN_TREE, -100, "b", 2))
copy = call(OPEN_TREE, -100, "b", 1 | 0o2000000); told("copy", copy)
told("show", call(MOVE, copy, "", -100, "c", 4)); print(os.listdir("c"))
told("none", call(MOVE, -100, "a", -100, "c", 0))
told("size", call(SETATTR, -100, "c", 0, attributes(1, 0, 0, 0), 16))
told("large", call(SETATTR, -100, "c", 0, attributes(1, 0, 0, 0) + b"\1" + bytes(7), 40))
told("nothing", call(SETATTR, -100, "nowhere", 0, attributes(0, 0, 0, 0), 32))
for words in ((1, 0, 0, 0), (1 << 40, 0, 0, 0), (0x10, 0, 0, 0), (0x10, 0x70, 0, 0), (0, 0x30, 0, 0), (0, 0, 3, 0)):
    told(words, call(SETATTR, -100, "c", 0, attributes(*words), 32))
try: open("c/new", "w")
except OSError as error: print(error.strerror)
open("b/new", "w").close(); print(sorted(os.listdir("c")))
told("clear", call(SETATTR, -100, "c", 0, attributes(0, 1, 0, 0), 32)); open("c/more", "w").close()
told("no mount", call(SETATTR, -100, "a", 0, attributes(1, 0, 0, 0), 32))
told("shared", call(SETATTR, -100, "c", 0x8000, attributes(0, 0, 1 << 20, 0), 32))
print([line.split()[5] + " " + line.split()[6].split(":")[0] for line in open("/proc/self/mountinfo") if "/c " in line])
pick = call(FSPICK, -100, "b", 0); told("pick", pick); told("pick none", call(FSPICK, -100, "a", 0))
told("change", call(FSCONFIG, pick, 0, "ro", 0, 0)); told("done", call(FSCONFIG, pick, 7, 0, 0, 0))
try: open("b/no", "w")
except OSError as error: print(error.strerror)
"""


def compared(tmp_path: Path, script: str, *before: str) -> None:
    """Runs a script under Ring3 and natively, each in a folder of its own, and compares what they print."""
    shown = []
    for where, command in (("ours", None), ("native", True)):
        folder = tmp_path / where
        folder.mkdir()
        (folder / "script").write_text(script)
        words = [*before, "sh", "script"]
        if command is None:
            shown.append(ring3("run", *words, cwd=folder).stdout)
        else:
            done = subprocess.run(
                words, capture_output=True, text=True, cwd=folder, check=False, stdin=subprocess.DEVNULL
            )
            shown.append(done.stdout)
    assert shown[0] == shown[1]


def needed(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"the host has no {', '.join(missing)}")
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("the host lets nobody make user and mount namespaces")


def test_mounts_are_made_shown_elsewhere_moved_and_taken_away(tmp_path: Path) -> None:
    needed("unshare", "mount", "umount", "awk")
    compared(tmp_path, TREE, "unshare", "-rm")


def test_another_root(tmp_path: Path) -> None:
    needed("unshare", "mount", "umount", "pivot_root")
    compared(tmp_path, PIVOT, "unshare", "-rm")


def test_bubblewrap(tmp_path: Path) -> None:
    needed("unshare", "bwrap", "ip")
    compared(tmp_path, BWRAP)


def test_mounts_are_made_step_by_step(tmp_path: Path) -> None:
    needed("unshare", "/usr/bin/python3")
    compared(
        tmp_path, f"cat >objects <<'END'\n{OBJECTS}\nEND\n/usr/bin/python3 objects 2>&1\n", "unshare", "-rm"
    )


def test_who_is_no_administrator_mounts_nothing(tmp_path: Path) -> None:
    needed("mount", "setpriv")
    script = (
        "mkdir a; setpriv --reuid 4 --clear-groups --inh-caps -all mount -t tmpfs none a 2>/dev/null; echo $?"
    )
    compared(tmp_path, script, "unshare", "-rm")
