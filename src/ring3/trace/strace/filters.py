"""Which calls are shown by what they are given: by paths (``-P``), by descriptors (``--trace-fds``), by conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT
from ring3.abi.errno import Errno
from ring3.abi.meaning import Meaning
from ring3.linux.model.task import LinuxTask
from ring3.trace.called import name_of, row_of
from ring3.trace.strace.programs import path_of

if TYPE_CHECKING:
    from ring3.kernel.watched_stubs import StubCall
    from ring3.trace.strace.qualifiers import Selection

_FDS: Final = frozenset({Meaning.FD, Meaning.DIRFD, Meaning.PIDFD})
_PATH_MAX: Final = 4096


def begun(
    selection: Selection, resolved: Sequence[str], given: Sequence[str]
) -> Callable[[StubCall], bool] | None:
    """What decides whether a call that begins is shown; None for all.

    Args:
        selection: What expressions say.
        resolved: The files of ``-P`` with no symbolic links in them.
        given: The same as they were given.
    """
    tests: list[Callable[[StubCall], bool]] = []
    if selection.condition is not None:
        tests.append(selection.condition)
    if selection.fds is not None:
        wanted = selection.fds
        tests.append(lambda call: any(wanted(fd) for fd in _descriptors(call)))
    if given:
        names = {name.encode() for name in (*given, *resolved)}
        tests.append(lambda call: _is_about(call, names))
    if not tests:
        return None
    return lambda call: all(test(call) for test in tests)


def _is_about(call: StubCall, names: set[bytes]) -> bool:
    """Whether a call is given one of these paths, or a descriptor of one."""
    task = call.task
    assert isinstance(task, LinuxTask)
    if any(path_of(task, fd) in names for fd in _descriptors(call)):
        return True
    row = row_of(call.what.symbol, name_of(call))
    for parameter, value in zip(row.parameters if row else (), call.arguments, strict=False):
        if parameter.arg.meaning is Meaning.PATH and parameter.arg.when is not None:
            try:
                found = task.memory.read_cstring(value, _PATH_MAX)
            except Errno:
                continue
            if found in names:
                return True
    return False


def _descriptors(call: StubCall) -> list[int]:
    """The descriptors that a call is given."""
    row = row_of(call.what.symbol, name_of(call))
    return [
        INT.cast(value)
        for parameter, value in zip(row.parameters if row else (), call.arguments, strict=False)
        if parameter.arg.meaning in _FDS and parameter.arg.when is None
    ]
