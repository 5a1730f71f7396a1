"""Requests of io_submit(2) and io_cancel(2) as strace writes them: what of a request counts follows from its operation.

Source: linux/aio_abi.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import POINTER
from ring3.abi.errno import Errno
from ring3.abi.meaning import Arg, Meaning, When
from ring3.trace.strace import tables

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_READ: Final = frozenset({0, 7})
"""Operations whose buffers are filled later: IOCB_CMD_PREAD, IOCB_CMD_PREADV."""
_ONE: Final = frozenset({0, 1})
"""Those with one buffer: IOCB_CMD_PREAD, IOCB_CMD_PWRITE."""
_SEVERAL: Final = frozenset({7, 8})
"""Those with a vector of them: IOCB_CMD_PREADV, IOCB_CMD_PWRITEV."""
_POLL: Final = 5
_RESFD: Final = 1
_IOPRIO: Final = 2
_ADDRESS: Final = Arg(POINTER, Meaning.ADDRESS)


def requests(
    text: Text, address: int, count: int | None, _beside: Mapping[str, int], _result: int | None
) -> str:
    """The requests that an array of pointers leads to."""
    word = text.bits // 8
    return text.several(address, count, word, lambda at: _request_at(text, text.integer(at, word)), "nr")


def cancelled(
    text: Text, address: int, _count: int | None, _beside: Mapping[str, int], _result: int | None
) -> str:
    """A request that is to be cancelled: no more of it than which it is."""
    return "{" + ", ".join(_head(text, _numbers(text, address))) + "}"


def _numbers(text: Text, address: int) -> dict[str, int]:
    row = text.row("iocb")
    values = row.values(text.bits, text.read(address, row.size(text.bits)))
    return {name: value for name, value in values.items() if isinstance(value, int)}


def _request_at(text: Text, address: int) -> str:
    if not address:
        return "NULL"
    try:
        numbers = _numbers(text, address)
    except Errno:
        return f"{address:#x}"
    fields = _head(text, numbers) + _transfer(text, numbers)
    return "{" + ", ".join(fields) + "}"


def _head(text: Text, numbers: Mapping[str, int]) -> list[str]:
    sets = tables.sets()
    operation, priority, flags = numbers["aio_lio_opcode"], numbers["aio_reqprio"], numbers["aio_flags"]
    fields = [f"aio_data={numbers['aio_data']:#x}" if numbers["aio_data"] else "aio_data=0"]
    if numbers["aio_key"]:
        fields.append(f"aio_key={numbers['aio_key']}")
    if numbers["aio_rw_flags"]:
        fields.append(f"aio_rw_flags={text.named(sets['rwf'], numbers['aio_rw_flags'])}")
    name = sets["aio"].by_value().get(operation)
    shown = text.named(sets["aio"], operation) if name else f"{operation} /* IOCB_CMD_??? */"
    fields.append(f"aio_lio_opcode={shown}")
    if flags & _IOPRIO:
        fields.append(f"aio_reqprio={text.named(sets['ioprio_value'], priority & 0xFFFF)}")
    elif priority:
        fields.append(f"aio_reqprio={priority}")
    return [*fields, f"aio_fildes={text.descriptor(numbers['aio_fildes'])}"]


def _transfer(text: Text, numbers: Mapping[str, int]) -> list[str]:
    """What is to be read, written or waited for, and whom the end is told."""
    operation, address, size = numbers["aio_lio_opcode"], numbers["aio_buf"], numbers["aio_nbytes"]
    when = When.EXIT if operation in _READ else When.ENTRY
    if operation == _POLL:
        return [f"aio_buf={text.named(tables.sets()['poll'], address & 0xFFFF)}"]
    if operation in _ONE:
        buffer = _ADDRESS if operation in _READ else Arg(POINTER, Meaning.BYTES, length="size", when=when)
        shown = text.value(buffer, address, {"size": size})
        fields = [f"aio_buf={shown}", f"aio_nbytes={size}"]
    elif operation in _SEVERAL:
        vector = Arg(POINTER, Meaning.STRUCT, "iovec", "size", when)
        fields = [f"aio_buf={text.value(vector, address, {'size': size})}"]
    else:
        return []
    fields.append(f"aio_offset={numbers['aio_offset']}")
    flags, event = numbers["aio_flags"], numbers["aio_resfd"]
    if flags:
        fields.append(f"aio_flags={text.named(tables.sets()['aio_flags'], flags)}")
    if flags & _RESFD:
        fields.append(f"aio_resfd={text.descriptor(event)}")
    elif event:
        fields.append(f"aio_resfd={event:#x}")
    return fields
