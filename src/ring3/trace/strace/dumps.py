"""What is read from and written to chosen descriptors, in full (``-e read=``, ``-e write=``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT
from ring3.abi.errno import Errno
from ring3.abi.linux import structs
from ring3.abi.meaning import Meaning, Parameter, When
from ring3.kernel.task import Task

if TYPE_CHECKING:
    from ring3.trace.strace.opened import OpenCall

Wanted = Callable[[int], bool] | None
_BYTES: Final = frozenset({Meaning.BYTES, Meaning.HEX_BYTES})
_MOST_BUFFERS: Final = 1024


class Dumps:
    """Writes the data of calls that transfer it."""

    def __init__(self, reads: Wanted, writes: Wanted) -> None:
        """Begins.

        Args:
            reads: Whether what is read from a descriptor is written; None for never.
            writes: Whether what is written to it is.
        """
        self._wanted: dict[When, Wanted] = {When.EXIT: reads, When.ENTRY: writes}

    def lines(self, opened: OpenCall, result: int | None) -> Iterator[str]:
        """What is behind the line of a call; nothing if it failed or transfers nothing."""
        parameters, values = opened.line().parameters, opened.call.arguments
        given = dict(zip(opened.form.names, values, strict=False))
        if result is None or not parameters or parameters[0].arg.meaning is not Meaning.FD:
            return
        fd = INT.cast(given[parameters[0].name])
        for parameter in parameters[1:]:
            wanted = self._wanted.get(parameter.arg.when) if parameter.arg.when else None
            if wanted is not None and wanted(fd):
                try:
                    yield from _data(opened, parameter, given, result)
                except Errno:
                    return


def _data(opened: OpenCall, parameter: Parameter, given: dict[str, int], result: int) -> Iterator[str]:
    arg, task = parameter.arg, opened.task
    if arg.meaning in _BYTES:
        size = result if arg.length == "result" else given.get(arg.length, 0)
        yield from dump(task.memory.peek(given[parameter.name], size))
    elif arg.of == "iovec":
        left = result if arg.when is When.EXIT else None
        yield from _buffers(task, opened.form.bits, given[parameter.name], given.get(arg.length, 0), left)
    elif arg.of == "msghdr":
        row = structs.every()["msghdr"]
        raw = task.memory.peek(given[parameter.name], row.size(opened.form.bits))
        fields = row.values(opened.form.bits, raw)
        vector, count = fields["msg_iov"], fields["msg_iovlen"]
        assert isinstance(vector, int)
        assert isinstance(count, int)
        left = result if arg.when is When.EXIT else None
        yield from _buffers(task, opened.form.bits, vector, count, left)


def _buffers(task: Task, bits: int, address: int, count: int, left: int | None) -> Iterator[str]:
    """The buffers of a vector, of which no more than `left` bytes count."""
    row = structs.every()["iovec"]
    size = row.size(bits)
    for index in range(min(count, _MOST_BUFFERS)):
        base, length = map(int, row.unpack(bits, task.memory.peek(address + index * size, size)))
        if left is not None:
            length = min(length, left)
            left -= length
        if length:
            yield f" * {length} bytes in buffer {index}"
            yield from dump(task.memory.peek(base, length))


def dump(data: bytes) -> Iterator[str]:
    """Bytes as lines: in hexadecimal, sixteen on each, and as characters."""
    digits = 5 if len(data) <= 1 << 20 else 8
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        halves = [" ".join(f"{byte:02x}" for byte in half) for half in (row[:8], row[8:])]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f" | {at:0{digits}x}  {halves[0]:23}  {halves[1]:23}  {text:16} |"
