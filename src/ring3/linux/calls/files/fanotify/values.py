"""What fanotify(7) calls its events, marks and groups (include/uapi/linux/fanotify.h)."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntFlag


class Init(IntFlag):
    """Flags of fanotify_init(2)."""

    CLOEXEC = 0x1
    NONBLOCK = 0x2
    CLASS_CONTENT = 0x4
    CLASS_PRE_CONTENT = 0x8
    UNLIMITED_QUEUE = 0x10
    UNLIMITED_MARKS = 0x20
    ENABLE_AUDIT = 0x40
    REPORT_PIDFD = 0x80
    REPORT_TID = 0x100
    REPORT_FID = 0x200
    REPORT_DIR_FID = 0x400
    REPORT_NAME = 0x800
    REPORT_TARGET_FID = 0x1000


CLASSES: Final = int(Init.CLASS_CONTENT | Init.CLASS_PRE_CONTENT)
FIDS: Final = int(Init.REPORT_FID | Init.REPORT_DIR_FID | Init.REPORT_NAME | Init.REPORT_TARGET_FID)
FOR_ADMINISTRATORS: Final = CLASSES | int(
    Init.REPORT_TID | Init.REPORT_PIDFD | Init.UNLIMITED_QUEUE | Init.UNLIMITED_MARKS
)


class MarkFlag(IntFlag):
    """Flags of fanotify_mark(2)."""

    ADD = 0x1
    REMOVE = 0x2
    DONT_FOLLOW = 0x4
    ONLYDIR = 0x8
    MOUNT = 0x10
    IGNORED_MASK = 0x20
    IGNORED_SURV_MODIFY = 0x40
    FLUSH = 0x80
    FILESYSTEM = 0x100
    EVICTABLE = 0x200
    IGNORE = 0x400


MOUNT: Final = int(MarkFlag.MOUNT)
FILESYSTEM: Final = int(MarkFlag.FILESYSTEM)
COMMANDS: Final = int(MarkFlag.ADD | MarkFlag.REMOVE | MarkFlag.FLUSH)
TYPES: Final = int(MarkFlag.MOUNT | MarkFlag.FILESYSTEM)
IGNORES: Final = int(MarkFlag.IGNORED_MASK | MarkFlag.IGNORE)

OPEN_EXEC: Final = 0x1000
Q_OVERFLOW: Final = 0x4000
FS_ERROR: Final = 0x8000
OPEN_PERM: Final = 0x1_0000
ACCESS_PERM: Final = 0x2_0000
OPEN_EXEC_PERM: Final = 0x4_0000
ON_CHILD: Final = 0x0800_0000
RENAME: Final = 0x1000_0000
ONDIR: Final = 0x4000_0000

PERMISSIONS: Final = OPEN_PERM | ACCESS_PERM | OPEN_EXEC_PERM
BY_DESCRIPTOR: Final = 0x3B | OPEN_EXEC | PERMISSIONS
"""What is done to an open file or to a path, which a descriptor can stand for: ACCESS, MODIFY, CLOSE, OPEN."""
OF_NAMES: Final = 0x3C0 | RENAME
"""What is done to names in a directory: CREATE, DELETE, MOVED_FROM, MOVED_TO."""
FLAGS: Final = ONDIR | ON_CHILD
EVENTS: Final = BY_DESCRIPTOR | OF_NAMES | 0xC04 | FS_ERROR
"""All of them: with ATTRIB, DELETE_SELF and MOVE_SELF."""

FAN_ALLOW: Final = 1
FAN_DENY: Final = 2
FAN_AUDIT: Final = 0x10
FAN_NOFD: Final = -1
