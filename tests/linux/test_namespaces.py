"""Namespaces: what programs of a distribution see of them, compared with a native run, and the rules without a CPU."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import ALL, Cap
from ring3.computer import Linux
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.user_namespace import INITIAL, NO_ID, OVERFLOW_ID, Extent, UserNamespace
from ring3.linux.tasks import identity
from ring3.linux.tasks.id_maps import shown_map, write_map, write_setgroups
from ring3.linux.tasks.namespaces import in_user_namespace
from tests.cli.command import ring3
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

# -- numbers -------------------------------------------------------------------------------------------------------


def mapped(
    parent: UserNamespace = INITIAL, inside: int = 0, outside: int = 1000, size: int = 1
) -> UserNamespace:
    made = UserNamespace(1, parent, 1000, 1000)
    made.users = made.groups = (Extent(inside, outside, size),)
    return made


def test_numbers_are_translated_and_strangers_are_nobody() -> None:
    namespace = mapped(inside=10, outside=1000, size=5)
    assert [namespace.shown_user(user) for user in (1000, 1004, 1005, 0)] == [
        10,
        14,
        OVERFLOW_ID,
        OVERFLOW_ID,
    ]
    assert [namespace.user(number) for number in (10, 14, 15, 0)] == [1000, 1004, None, None]
    assert namespace.root == NO_ID
    assert mapped().root == 1000
    assert INITIAL.shown_user(4_000_000_000) == 4_000_000_000


def test_capabilities_hold_where_they_were_given_and_below() -> None:
    user = Credentials.of(1000, 1000)
    namespace = mapped()
    inside = in_user_namespace(user, namespace)
    below = UserNamespace(2, namespace, 1000, 1000)
    assert inside.effective == ALL
    assert inside.ns_capable(namespace, Cap.SYS_ADMIN)
    assert inside.ns_capable(below, Cap.SYS_ADMIN)
    assert not inside.ns_capable(INITIAL, Cap.SYS_ADMIN)
    assert not inside.capable(Cap.SYS_ADMIN)
    assert user.ns_capable(namespace, Cap.SYS_ADMIN), "the owner has all capabilities in what it made"
    assert not Credentials.of(1001, 1001).ns_capable(namespace, Cap.SYS_ADMIN)
    assert Credentials.of(0, 0).ns_capable(below, Cap.SYS_ADMIN)


def test_user_zero_is_who_is_called_so() -> None:
    inside = in_user_namespace(Credentials.of(1000, 1000), mapped(size=10))
    started = identity.after_exec(inside)
    assert started.effective == ALL
    lowered = identity.setuid(started, 1001)
    assert (lowered.euid, lowered.effective) == (1001, 0)
    unmapped = identity.after_exec(
        in_user_namespace(Credentials.of(1000, 1000), UserNamespace(1, INITIAL, 1000, 1000))
    )
    assert unmapped.effective == 0


OWNER = Credentials.of(1000, 1000)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"0 1000 1\n", None),
        (b"5 1000 1", None),
        (b"0 1001 1\n", E.EPERM),
        (b"0 1000 2\n", E.EPERM),
        (b"0 1000 1\n1 1001 1\n", E.EPERM),
        (b"", E.EINVAL),
        (b"\n", E.EINVAL),
        (b"0 1000\n", E.EINVAL),
        (b"0 1000 0\n", E.EINVAL),
        (b"0 x 1\n", E.EINVAL),
        (b"-1 1000 1\n", E.EINVAL),
        (b"4294967295 1000 1\n", E.EINVAL),
        (b"0 1000 1\n0 1001 1\n", E.EINVAL),
        (b"0 1000 1 " + b" " * 4096, E.EINVAL),
    ],
)
def test_what_an_ordinary_user_may_write(data: bytes, error: E | None) -> None:
    namespace = UserNamespace(1, INITIAL, 1000, 1000)
    if error is None:
        write_map(OWNER, namespace, data, groups=False)
        with pytest.raises(Errno) as caught:
            write_map(OWNER, namespace, data, groups=False)
        assert caught.value.number is E.EPERM
    else:
        with pytest.raises(Errno) as caught:
            write_map(OWNER, namespace, data, groups=False)
        assert caught.value.number is error


def test_an_administrator_may_map_many_and_others_only_below() -> None:
    namespace = UserNamespace(1, INITIAL, 1000, 1000)
    write_map(Credentials.of(0, 0), namespace, b"0 100000 65536\n65536 0 1\n", groups=True)
    assert namespace.groups == (Extent(0, 100000, 65536), Extent(65536, 0, 1))
    below = UserNamespace(2, namespace, 100000, 100000)
    inside = in_user_namespace(Credentials.of(100000, 100000), namespace)
    with pytest.raises(Errno):
        write_map(inside, below, b"0 65000 1000\n", groups=True)
    write_map(inside, below, b"0 1000 10\n", groups=True)
    assert below.groups == (Extent(0, 101000, 10),)
    assert shown_map(below, namespace, groups=True).split() == ["0", "1000", "10"]
    assert shown_map(below, INITIAL, groups=True).split() == ["0", "101000", "10"]


def test_groups_are_mapped_by_a_user_only_without_setgroups() -> None:
    namespace = UserNamespace(1, INITIAL, 1000, 1000)
    with pytest.raises(Errno):
        write_map(OWNER, namespace, b"0 1000 1", groups=True)
    write_setgroups(OWNER, namespace, b"deny\n")
    with pytest.raises(Errno):
        write_setgroups(OWNER, namespace, b"allow")
    with pytest.raises(Errno) as caught:
        write_setgroups(OWNER, namespace, b"never")
    assert caught.value.number is E.EINVAL
    write_map(OWNER, namespace, b"0 1000 1", groups=True)
    with pytest.raises(Errno) as caught:
        write_setgroups(OWNER, namespace, b"deny")
    assert caught.value.number is E.EPERM


# -- programs ------------------------------------------------------------------------------------------------------

SCRIPT = r"""
unshare -r id -u; unshare -r id -g; unshare -U id -u
unshare -r cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups
unshare -r sh -c 'hostname foo; echo $?' 2>/dev/null
unshare -ru sh -c 'hostname foo; hostname; uname -n; cat /proc/sys/kernel/hostname'
unshare -r stat -c '%u %g' /proc/self /etc/shadow
unshare -rn ip addr
unshare -rn sh -c 'ip link set lo up; ip addr'
unshare -ri sh -c 'ipcmk -Q >/dev/null; ipcs -q | wc -l'
unshare -r --setgroups deny id; echo $?
unshare -r grep Cap /proc/self/status
unshare -rT --boottime 1000000000 sh -c 'cut -d. -f1 /proc/uptime | wc -c'
unshare -r unshare -r unshare -U --map-root-user id -u
unshare -r cat /etc/shadow 2>/dev/null | head -c 0; echo $?
unshare -ru sh -c 'readlink /proc/self/ns/uts >a; readlink /proc/$PPID/ns/uts >b; cmp -s a b; echo $?; rm a b'
unshare -r chown 5 file 2>&1; unshare -r chown 0 file; stat -c %u file
nsenter -t $$ -u hostname >/dev/null 2>&1; echo $?
stat -L -c '%a %F' /proc/self/ns/uts
test -e /proc/self/ns/nothing; echo $?
unshare -rpf --mount-proc ps -eo pid:5,ppid:5,comm
unshare -rpf sh -c 'echo $$ $PPID; sh -c "echo \$\$ \$PPID"; kill $$; kill -9 1; echo alive'
unshare -rpf --kill-child --mount-proc sh -c 'sleep 100 & ls -d /proc/[0-9]*; cut -d" " -f 1,2,4-6 /proc/1/stat'
unshare -rpf --mount-proc cat /proc/sys/kernel/ns_last_pid
unshare -rpf --mount-proc unshare -pf --mount-proc sh -c 'ps -eo pid:5,args; grep NSpid /proc/self/status'
unshare -rp sh -c 'sh -c "echo \$\$" 2>&1; /bin/true; /bin/true' 2>/dev/null; echo $?
unshare -rpf --mount-proc sh -c 'sleep 50 & exec nsenter -t $! -p sh -c "echo \$\$"'
"""


def require_natively(flags: str) -> None:
    """Skips where the host lets nobody make namespaces of some kinds, or has no unshare(1)."""
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", flags, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"the host does not let us make namespaces (unshare {flags})")


@pytest.mark.parametrize("bits", [64, 32])
def test_numbers_of_processes_inside_and_outside(
    linux: Linux, toolchain: Toolchain, native: Run, bits: Bits
) -> None:
    require_natively("-rpf")
    program = toolchain.program("tasks/pid_namespaces.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)


@pytest.mark.parametrize("bits", [64, 32])
def test_mounts_clocks_and_numbers(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    """Links that a mount forbids, flags that are locked, deadlines where clocks stand elsewhere."""
    program = toolchain.program("tasks/seen_in_namespaces.c", bits=bits)
    there = native(program)
    if there.status == 77:
        pytest.skip("the host's kernel lets nobody make namespaces")
    assert guest.run(linux, program).finished == there


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="the host has no bubblewrap")
def test_bubblewrap_makes_a_sandbox_inside(tmp_path: Path) -> None:
    script = "ps -eo pid,ppid,comm; hostname inside; hostname; touch /usr/file /proc/sys/file; ip -br link"
    done = ring3(
        "run", "bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev",
        "sh", "-c", script, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.split()[:3] == ["PID", "PPID", "COMMAND"], done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert rows[:3] == [["1", "0", "bwrap"], ["2", "1", "sh"], ["3", "2", "ps"]]
    assert rows[3] == ["inside"]
    assert [row[0] for row in rows[4:]] == ["lo"]
    assert "Read-only file system" in done.stderr


@pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("unshare", "nsenter", "ip", "ipcmk", "hostname")),
    reason="the host has not all of util-linux and iproute2",
)
def test_programs_see_what_they_see_natively(tmp_path: Path) -> None:
    require_natively("-rTpf")
    (tmp_path / "script").write_text(SCRIPT)
    (tmp_path / "file").write_text("")
    done = ring3("run", "sh", "script", cwd=tmp_path)
    native = subprocess.run(
        ["sh", "script"], capture_output=True, text=True, cwd=tmp_path, check=False, stdin=subprocess.DEVNULL
    )
    assert done.stdout == native.stdout, done.stderr
