"""Memory in which the structs of `described_rows` lie: what D itself says of the tasks and files of a kernel.

A pointer to one is an address in a range that no kernel uses, by the task's number; the bytes are made when they are
read, so what a clause reads is what is true then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ring3.abi.errno import Errno
from ring3.abi.structs import Struct
from ring3.kernel.task import TaskState
from ring3.trace.dtrace.machine import described_rows as rows
from ring3.trace.dtrace.machine.outsiders import INIT, Outsider, outsider

Fields = dict[str, int | bytes]
Facts = Mapping[str, Callable[[Any], int | bytes]]

BASE: Final = 0xFFFF_EE00_0000_0000
END: Final = BASE + (1 << 45)
_EACH: Final = 0x4000
_LWP, _CPU, _THREAD, _PROC, _PID, _VNODE, _CRED, _CWD = (
    0x800,
    0xC00,
    0x1000,
    0x1400,
    0x1800,
    0x1900,
    0x1A00,
    0x2000,
)
_CPU_BEHIND, _DISPATCHER_BEHIND = 0x100, 0x180
"""Where behind the `cpuinfo_t` of a processor its `cpu_t` and `disp_t` are."""
_P_ONLINE: Final = 2
"""`pi_state` of a processor that works (sys/processor.h)."""
PLACES: Final = {"psinfo_t": 0, "lwpsinfo_t": _LWP, "kthread_t": _THREAD, "proc_t": _PROC}
"""Where in the range of a task the structs of some types are."""
_FILES: Final = BASE + (1 << 43)
_FILES_OF_EACH: Final = 1 << 24
_MOST_FILES: Final = 1 << 12
_ENTRIES, _OPEN, _VNODES, _PATHS = 6 << 20, 7 << 20, 8 << 20, 9 << 20
"""Where in the range of a task's files its list of entries is, and by descriptor the file, its vnode and its path."""
_ROOM: Final = 1 << 10
"""Bytes for a file's path, its vnode and itself."""
_EVENT: Final = BASE + (1 << 44)
_GLOBALS: Final = _EVENT + (1 << 20)
_SONPROC: Final = 6
_ILP32, _LP64 = 1, 2
_SECOND: Final = 1_000_000_000
_TICK: Final = 10_000_000
CPUINFO_ADDRESS: Final = BASE + _CPU


def psinfo_address(tid: int) -> int:
    """Where the `psinfo_t` of a task is."""
    return BASE + tid * _EACH


def lwpsinfo_address(tid: int) -> int:
    """Where the `lwpsinfo_t` of a task is."""
    return BASE + tid * _EACH + _LWP


def thread_address(tid: int) -> int:
    """Where the `kthread_t` or `struct task_struct` of a task is."""
    return BASE + tid * _EACH + _THREAD


def pid_address(tid: int) -> int:
    """Where the `struct pid` of a task is."""
    return BASE + tid * _EACH + _PID


def vnode_address(tid: int) -> int:
    """Where the `vnode_t` of a task's current directory is."""
    return BASE + tid * _EACH + _VNODE


def files_address(tid: int) -> int:
    """Where the array of the `fileinfo_t` of a task's descriptors is."""
    return _FILES + tid * _FILES_OF_EACH


def packed(row: Struct, values: Fields) -> bytes:
    """A struct with these fields, the others zero; fields of embedded structs are named `outer.inner`."""
    flat: list[int | bytes] = []
    for place in row.layout(64).places:
        name, kind = place.field.name, place.field.type
        if kind.startswith("struct ") and not place.field.pointer:
            inner = row.embedded[kind.removeprefix("struct ")]
            prefix = f"{name}."
            own = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
            flat.append(packed(inner, own))
        else:
            flat.append(values.get(name, b"" if place.field.length is not None else 0))
    return _joined(row, flat)


def _joined(row: Struct, flat: list[int | bytes]) -> bytes:
    """The bytes of a struct from the values of its fields; of an embedded struct that is its bytes."""
    layout = row.layout(64)
    out = bytearray(layout.size)
    for place, value in zip(layout.places, flat, strict=True):
        data = (
            value
            if isinstance(value, bytes)
            else (value & (1 << 8 * place.size) - 1).to_bytes(place.size, "little")
        )
        out[place.offset : place.offset + place.size] = data[: place.size].ljust(place.size, b"\0")
    return bytes(out)


