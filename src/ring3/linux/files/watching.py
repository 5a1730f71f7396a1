"""Files that are open when somebody begins to watch them or their directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.fs import notify

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem


def follow_open_files(kernel: LinuxSystem) -> None:
    """Has what is done with any of them told from now on."""
    for thread in kernel.threads():
        for descriptor in thread.files:
            notify.follow(thread.files[descriptor])
