"""Parts of files that are to share their blocks (FIDEDUPERANGE; struct file_dedupe_range of linux/fs.h)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno

if TYPE_CHECKING:
    from ring3.trace.strace.text import Text

_HEAD: Final = 24
_INFO: Final = 32
_SHOWN: Final = 2
"""How many parts are shown without ``-v``."""


def shared_ranges(
    text: Text, address: int, _count: int | None, _beside: Mapping[str, int], result: int | None
) -> str:
    """What parts of files are to share their blocks, and what has become of each.

    Raises:
        Errno: They cannot be read.
    """
    raw = text.read(address, _HEAD)
    offset, size, count = (int.from_bytes(raw[at:end], "little") for at, end in ((0, 8), (8, 16), (16, 18)))
    limit = count if text.style.verbose else min(count, _SHOWN)
    given: list[str] = []
    answers: list[str] = []
    for index in range(limit):
        at = address + _HEAD + index * _INFO
        try:
            part = text.read(at, _INFO)
        except Errno:
            given.append(f"... /* {at:#x} */" if given else f"{at:#x}")
            result = None
            break
        fd, to, done, status = struct.unpack_from("<qQQi", part)
        given.append(f"{{dest_fd={text.descriptor(fd)}, dest_offset={to}}}")
        answers.append(f"{{bytes_deduped={done}, status={status}}}")
    more = ["..."] * (len(answers) < count and len(answers) == limit)
    info = f"[{', '.join([*given, *more])}]" if answers or not count else given[0]
    shown = f"{{src_offset={offset}, src_length={size}, dest_count={count}, info={info}}}"
    return (
        f"{shown} => {{info=[{', '.join([*answers, *more])}]}}" if result is not None and answers else shown
    )
