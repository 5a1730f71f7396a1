"""Devices as /sys shows them, beside the host's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

THEIRS = Path("/sys/class/net/lo")
FACTS = (
    "addr_len address broadcast carrier dev_id dormant duplex flags ifindex iflink mtu operstate speed tx_queue_len "
    "type uevent"
)
LOOK = f"""
cd /sys/class/net/lo || exit
for fact in {FACTS}; do printf '%s ' $fact; cat $fact 2>/dev/null; echo $?; done
for way in . subsystem /sys/class/net/lo; do readlink -f $way; done
ls statistics
"""


def looked(*before: str) -> list[str]:
    """What a shell finds of the loopback interface."""
    done = subprocess.run(
        [*before, "sh", "-c", LOOK], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    printed: str = done.stdout
    return printed.splitlines()


@pytest.mark.skipif(not (THEIRS / "mtu").exists(), reason="the host shows no loopback interface in /sys")
def test_the_loopback_interface_is_as_on_the_host() -> None:
    assert looked(sys.executable, "-m", "ring3", "run", "-q") == looked()


def test_where_it_is_down_it_has_no_carrier() -> None:
    script = "cd /sys/class/net/lo; cat operstate flags; cat carrier; ls /sys/block/loop0"
    done = subprocess.run(
        [sys.executable, "-m", "ring3", "run", "-q", "--net", "none", "sh", "-c", script],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.stdout.split()[:2] == ["down", "0x8"]
    assert {"queue", "subsystem", "size"} <= set(done.stdout.split())
    assert done.stderr == "cat: carrier: Invalid argument\n"
