"""Which blocks hold a file's contents: named by the inode, or by blocks that it names (fs/ext2/inode.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.ext2.layout import BLOCK, BLOCKS, NDIR

if TYPE_CHECKING:
    from ring3.fs.ext2.layout import InodeRecord
    from ring3.fs.ext2.volume import Volume

_NUMBERS: Final = struct.Struct(f"<{BLOCKS}I")
SECTOR: Final = 512


class BlockMap:
    """The blocks of one inode; a number 0 stands for a hole.

    Attributes:
        volume: Where they are.
        record: The inode.
    """

    def __init__(self, volume: Volume, record: InodeRecord, goal: int) -> None:
        self.volume = volume
        self.record = record
        self._goal = goal

    # -- the way to a block --------------------------------------------------------------------------------------

    def _steps(self, index: int) -> list[int]:
        """Indices on the way to a block: into the inode, then into each block of numbers (ext2_block_to_path).

        Raises:
            Errno: EFBIG, no file is that long.
        """
        if index < NDIR:
            return [index]
        index -= NDIR
        per_block = self.volume.per_block
        for depth in (1, 2, 3):
            if index < per_block**depth:
                return [
                    NDIR + depth - 1,
                    *(index // per_block**power % per_block for power in reversed(range(depth))),
                ]
            index -= per_block**depth
        raise Errno(E.EFBIG)

    def _own(self) -> list[int]:
        return list(_NUMBERS.unpack_from(self.record.raw, BLOCK))

    def _leaf(self, steps: list[int]) -> tuple[list[int], int, int]:
        """The numbers that one is among, how many of them follow each other, and their block, 0 for the inode."""
        numbers, block, limit = self._own(), 0, NDIR if len(steps) == 1 else BLOCKS
        for step in steps[:-1]:
            block = numbers[step]
            if not block:
                return [], self.volume.per_block, 0
            numbers, limit = self.volume.pointers(block), self.volume.per_block
        return numbers, limit, block

    def run(self, index: int, most: int) -> tuple[int, int]:
        """Where a block of the file is, and how many follow it on the device as they do in the file.

        Args:
            index: The block's number in the file.
            most: How many are asked for.

        Returns:
            The first block on the device, 0 for a hole, and the number of blocks, or of holes.
        """
        steps = self._steps(index)
        numbers, limit, _ = self._leaf(steps)
        last = steps[-1]
        most = min(most, limit - last)
        if not numbers:
            return 0, most
        first, count = numbers[last], 1
        while count < most and numbers[last + count] == (first + count if first else 0):
            count += 1
        return first, count

    # -- more blocks ---------------------------------------------------------------------------------------------

    def fill(self, index: int, count: int) -> int:
        """Gives a hole blocks; returns how many in a row, of as many as were asked for.

        Raises:
            Errno: ENOSPC; EFBIG.
        """
        steps = self._steps(index)
        volume, record = self.volume, self.record
        parent, at = 0, steps[0]
        for step in steps[1:]:
            block = self._own()[at] if not parent else volume.pointers(parent)[at]
            if not block:
                block, _ = volume.allocate(self._goal, 1)
                volume.write(block, bytes(volume.block_size))
                record.blocks += volume.block_size // SECTOR
                self._put(parent, at, [block])
                self._goal = block + 1
            parent, at = block, step
        limit = volume.per_block if parent else NDIR
        numbers = volume.pointers(parent) if parent else self._own()
        wanted = 1
        while wanted < count and at + wanted < limit and not numbers[at + wanted]:
            wanted += 1
        goal = numbers[at - 1] + 1 if at and numbers[at - 1] else self._goal
        first, taken = volume.allocate(goal, wanted)
        self._put(parent, at, list(range(first, first + taken)))
        record.blocks += taken * (volume.block_size // SECTOR)
        self._goal = first + taken
        return taken

    def _put(self, parent: int, at: int, numbers: list[int]) -> None:
        if parent:
            self.volume.point(parent, at, numbers)
        else:
            struct.pack_into(f"<{len(numbers)}I", self.record.raw, BLOCK + 4 * at, *numbers)

    # -- fewer ---------------------------------------------------------------------------------------------------

    def cut(self, first: int) -> None:
        """Gives back all blocks from one of the file's on."""
        own = self._own()
        self._release([number for number in own[min(first, NDIR) : NDIR] if number])
        own[min(first, NDIR) : NDIR] = [0] * (NDIR - min(first, NDIR))
        start = NDIR
        for depth in (1, 2, 3):
            at = NDIR + depth - 1
            if own[at] and self._cut_below(own[at], depth, max(0, first - start)):
                own[at] = 0
            start += self.volume.per_block**depth
        _NUMBERS.pack_into(self.record.raw, BLOCK, *own)
        self._goal = next((number + 1 for number in reversed(own[:NDIR]) if number), self._goal)

    def _cut_below(self, block: int, depth: int, first: int) -> bool:
        """Gives back what a block of numbers leads to, from one on; the block too if nothing is left, which is told."""
        volume, span = self.volume, self.volume.per_block ** (depth - 1)
        if first >= span * volume.per_block:
            return False
        numbers = list(volume.pointers(block))
        if depth == 1:
            self._release([number for number in numbers[first:] if number])
            numbers[first:] = [0] * (len(numbers) - first)
        else:
            for index in range(first // span, volume.per_block):
                if numbers[index] and self._cut_below(
                    numbers[index], depth - 1, max(0, first - index * span)
                ):
                    numbers[index] = 0
        if not any(numbers):
            self._release([block])
            return True
        if numbers != volume.pointers(block):
            volume.point(block, 0, numbers)
        return False

    def _release(self, blocks: list[int]) -> None:
        """Gives blocks back, those in a row at once."""
        volume, start = self.volume, 0
        for end in range(1, len(blocks) + 1):
            if end == len(blocks) or blocks[end] != blocks[end - 1] + 1:
                volume.release(blocks[start], end - start)
                start = end
        self.record.blocks -= len(blocks) * (volume.block_size // SECTOR)
