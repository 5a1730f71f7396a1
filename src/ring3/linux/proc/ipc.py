"""/proc/sysvipc: what there is of System V interprocess communication, for ipcs(1) (sysvipc_proc_show of ipc/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.kernel.ipc import IpcObject
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.proc.texts import Text


def _owners(found: IpcObject) -> str:
    return f"{found.uid:5} {found.gid:5} {found.cuid:5} {found.cgid:5}"


def _head(found: IpcObject) -> str:
    return f"{found.key:10} {found.id:10}  {found.mode:4o}"


def messages(kernel: LinuxSystem) -> str:
    """All message queues."""
    title = "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"
    shown = kernel.running_task().pid_ns.shown
    rows = [f"{title}      stime      rtime      ctime\n"]
    for found in kernel.ipc.queues:
        counts = (
            f"{found.bytes:10} {len(found.messages):10} {shown(found.sender):5} {shown(found.receiver):5}"
        )
        times = f"{found.stime:10} {found.rtime:10} {found.ctime:10}"
        rows.append(f"{_head(found)}  {counts} {_owners(found)} {times}\n")
    return "".join(rows)


def semaphores(kernel: LinuxSystem) -> str:
    """All sets of semaphores."""
    rows = ["       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"]
    rows.extend(
        f"{_head(found)} {len(found.all):10} {_owners(found)} {found.otime:10} {found.ctime:10}\n"
        for found in kernel.ipc.semaphores
    )
    return "".join(rows)


def segments(kernel: LinuxSystem) -> str:
    """All segments of shared memory."""
    title = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
    shown = kernel.running_task().pid_ns.shown
    rows = [f"{title}      atime      dtime      ctime                   rss                  swap\n"]
    for found in kernel.ipc.segments:
        counts = f"{found.size:21} {shown(found.maker):5} {shown(found.last):5}  {found.attached:5}"
        times = f"{found.atime:10} {found.dtime:10} {found.ctime:10}"
        resident = 0 if found.memory is None else len(found.memory.frames) * PAGE_SIZE
        rows.append(f"{_head(found)} {counts} {_owners(found)} {times} {resident:21} {0:21}\n")
    return "".join(rows)


TEXTS: Final[dict[bytes, Text]] = {b"msg": messages, b"sem": semaphores, b"shm": segments}