class Descriptions:
    """The memory of one kernel."""

    def __init__(self, kernel: Any, facts: Facts) -> None:  # noqa: ANN401 - the kernel of either system
        self._kernel = kernel
        self._facts = facts
        self._event = bytearray()
        self._globals: list[Callable[[], bytes]] = []
        self._pages: dict[int, Callable[[Any], bytes]] = {
            0: self._psinfo,
            _LWP: self._lwpsinfo,
            _THREAD: self._thread,
            _PROC: self._proc,
            _PID: self._pid,
            _VNODE: self._vnode,
            _CRED: self._cred,
            _CWD: self._cwd,
        }

    def place(self, *parts: bytes) -> list[int]:
        """Puts structs where the probe that fires next finds them; returns their addresses."""
        self._event = bytearray()
        return [self.place_beside(part) for part in parts]

    def place_beside(self, part: bytes) -> int:
        """Puts one more there; returns its address."""
        address = _EVENT + len(self._event)
        self._event += part.ljust(-(-len(part) // 16) * 16, b"\0")
        return address

    def place_global(self, value: Callable[[], bytes]) -> int:
        """Gives a variable of the kernel, whose bytes a function tells, a place; returns its address."""
        self._globals.append(value)
        return _GLOBALS + (len(self._globals) - 1) * _EACH

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the range.

        Raises:
            LookupError: if nothing is there.
        """
        page, offset = self._page(address)
        if not 0 <= offset <= len(page) - size:
            raise LookupError(address)
        return page[offset : offset + size]

    def _page(self, address: int) -> tuple[bytes, int]:
        """What lies around an address, and how far into it that is."""
        if address >= _GLOBALS:
            number, offset = divmod(address - _GLOBALS, _EACH)
            if number >= len(self._globals):
                raise LookupError(address)
            return self._globals[number](), offset
        if address >= _EVENT:
            return bytes(self._event), address - _EVENT
        if address >= _FILES:
            tid, offset = divmod(address - _FILES, _FILES_OF_EACH)
            return self._of_file(self._task(tid), offset)
        tid, offset = divmod(address - BASE, _EACH)
        if _CPU <= offset < _THREAD:
            return self._processor(), offset - _CPU
        start = max(start for start in self._pages if start <= offset)
        return self._pages[start](self._task(tid)), offset - start

    def _processor(self) -> bytes:
        """The `cpuinfo_t`, `cpu_t` and `disp_t` of the only one there is."""
        info: Fields = {"cpu_info.pi_state": _P_ONLINE, "cpu_info.pi_processor_type": b"i386"}
        info["cpu_info.pi_fputypes"] = b"i387 compatible"
        current = self._kernel.current
        cpu: Fields = {"cpu_disp": BASE + _CPU + _DISPATCHER_BEHIND}
        cpu["cpu_thread"] = 0 if current is None else thread_address(current.tid)
        waiting = sum(task.state is TaskState.READY for task in self._kernel.tasks.values())
        queue = packed(rows.DISPATCHER, {"disp_nrunnable": waiting})
        parts = (
            (0, packed(rows.CPUINFO, info)),
            (_CPU_BEHIND, packed(rows.CPU, cpu)),
            (_DISPATCHER_BEHIND, queue),
        )
        out = bytearray()
        for start, part in parts:
            out = out.ljust(start, b"\0") + part
        return bytes(out)

    def _task(self, tid: int) -> Any:  # noqa: ANN401 - a task of either system
        task = self._kernel.tasks.get(tid) or outsider(tid)
        if task is None:
            raise LookupError(tid)
        return task

    def fact(self, name: str, task: Any) -> int | bytes:  # noqa: ANN401
        """What is said of a task; 0 if nothing is."""
        if isinstance(task, Outsider):
            return thread_address(task.tid) if name == "curthread" else task.facts.get(name, 0)
        fact = self._facts.get(name)
        return 0 if fact is None else fact(task)

    def _known(self, task: Any, names: Mapping[str, str]) -> Fields:  # noqa: ANN401
        """Fields from facts, by their names."""
        return {field: self.fact(name, task) for field, name in names.items() if name in self._facts}

    def _text(self, name: str, task: Any) -> bytes:  # noqa: ANN401
        value = self.fact(name, task)
        return value if isinstance(value, bytes) else b""

    def _arguments(self, task: Any) -> bytes:  # noqa: ANN401
        return (self._text("psargs", task) or self._text("execname", task))[:79]

    def _psinfo(self, task: Any) -> bytes:  # noqa: ANN401
        started = self.fact("started", task)
        assert isinstance(started, int)
        seconds, nanoseconds = divmod(started, _SECOND)
        fields: Fields = {"pr_psargs": self._arguments(task), "pr_dmodel": _LP64, **_start_stack(task)}
        fields |= {"pr_start.tv_sec": seconds, "pr_start.tv_nsec": nanoseconds}
        return packed(rows.PSINFO, fields | self._known(task, _OF_PSINFO))

    def _lwpsinfo(self, task: Any) -> bytes:  # noqa: ANN401
        fields: Fields = {"pr_state": _SONPROC, "pr_sname": ord("O")}
        return packed(rows.LWPSINFO, fields | self._known(task, _OF_LWPSINFO))

    def _thread(self, task: Any) -> bytes:  # noqa: ANN401
        here = BASE + task.tid * _EACH
        parent = self._parent(task)
        fields: Fields = {"t_procp": here + _PROC, "t_did": task.tid, "group_leader": here + _THREAD}
        fields |= dict.fromkeys(("parent", "real_parent"), parent + _THREAD if parent else 0)
        fields |= dict.fromkeys(("cred", "real_cred", "t_cred"), here + _CRED)
        fields |= dict.fromkeys(("prio", "static_prio", "normal_prio", "t_pri"), self.fact("priority", task))
        fields |= {"thread_pid": here + _PID, "t_cpu": BASE + _CPU + _CPU_BEHIND, "utime": self._ran(task)}
        return packed(rows.KTHREAD, fields | self._known(task, _OF_THREAD))

    def _parent(self, task: Any) -> int:  # noqa: ANN401
        """Where what is said of a task's parent begins; 0 if it has none."""
        wanted = self.fact("ppid", task)
        for tid, other in self._kernel.tasks.items():
            if self.fact("pid", other) == wanted:
                return BASE + int(tid) * _EACH
        return BASE + _EACH if wanted == INIT.tid else 0

    def _proc(self, task: Any) -> bytes:  # noqa: ANN401
        here = BASE + task.tid * _EACH
        parent = self._parent(task)
        fields: Fields = {
            "p_parent": parent + _PROC if parent else 0,
            "p_pidp": here + _PID,
            "p_cred": here + _CRED,
            "p_user.u_cdir": here + _VNODE,
            "p_user.u_comm": self._text("execname", task),
            "p_user.u_psargs": self._arguments(task),
            "p_user.u_finfo.fi_nfiles": _MOST_FILES,
            "p_user.u_finfo.fi_list": files_address(task.tid) + _ENTRIES,
            "p_utime": self._ran(task) // _TICK,
        }
        return packed(rows.PROC, fields | self._known(task, _OF_PROC))

    def _ran(self, task: Any) -> int:  # noqa: ANN401
        """Nanoseconds that a task has been on the CPU."""
        return int(task.cpu_time if isinstance(task, Outsider) else self._kernel.cpu_time(task))

    def _pid(self, task: Any) -> bytes:  # noqa: ANN401
        return packed(rows.PID, self._known(task, {"pid_id": "pid", "numbers.nr": "pid"}))

    def _cred(self, task: Any) -> bytes:  # noqa: ANN401
        return packed(rows.CRED, self._known(task, _OF_CRED) | {"cr_ref": 1})

    def _vnode(self, task: Any) -> bytes:  # noqa: ANN401
        return packed(rows.VNODE, {"v_path": BASE + task.tid * _EACH + _CWD, "v_type": 2})

    def _cwd(self, task: Any) -> bytes:  # noqa: ANN401
        return self._text("cwd", task).ljust(_EACH - _CWD, b"\0")

    def _of_file(self, task: Any, offset: int) -> tuple[bytes, int]:  # noqa: ANN401
        """What lies at an offset in the range of a task's files, and how far into it that is."""
        start = next(start for start in (_PATHS, _VNODES, _OPEN, _ENTRIES, 0) if start <= offset)
        size = {0: rows.FILEINFO.layout(64).size, _ENTRIES: rows.FILE_ENTRY.layout(64).size}.get(start, _ROOM)
        fd, within = divmod(offset - start, size)
        files = getattr(task, "files", None)
        file = None if files is None or fd >= _MOST_FILES else files.get(fd)
        if start == 0:
            return packed(rows.FILEINFO, file_fields(file)), within
        here = files_address(task.tid) + fd * _ROOM
        if start == _ENTRIES:
            return packed(rows.FILE_ENTRY, {"uf_file": 0 if file is None else here + _OPEN}), within
        if file is None:
            raise LookupError(fd)
        if start == _OPEN:
            fields: Fields = {"f_vnode": here + _VNODES, "f_offset": file.position, "f_flag": file.flags}
            return packed(rows.FILE, fields), within
        if start == _VNODES:
            return packed(rows.VNODE, {"v_path": here + _PATHS, "v_type": 1}), within
        return bytes(file.path()).ljust(_ROOM, b"\0"), within


def file_fields(file: Any) -> Fields:  # noqa: ANN401 - an open file of either system, None for none
    """The members of `fileinfo_t` of an open file."""
    if file is None:
        return dict.fromkeys(("fi_name", "fi_dirname", "fi_pathname", "fi_fs", "fi_mount"), b"<none>")
    path = file.path()
    folder, _, name = path.rpartition(b"/")
    place = getattr(file, "dentry", None)
    system = b"<unknown>" if place is None else place.fs.name.encode()
    mount = b"<unknown>" if place is None else place.fs.root.path()
    return {
        "fi_name": name or path,
        "fi_dirname": folder or (b"/" if path.startswith(b"/") else b"<unknown>"),
        "fi_pathname": path,
        "fi_offset": file.position,
        "fi_fs": system,
        "fi_mount": mount,
        "fi_oflags": file.flags,
    }


def _start_stack(task: Any) -> Fields:  # noqa: ANN401 - a task of either system
    """Where a program's arguments and environment are, by what was on its stack when it began; and its data model."""
    mm = getattr(task, "mm", None)
    if mm is None:
        return {}
    width, model = (8, _LP64) if mm.task_size > 1 << 32 else (4, _ILP32)
    try:
        count = int.from_bytes(mm.peek(mm.start_stack, width), "little")
    except Errno:
        return {"pr_dmodel": model}
    vector = mm.start_stack + width
    return {"pr_argc": count, "pr_argv": vector, "pr_envp": vector + width * (count + 1), "pr_dmodel": model}


_OF_PSINFO: Final = {
    "pr_pid": "pid",
    "pr_ppid": "ppid",
    "pr_uid": "uid",
    "pr_euid": "euid",
    "pr_gid": "gid",
    "pr_egid": "egid",
    "pr_fname": "execname",
    "pr_pgid": "pgid",
    "pr_sid": "sid",
    "pr_nlwp": "nlwp",
    "pr_taskid": "taskid",
    "pr_projid": "projid",
    "pr_addr": "curthread",
}
_OF_LWPSINFO: Final = {
    "pr_lwpid": "tid",
    "pr_name": "execname",
    "pr_addr": "curthread",
    "pr_pri": "priority",
    "pr_clname": "class",
}
_OF_THREAD: Final = {"t_tid": "tid", "pid": "tid", "tgid": "pid", "comm": "execname", "start_time": "started"}
_OF_PROC: Final = {"p_ppid": "ppid", "p_lwpcnt": "nlwp", "p_mstart": "started"}
_OF_CRED: Final = {
    **{f"{name}.val": name for name in ("uid", "gid", "euid", "egid")},
    "cr_ruid": "uid",
    "cr_rgid": "gid",
    "cr_uid": "euid",
    "cr_gid": "egid",
}
