"""FUTEX_WAKE_OP: changes a word, and wakes waiters on two (futex_wake_op of kernel/futex/waitwake.c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.kernel.functions import function
from ring3.linux.futexes.word import get_futex_key

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


FUTEX_OP_OPARG_SHIFT: Final = 8


def signed(value: int, bits: int = 32) -> int:
    """A number of so many bits in two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


_OPERATIONS: Final[tuple[Callable[[int, int], int], ...]] = (
    lambda old, argument: argument,
    lambda old, argument: old + argument,
    lambda old, argument: old | argument,
    lambda old, argument: old & ~argument,
    lambda old, argument: old ^ argument,
)
"""FUTEX_OP_SET, ADD, OR, ANDN, XOR."""
_COMPARISONS: Final[tuple[Callable[[int, int], bool], ...]] = (
    lambda old, argument: old == argument,
    lambda old, argument: old != argument,
    lambda old, argument: old < argument,
    lambda old, argument: old <= argument,
    lambda old, argument: old > argument,
    lambda old, argument: old >= argument,
)
"""FUTEX_OP_CMP_EQ, NE, LT, LE, GT, GE."""


def _change(task: LinuxTask, address: int, encoded: int) -> bool:
    """Changes a word as a FUTEX_OP says; returns whether its comparison held for the old value."""
    argument = signed(encoded >> 12, 12)
    if encoded >> 28 & FUTEX_OP_OPARG_SHIFT:
        argument = 1 << (argument & 31)
    operation, comparison = encoded >> 28 & 7, encoded >> 24 & 15
    if operation >= len(_OPERATIONS):
        raise Errno(E.ENOSYS)
    old = task.memory.read_u32(address)
    task.memory.write_u32(address, _OPERATIONS[operation](old, argument))
    if comparison >= len(_COMPARISONS):
        raise Errno(E.ENOSYS)
    return _COMPARISONS[comparison](signed(old), signed(encoded, 12))


@function(
    "int futex_wake_op(u32 __user *uaddr1, unsigned int flags, u32 __user *uaddr2, int nr_wake, "
    "int nr_wake2, int op)",
    calls={"get_futex_key"},
)
def futex_wake_op(
    task: LinuxTask, address: int, target: int, shared: bool, counts: tuple[int, int], encoded: int
) -> int:
    """Changes the other word, wakes waiters on the first, and on the other if the comparison held."""
    futexes = task.kernel.futexes
    first, second = get_futex_key(task, address, shared), get_futex_key(task, target, shared, write=True)
    held = _change(task, target, encoded)
    woken = futexes.wake(first, counts[0])
    return woken + futexes.wake(second, counts[1]) if held else woken
