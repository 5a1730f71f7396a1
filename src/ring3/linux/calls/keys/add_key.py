"""add_key(2) and request_key(2) (security/keys/keyctl.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, SizeT
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.keys import making
from ring3.linux.keys.access import Lookup, lookup
from ring3.linux.model.keys import KEYRING, Need

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

TYPE_SIZE: Final = 32
TEXT_SIZE: Final = 4096
"""The most bytes of a description, its NUL included (KEY_MAX_DESC_SIZE, PAGE_SIZE)."""
_MAX_PAYLOAD: Final = (1 << 20) - 1


def read_type(task: LinuxTask, address: int) -> bytes:
    """The name of a kind of keys (key_get_type_from_user).

    Raises:
        Errno: EFAULT; EINVAL, empty or too long; EPERM, a kind of the kernel's own.
    """
    name = task.memory.read_cstring(address, TYPE_SIZE)
    if not name:
        raise Errno(E.EINVAL)
    if name.startswith(b"."):
        raise Errno(E.EPERM)
    return name


def read_text(task: LinuxTask, address: int) -> bytes:
    """Any other text (strndup_user).

    Raises:
        Errno: EFAULT; EINVAL, too long.
    """
    text = task.memory.read_cstring(address, TEXT_SIZE)
    if text is None:
        raise Errno(E.EINVAL)
    return text


@syscall("full")
def sys_add_key(
    task: LinuxTask, _type: Pointer, _description: Pointer, _payload: Pointer, plen: SizeT, ringid: Int
) -> int:
    """Puts a key into a keyring; returns its number."""
    if plen > _MAX_PAYLOAD:
        raise Errno(E.EINVAL)
    name = read_type(task, _type)
    description = read_text(task, _description) if _description else b""
    if description.startswith(b".") and name.startswith(KEYRING.name):
        raise Errno(E.EPERM)
    payload = task.memory.read(_payload, plen)
    keyring = lookup(task, ringid, Need.WRITE, Lookup.CREATE)
    kind = making.key_type(name, E.ENODEV)
    return making.create_or_update(task, keyring, kind, description, payload).serial


@syscall("partial", "no program is asked to make a key that is not there (request-key(8)): ENOKEY")
def sys_request_key(
    task: LinuxTask, _type: Pointer, _description: Pointer, _callout_info: Pointer, destringid: Int
) -> int:
    """Finds a key; returns its number."""
    name = read_type(task, _type)
    description = read_text(task, _description)
    if _callout_info:
        read_text(task, _callout_info)
    target = lookup(task, destringid, Need.WRITE, Lookup.CREATE) if destringid else None
    kind = making.key_type(name, E.ENOKEY)
    return making.request(task, kind, description, target, make=bool(_callout_info)).serial
