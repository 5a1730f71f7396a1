"""AFL++'s fork server: it sends a word for each run, and gets a number to kill, the status, and a map of edges.

A run is made in this process, from a snapshot, and so there is no process that AFL++ could kill when its time is over.
It gets the number of one that does nothing: when that dies, the run is stopped, and has hung. A run that has come to
nothing before, because it used up its own time or nothing will ever happen, is over when AFL++ says so: what it has not
killed itself, but died of SIGKILL, it takes for a crash.

Source: `docs/fuzzing_in_depth.md` and `src/afl-forkserver.c` of AFL++; `instrumentation/README.persistent_mode.md`.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ring3.errors import UserError
from ring3.fuzz.target import Outcome

if TYPE_CHECKING:
    from ring3.fuzz.target import Target

CONTROL: Final = 198
STATUS: Final = 199
"""Descriptors that AFL++ has opened (FORKSRV_FD)."""
SHARED_MAP: Final = "__AFL_SHM_ID"
"""The variable that names the segment of System V's shared memory that is the map."""
CURRENT: Final = ".cur_input"
"""What the file with the input is called; a suffix may follow."""
_PR_SET_PDEATHSIG: Final = 1
_AGAIN: Final = 0.02
"""Seconds after which a run that was stopped is stopped again: one that just began may not have noticed."""


def attach_map() -> int | None:
    """The address of the map of edges, None where nobody has one.

    Raises:
        UserError: It cannot be attached.
    """
    name = os.environ.get(SHARED_MAP)
    if name is None:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    address: int | None = libc.shmat(int(name), None, 0) if name.isdigit() else None
    if address is None or address == ctypes.c_size_t(-1).value:
        raise UserError(f"{SHARED_MAP} is {name!r}, which is no segment that can be attached")
    return address


def hide_edges(at: int) -> None:
    """Has a map say that one edge was taken, always the same: without any, AFL++ does not begin."""
    ctypes.c_uint8.from_address(at).value = 1


def input_file(words: Sequence[str]) -> str | None:
    """The argument that is the file of AFL++'s input, None if the input is standard input."""
    return next((word for word in words if os.path.basename(word).startswith(CURRENT)), None)


class _Stand:
    """A process that does nothing, for AFL++ to kill; its death stops the run.

    Attributes:
        pid: Its number.
        is_dead: It was killed.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        """Makes it.

        Args:
            stop: Stops the run, if one is being made just now.
        """
        self.pid = os.fork()
        if not self.pid:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            os.closerange(0, STATUS + 1)
            while True:
                signal.pause()
        self._stop = stop
        self._is_needed = True
        self.is_dead = False
        threading.Thread(target=self._wait, name="ring3-stand", daemon=True).start()

    def _wait(self) -> None:
        os.waitpid(self.pid, 0)
        self.is_dead = True
        while self._is_needed:
            self._stop()
            time.sleep(_AGAIN)

    def outlived(self) -> bool:
        """Waits until AFL++ has killed it, which makes a hang of the run; False if AFL++ is gone."""
        poll = select.poll()
        poll.register(CONTROL, 0)
        while not self.is_dead:
            if poll.poll(_AGAIN * 1000):
                return False
        return True

    def release(self) -> None:
        """The run is over."""
        self._is_needed = False


def serve(target: Target, path: str | None, before: Callable[[], object] = lambda: None) -> None:
    """Makes runs until AFL++ goes.

    Args:
        target: The program.
        path: The file with the input; None for standard input.
        before: Called before each run.

    Raises:
        UserError: Nobody is there.
    """
    fd = 0 if path is None else os.open(path, os.O_RDONLY)
    try:
        os.write(STATUS, bytes(4))
    except OSError:
        raise UserError("--afl is for AFL++: afl-fuzz -i IN -o OUT -- ring3 fuzz --afl -- PROGRAM") from None
    stand: _Stand | None = None
    while len(os.read(CONTROL, 4)) == 4:
        if stand is None or stand.is_dead:
            stand = _Stand(target.machine.stop)
        os.write(STATUS, stand.pid.to_bytes(4, "little"))
        before()
        run = target.run(os.pread(fd, os.fstat(fd).st_size, 0))
        if run.outcome is Outcome.HUNG and not stand.outlived():
            return
        if stand.is_dead:
            stand.release()
        os.write(STATUS, run.status.to_bytes(4, "little"))
