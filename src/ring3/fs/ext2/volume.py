"""The blocks of an ext2 file system: groups, and what is free of blocks and inodes (balloc.c, ialloc.c of fs/ext2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.ext2 import layout
from ring3.fs.ext2.layout import Group, Superblock

if TYPE_CHECKING:
    from ring3.fs.block.disk import Disk

_NOT_FULL: Final = re.compile(b"[^\xff]")


class Volume:
    """A device with groups of blocks on it.

    Attributes:
        disk: The device.
        superblock: What is said of all of it.
        block_size: Bytes of a block.
        groups: The descriptors of its groups.
        per_block: Numbers of blocks that fit into a block.
    """

    def __init__(self, disk: Disk) -> None:
        """Reads what is said of the file system.

        Raises:
            Errno: EINVAL, there is none; EIO, the device is too short.
        """
        self.disk = disk
        raw = disk.pread(layout.SUPERBLOCK, layout.SUPERBLOCK)
        if len(raw) < layout.SUPERBLOCK:
            raise Errno(E.EIO if not disk.size else E.EINVAL)
        self.superblock = found = Superblock(raw)
        self._require_sound(found, disk.size)
        self.block_size = 1024 << found.log_block_size
        self.per_block = self.block_size // 4
        self.inode_size: int = (
            layout.INODE_SIZE if found.rev_level == layout.GOOD_OLD_REV else found.inode_size
        )
        self.groups = [self._group(number) for number in range(self._group_count)]
        self._bitmaps: dict[int, bytearray] = {}
        self._changed: set[int] = set()
        self._pointers: dict[int, list[int]] = {}

    @staticmethod
    def _require_sound(found: Superblock, size: int) -> None:
        """Refuses what is no such file system, or has another form (ext2_fill_super).

        Raises:
            Errno: EINVAL.
        """
        if found.magic != layout.MAGIC or found.log_block_size > 2:
            raise Errno(E.EINVAL)
        block_size = 1024 << found.log_block_size
        inode_size = found.inode_size if found.rev_level else layout.INODE_SIZE
        if (
            not 0 < found.blocks_per_group <= block_size * 8
            or not 0 < found.inodes_per_group <= block_size * 8
            or not layout.INODE_SIZE <= inode_size <= block_size
            or inode_size & inode_size - 1
            or found.blocks_count <= found.first_data_block
            or found.blocks_count * block_size > size
        ):
            raise Errno(E.EINVAL)
        groups = -(-(found.blocks_count - found.first_data_block) // found.blocks_per_group)
        if found.rev_level and (
            found.feature_incompat & ~layout.INCOMPAT_KNOWN
            or groups * found.inodes_per_group != found.inodes_count
        ):
            raise Errno(E.EINVAL)

    @property
    def _group_count(self) -> int:
        found = self.superblock
        return -(-(found.blocks_count - found.first_data_block) // found.blocks_per_group)

    @property
    def can_be_written(self) -> bool:
        """Whether it has nothing that would have to be kept right by who does not know of it."""
        return (
            not self.superblock.rev_level or not self.superblock.feature_ro_compat & ~layout.RO_COMPAT_KNOWN
        )

    # -- groups --------------------------------------------------------------------------------------------------

    def _descriptor(self, number: int) -> int:
        """Where the descriptor of a group is, in bytes (descriptor_loc)."""
        found = self.superblock
        per_block = self.block_size // layout.GROUP_SIZE
        block, within = divmod(number, per_block)
        if found.feature_incompat & layout.INCOMPAT_META_BG and block >= found.first_meta_bg:
            first = found.first_data_block + block * per_block * found.blocks_per_group
            at = first + self.has_superblock(block * per_block)
        else:
            at = found.first_data_block + 1 + block
        return at * self.block_size + within * layout.GROUP_SIZE

    def has_superblock(self, number: int) -> bool:
        """Whether a group has a copy of the superblock (ext2_bg_has_super)."""
        if not self.superblock.feature_ro_compat & layout.RO_COMPAT_SPARSE_SUPER or number <= 1:
            return True
        for base in (3, 5, 7):
            power = base
            while power < number:
                power *= base
            if power == number:
                return True
        return False

    def _group(self, number: int) -> Group:
        found = Group(
            self.disk.pread(self._descriptor(number), layout.GROUP_SIZE).ljust(layout.GROUP_SIZE, b"\0")
        )
        last = self.superblock.blocks_count
        if not all(0 < block < last for block in (found.block_bitmap, found.inode_bitmap, found.inode_table)):
            raise Errno(E.EINVAL)  # ext2_check_descriptors
        return found

    def overhead(self) -> int:
        """Blocks that hold no files: superblocks, descriptors and what is kept for more, bitmaps, inodes."""
        found = self.superblock
        tables = -(-found.inodes_per_group * self.inode_size // self.block_size)
        copies = sum(self.has_superblock(number) for number in range(len(self.groups)))
        kept = found.reserved_gdt_blocks if found.feature_compat & layout.COMPAT_RESIZE_INODE else 0
        descriptors = sum(map(self._descriptors_in, range(len(self.groups))))
        return found.first_data_block + copies * (1 + kept) + descriptors + len(self.groups) * (2 + tables)

    def _descriptors_in(self, number: int) -> int:
        """Blocks of descriptors that a group has (ext2_bg_num_gdb)."""
        found = self.superblock
        per_block = self.block_size // layout.GROUP_SIZE
        if not found.feature_incompat & layout.INCOMPAT_META_BG or number // per_block < found.first_meta_bg:
            return -(-len(self.groups) // per_block) if self.has_superblock(number) else 0
        return number % per_block in (0, 1, per_block - 1)

    # -- blocks --------------------------------------------------------------------------------------------------

    def read(self, block: int, offset: int = 0, size: int | None = None) -> bytes:
        """Bytes from a block on, by default the whole block.

        Raises:
            Errno: EIO, it is not on the device; as the device.
        """
        size = self.block_size if size is None else size
        data = self.disk.pread(block * self.block_size + offset, size)
        if len(data) < size:
            raise Errno(E.EIO)
        return data

    def write(self, block: int, data: bytes | bytearray | memoryview, offset: int = 0) -> None:
        """Stores bytes from a block on.

        Raises:
            Errno: As the device.
        """
        self.disk.pwrite(block * self.block_size + offset, data)

    def pointers(self, block: int) -> list[int]:
        """The numbers of blocks in a block, to be changed by `point` alone."""
        found = self._pointers.get(block)
        if found is None:
            if len(self._pointers) >= _KEPT:
                del self._pointers[next(iter(self._pointers))]
            raw = memoryview(self.read(block)).cast("I")
            found = self._pointers[block] = raw.tolist()
        return found

    def point(self, block: int, index: int, numbers: list[int]) -> None:
        """Stores numbers of blocks in a block."""
        self.pointers(block)[index : index + len(numbers)] = numbers
        self.write(block, b"".join(number.to_bytes(4, "little") for number in numbers), 4 * index)

    # -- what is free --------------------------------------------------------------------------------------------

    def allocate(self, goal: int, count: int) -> tuple[int, int]:
        """Takes up to ``count`` blocks in a row, near to one; returns the first and how many.

        Raises:
            Errno: ENOSPC.
        """
        superblock = self.superblock
        if not superblock.free_blocks_count:
            raise Errno(E.ENOSPC)
        if not superblock.first_data_block <= goal < superblock.blocks_count:
            goal = superblock.first_data_block
        first, start = divmod(goal - superblock.first_data_block, superblock.blocks_per_group)
        for number in [first, *range(first + 1, len(self.groups)), *range(first + 1)]:
            group = self.groups[number]
            if group.free_blocks_count:
                found = self._take(group.block_bitmap, start, self._blocks_in(number), count)
                if found is not None:
                    bit, taken = found
                    group.free_blocks_count -= taken
                    superblock.free_blocks_count -= taken
                    self._changed.add(number)
                    return superblock.first_data_block + number * superblock.blocks_per_group + bit, taken
            start = 0
        raise Errno(E.ENOSPC)

    def _blocks_in(self, number: int) -> int:
        superblock = self.superblock
        before = superblock.first_data_block + number * superblock.blocks_per_group
        return min(superblock.blocks_per_group, superblock.blocks_count - before)

    def _bitmap(self, block: int) -> bytearray:
        found = self._bitmaps.get(block)
        if found is None:
            found = self._bitmaps[block] = bytearray(self.read(block))
        return found

    def _take(self, block: int, start: int, end: int, count: int) -> tuple[int, int] | None:
        """Sets up to ``count`` bits in a row that are clear, from ``start`` on; None if there are none."""
        bitmap = self._bitmap(block)
        first = _clear_bit(bitmap, start, end)
        if first is None:
            return None
        bit = first
        while bit < end and bit - first < count and not bitmap[bit >> 3] >> (bit & 7) & 1:
            bitmap[bit >> 3] |= 1 << (bit & 7)
            bit += 1
        self._store_bits(block, first, bit)
        return first, bit - first

    def _store_bits(self, block: int, first: int, end: int) -> None:
        low, high = first >> 3, (end + 7) >> 3
        self.write(block, self._bitmap(block)[low:high], low)

    def release(self, block: int, count: int = 1) -> None:
        """Gives blocks back that lie in a row."""
        superblock = self.superblock
        while count:
            number, bit = divmod(block - superblock.first_data_block, superblock.blocks_per_group)
            if not superblock.first_data_block <= block < superblock.blocks_count:
                return  # ext2_error: a number that is none, in a damaged file
            taken = min(count, self._blocks_in(number) - bit)
            group = self.groups[number]
            freed = self._drop(group.block_bitmap, bit, bit + taken)
            group.free_blocks_count += freed
            superblock.free_blocks_count += freed
            self._changed.add(number)
            for one in range(block, block + taken):
                self._pointers.pop(one, None)
            block += taken
            count -= taken

    def _drop(self, block: int, first: int, end: int) -> int:
        """Clears bits; returns how many were set."""
        bitmap, freed = self._bitmap(block), 0
        for bit in range(first, end):
            if bitmap[bit >> 3] >> (bit & 7) & 1:
                bitmap[bit >> 3] &= ~(1 << (bit & 7)) & 0xFF
                freed += 1
        self._store_bits(block, first, end)
        return freed

    # -- inodes --------------------------------------------------------------------------------------------------

    def inode_at(self, ino: int) -> int:
        """Where an inode is on the device, in bytes.

        Raises:
            Errno: EIO, there is no such number (-ESTALE for who comes with a handle).
        """
        superblock = self.superblock
        if not 0 < ino <= superblock.inodes_count:
            raise Errno(E.EIO)
        number, index = divmod(ino - 1, superblock.inodes_per_group)
        table: int = self.groups[number].inode_table
        return table * self.block_size + index * self.inode_size

    def allocate_inode(self, parent: int, is_directory: bool) -> int:
        """Takes an inode, of a directory in the group that has most room, of others near the directory they are in.

        Raises:
            Errno: ENOSPC.
        """
        superblock = self.superblock
        near = (parent - 1) // superblock.inodes_per_group
        order: list[int] = [near, *range(near + 1, len(self.groups)), *range(near)]
        if is_directory:
            order.sort(key=lambda number: -self.groups[number].free_blocks_count)
        lowest = superblock.first_ino if superblock.rev_level else 11
        for number in order:
            group = self.groups[number]
            if not group.free_inodes_count:
                continue
            start = max(0, lowest - 1 - number * superblock.inodes_per_group)
            found = self._take(group.inode_bitmap, start, superblock.inodes_per_group, 1)
            if found is not None:
                group.free_inodes_count -= 1
                group.used_dirs_count += is_directory
                superblock.free_inodes_count -= 1
                self._changed.add(number)
                return number * superblock.inodes_per_group + found[0] + 1
        raise Errno(E.ENOSPC)

    def release_inode(self, ino: int, is_directory: bool) -> None:
        """Gives an inode back."""
        superblock = self.superblock
        number, bit = divmod(ino - 1, superblock.inodes_per_group)
        group = self.groups[number]
        self._drop(group.inode_bitmap, bit, bit + 1)
        group.free_inodes_count += 1
        group.used_dirs_count -= is_directory
        superblock.free_inodes_count += 1
        self._changed.add(number)

    def near(self, ino: int) -> int:
        """A block near to an inode, where its first one may be."""
        superblock = self.superblock
        group = (ino - 1) // superblock.inodes_per_group
        return superblock.first_data_block + group * superblock.blocks_per_group

    # -- the counters --------------------------------------------------------------------------------------------

    def store_superblock(self) -> None:
        """Writes what is said of all of it."""
        self.disk.pwrite(layout.SUPERBLOCK, self.superblock.raw)

    def sync(self) -> None:
        """Writes how much is free."""
        for number in sorted(self._changed):
            self.disk.pwrite(self._descriptor(number), self.groups[number].raw)
        self._changed.clear()
        self.store_superblock()


_KEPT: Final = 64
"""Blocks of numbers that are remembered."""


def _clear_bit(bitmap: bytearray, start: int, end: int) -> int | None:
    """The first bit that is clear from ``start`` up to ``end``, None if all are set."""
    while start & 7 and start < end:
        if not bitmap[start >> 3] >> (start & 7) & 1:
            return start
        start += 1
    found = _NOT_FULL.search(bitmap, start >> 3, (end + 7) >> 3)
    if found is None or start >= end:
        return None
    at = found.start()
    bit = next(bit for bit in range(8) if not bitmap[at] >> bit & 1)
    return at * 8 + bit if at * 8 + bit < end else None
