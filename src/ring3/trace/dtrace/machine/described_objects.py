"""What functions of a kernel are given, as structs for D: tasks, open files, places in the tree, bytes.

Each gets an address at which a clause finds the members that scripts use. Sources: linux/fs.h, linux/dcache.h,
linux/path.h; sys/vnode.h of illumos.
"""

from __future__ import annotations

from collections.abc import Iterable

from ring3.fs.dentry import Dentry
from ring3.fs.file import File
from ring3.fs.inode import Inode
from ring3.kernel.task import Task
from ring3.loader.executable import ExecFile
from ring3.trace.dtrace.machine import described_rows as rows
from ring3.trace.dtrace.machine.described import Descriptions, Fields, packed, thread_address

_POINTER = 8


def described(values: Iterable[object], descriptions: Descriptions) -> list[int]:
    """The values as numbers, those that D has no struct for as 0."""
    descriptions.place()
    return [_address(value, descriptions) for value in values]


def _address(value: object, descriptions: Descriptions) -> int:
    place = descriptions.place_beside
    match value:
        case int():
            return value
        case Task():
            return thread_address(value.tid)
        case bytes() | bytearray():
            return place(bytes(value) + b"\0")
        case File():
            return _file(value, descriptions)
        case Dentry():
            return _dentry(value, descriptions)
        case Inode():
            return place(packed(rows.INODE, _of_inode(value)))
        case ExecFile():
            vnode = packed(rows.VNODE, {"v_path": place(value.place.path() + b"\0"), "v_type": rows.VREG})
            return place(place(vnode).to_bytes(_POINTER, "little"))
    return 0


def _file(file: File, descriptions: Descriptions) -> int:
    fields: Fields = {"f_offset": file.position, "f_pos": file.position, "f_flag": file.flags}
    fields["f_flags"] = file.flags
    found = getattr(file, "dentry", None)
    if isinstance(found, Dentry):
        path = descriptions.place_beside(found.path() + b"\0")
        vnode: Fields = {"v_path": path, "v_type": rows.VREG}
        fields["f_vnode"] = descriptions.place_beside(packed(rows.VNODE, vnode))
        fields["f_inode"] = descriptions.place_beside(packed(rows.INODE, _of_inode(found.inode)))
        fields["f_path.dentry"] = _dentry(found, descriptions)
    return descriptions.place_beside(packed(rows.FILE, fields))


def _dentry(dentry: Dentry, descriptions: Descriptions) -> int:
    """A place in the tree, and those above it."""
    chain = [dentry.covers or dentry]
    while (parent := chain[-1].parent) is not None:
        chain.append(parent.covers or parent)
    above = 0
    for each in reversed(chain):
        name = each.name or b"/"
        fields: Fields = {
            "d_name.len": len(name),
            "d_name.name": descriptions.place_beside(name + b"\0"),
            "d_iname": name[:39],
            "d_inode": descriptions.place_beside(packed(rows.INODE, _of_inode(each.inode))),
        }
        here = descriptions.place_beside(b"")
        fields["d_parent"] = above or here
        above = descriptions.place_beside(packed(rows.DENTRY, fields))
    return above


def _of_inode(inode: Inode) -> Fields:
    return {
        "i_mode": inode.mode,
        "i_uid.val": inode.uid,
        "i_gid.val": inode.gid,
        "i_ino": inode.ino,
        "i_size": int(getattr(inode, "size", 0)),
    }
