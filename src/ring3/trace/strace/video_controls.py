"""Several controls of a video device at once, as strace writes them (VIDIOC_G_EXT_CTRLS, linux/videodev2.h)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.trace.strace import tables
from ring3.trace.strace.socket_messages import FAILED

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_GETS: Final = 0x47
"""The number of VIDIOC_G_EXT_CTRLS, which is shown what has come of it and nothing else."""
_SIZE: Final = 20
"""Bytes of ``struct v4l2_ext_control``."""


def controls(
    text: Text, address: int, _count: int | None, beside: Mapping[str, int], result: int | None
) -> str:
    """The controls that are read, set or tried; which of them was wrong, if the call has failed."""
    word = text.bits // 8
    kind, count, error = (text.integer(address + at, 4) for at in (0, 4, 8))
    pointer = text.integer(address + (24 if word == 8 else 20), word)
    head = f"ctrl_class={text.named(tables.sets()['v4l2_control_class'], kind)}, count={count}"
    if not count:
        return f"{{{head}}}"
    listed = f"{pointer:#x}" if pointer else "NULL"
    with suppress(Errno):
        listed = text.several(pointer, count, _SIZE, lambda at: _control(text, at), "count")
    found = f"controls={listed}"
    is_whole = listed.startswith("[") and "... /*" not in listed
    has_failed = result in (None, FAILED)
    after = f", error_idx={error}" * has_failed
    if beside["cmd"] & 0xFF == _GETS:
        return f"{{{head}, {found}{after}}}"
    return f"{{{head}, {found}}}" + f" => {{{found}{after}}}" * is_whole


def _control(text: Text, address: int) -> str:
    number, size = text.integer(address, 4), text.integer(address + 4, 4)
    value = text.integer(address + 12, 8)
    head = f"id={text.named(tables.sets()['v4l2_control_id'], number)}, size={size}"
    if size:
        return f"{{{head}, string={text.bytes_at(value & (1 << text.bits) - 1, size)}}}"
    low = (value & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31)
    return f"{{{head}, value={low}, value64={(value ^ 1 << 63) - (1 << 63)}}}"
