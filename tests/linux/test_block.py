"""Loop devices and what lies on them, compared with what Linux does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

import ring3 as ring3_api
from tests.cli.command import ring3

HERE: Final = Path(__file__).parent
needs_e2fsprogs = pytest.mark.skipif(shutil.which("mke2fs") is None, reason="the host has no e2fsprogs")
PYTHON: Final = "/usr/bin/python3"

LOOPS: Final = r"""
['ENOSYS', 'EEXIST', 'EINVAL', 'ENODEV']
0 ENOSPC 0 ENXIO
['ENXIO', 'ENXIO', 'ENXIO', 'ENXIO', 'EINVAL'] EBADF
['EINVAL', 0, 'EBUSY'] 1048576
['EINVAL', 'EINVAL', 'EINVAL']
['ENOSPC', 'ENOSPC'] 100
0 100
[2048, 1048576] [512, 4096, 512, 512, 0, 0, 0, 0]
['EINVAL', 0, 'EINVAL', 'EINVAL']
[0, 'EPERM', 0] ['EINVAL', 4] 1024
[[16, 'EINVAL', 'EINVAL', 'EINVAL'], [16, 'EINVAL', 'EINVAL', 'EINVAL']] b'\x00\x00\x00'
ENODEV EINVAL None EINVAL
b'm' None b'm' 1 b'd'
(0, 0, 0, '') 232 (512, 4096, 4, 'name') 4096 232 0
EINVAL EINVAL EOVERFLOW 232 1048576 232 1048576
['EINVAL', 0] 4096 0
EINVAL 1048576 0 2097152
EBUSY EBUSY
0 4 None 0 ENXIO True
ENXIO 0 0 (0, 0, 1, '') 1
EINVAL 0 0
EINVAL EINVAL True (1024, 2048, 1, '') 2048
['4', '1', '1024', '2048', '0', '1024'] True
[['2', 'loop0']] ../../devices/virtual/block
0
"""
"""What loop_devices.guest printed natively (Linux 6.18), where the first device was free and new."""


def test_loop_devices_answer_as_linux_does() -> None:
    done = ring3("run", "--user", "root", PYTHON, str(HERE / "loop_devices.guest"))
    assert done.stdout.splitlines() == LOOPS.strip().splitlines(), done.stderr


LISTED: Final = """
truncate -s 3M image && losetup -f --show -o 1M image && lsblk -no NAME,SIZE,RO,TYPE
losetup -a | sed 's,: .*:[0-9]*,,'; wc -c </dev/loop0; losetup -d /dev/loop0 && losetup -a
ls -l /dev/loop0 | cut -c1-10
"""


def test_util_linux_sets_up_and_lists_loop_devices() -> None:
    done = ring3("run", "--user", "root", "sh", "-c", f"cd /tmp; {LISTED}")
    assert done.stdout.split() == [
        "/dev/loop0", "loop0", "2M", "0", "loop", "/dev/loop0", "(/tmp/image),", "offset", "1048576",
        str(2 << 20), "brw-rw----",
    ], done.stderr  # fmt: skip


def test_who_is_not_root_cannot_use_them() -> None:
    done = ring3("run", "--user", "1000:1000", "cat", "/dev/loop0")
    assert done.stderr.endswith("cat: /dev/loop0: Permission denied\n")


def done_with_ext2(made: str, folder: Path) -> list[str]:
    """What ext2.sh prints on Ring3; what it leaves is checked by the host's own e2fsck too."""
    out = folder / "out"
    out.mkdir()
    script = f"mkdir /tmp/f; sh {HERE}/ext2.sh /tmp/f '{made}'; cp /tmp/f/img {out}"
    done = ring3("run", "--user", "root", "--bind", f"{out}:{out}:rw", "sh", "-c", script)
    checked = subprocess.run(["e2fsck", "-fn", out / "img"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + done.stdout + done.stderr
    return (done.stdout + done.stderr).splitlines()


def natively(made: str, folder: Path) -> list[str]:
    """The same where the host lets us mount."""
    (folder / "native").mkdir()
    command = ["unshare", "-m", "sh", f"{HERE}/ext2.sh", f"{folder}/native", made]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "checked" not in done.stdout:
        pytest.skip("the host does not let us mount")
    printed: str = done.stdout + done.stderr
    return printed.replace(str(folder / "native"), "/tmp/f").splitlines()


@needs_e2fsprogs
@pytest.mark.parametrize(
    "made", ["-b 1024 -g 2048 -O ^filetype,^sparse_super,^resize_inode", "-b 4096 -I 128"]
)
def test_ext2_is_read_and_written_as_linux_does(made: str, tmp_path: Path) -> None:
    ours = done_with_ext2(made, tmp_path)
    assert [line for line in ours if line.startswith("checked")] == ["checked 0"] * 2, ours
    assert ours == natively(made, tmp_path)


def test_a_mounted_device_is_part_of_a_snapshot(tmp_path: Path) -> None:
    """What lies on it goes back with the machine, and fits into a file."""
    made = "cd /tmp; head -c 1M /dev/zero >img; mke2fs -qt ext2 img; mount -o loop -t ext2 img /mnt; echo one >/mnt/a"
    shown = (
        "cat /mnt/a; ls /mnt; cat /sys/block/loop0/loop/backing_file /proc/partitions >/dev/null; umount /mnt"
    )
    with ring3_api.Linux(user="root") as machine:

        def sh(command: str) -> bytes | None:
            process = machine.spawn(["/bin/sh", "-c", command], stdout=ring3_api.PIPE)
            process.run()
            return process.stdout

        sh(made)
        snapshot = machine.snapshot()
        assert sh(f"echo two >/mnt/a; touch /mnt/b; {shown}") == b"two\na\nb\nlost+found\n"
        snapshot.restore()
        assert sh(shown) == b"one\na\nlost+found\n"
        machine.snapshot().save(tmp_path / "file")
