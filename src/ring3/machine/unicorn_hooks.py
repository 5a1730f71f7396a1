"""Hooks on blocks of code and on memory, which only who asks for them pays for.

The emulator reports a block before it runs it, and an access before it makes it. Of an access it says the physical
address; so what is watched are the frames that lie behind a range of linear addresses at the moment, looked up again
whenever page tables have changed. While any access is hooked all of them take a slower way.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

from ring3.machine import unicorn_library as api
from ring3.machine.paging import walk
from ring3.machine.pmap import Pmap
from ring3.machine.ram import PAGE_SIZE, Ram

BlockHook = Callable[[int, int], None]
"""Gets a block's address and its size in bytes."""
AccessHook = Callable[[int, int, int, "int | None"], None]
"""Gets the instruction's address, the linear address, the size in bytes, and what is written or None for a load."""

_MEM_WRITE: Final = 17
"""UC_MEM_WRITE of unicorn.h."""
_WIDEST: Final = 16


class Hooks:
    """The hooks of one emulator.

    Attributes:
        is_calling: One is being called.
    """

    def __init__(self, library: api.Library, engine: int, ram: Ram) -> None:
        self._library = library
        self._engine = engine
        self._ram = ram
        self._rip = ctypes.c_uint64(0)
        self._watches: list[_Watch] = []
        self._failure: BaseException | None = None
        self.is_calling = False

    def blocks(self, hook: BlockHook, first: int, last: int) -> Callable[[], None]:
        """Hooks blocks that begin in a range of addresses; gives what ends that."""

        def on_block(_engine: int, address: int, size: int, _data: int) -> None:
            self.call(lambda: hook(address, size))

        callback = api.BLOCK_CALLBACK(on_block)
        handle = self._library.hook(self._engine, api.HOOK_BLOCK, callback, 0, 0, (first, last))
        return lambda: self._end(handle, callback)

    def accesses(
        self,
        hook: AccessHook,
        pmap: Pmap | None,
        now: Pmap | None,
        address: int,
        size: int,
        *,
        read: bool,
        write: bool,
    ) -> Callable[[], None]:
        """Hooks accesses of programs to a range of an address space, or of every one; ``now`` is that which is in use.

        Returns:
            What ends that.
        """
        kinds = api.HOOK_MEM_READ * read | api.HOOK_MEM_WRITE * write
        watch = _Watch(self, hook, pmap, range(address, address + size), kinds)
        self._watches.append(watch)
        watch.follow(pmap or now)

        def leave() -> None:
            self._watches.remove(watch)
            watch.end()

        return leave

    @property
    def follows(self) -> bool:
        """Whether it wants to know when page tables have changed."""
        return bool(self._watches)

    def moved(self, pmap: Pmap) -> bool:
        """Another address space is in use, or its page tables have changed.

        Returns:
            Whether all pages that are watched in it are there; of one that comes, the page tables do not tell.
        """
        found = [watch.follow(pmap) for watch in self._watches]
        return all(found)

    def call(self, hook: Callable[[], None]) -> None:
        """Calls a hook; what it raises is kept for who runs the emulator, which stops."""
        self.is_calling = True
        try:
            hook()
        except BaseException as error:  # noqa: BLE001 -- it is raised again
            self._failure = error
            self._library.emu_stop(self._engine)
        finally:
            self.is_calling = False

    def raise_failure(self) -> None:
        """Raises what a hook has raised since this was asked."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def hook_memory(self, kinds: int, callback: object, first: int, last: int) -> int:
        """Hooks a range of physical addresses."""
        return self._library.hook(self._engine, kinds, callback, 0, 0, (first, last))

    def unhook(self, handle: int) -> None:
        """Undoes that."""
        self._library.unhook(self._engine, handle)

    def frame(self, pmap: Pmap, address: int) -> int | None:
        """The physical address behind a linear one."""
        found = walk(self._ram, pmap.root, address)
        return None if found is None else found.physical

    def rip(self) -> int:
        """The instruction that is being executed."""
        self._library.reg_read(self._engine, api.REG_RIP, ctypes.addressof(self._rip))
        return self._rip.value

    def _end(self, handle: int, _callback: object) -> None:
        self.unhook(handle)


class _Watch:
    """A range of linear addresses, page by page."""

    def __init__(self, hooks: Hooks, hook: AccessHook, pmap: Pmap | None, where: range, kinds: int) -> None:
        self._hooks = hooks
        self._hook = hook
        self._pmap = pmap
        self._where = where
        self._kinds = kinds
        self._callback = api.MEM_CALLBACK(self._on_access)
        self._pages: dict[int, tuple[int, int]] = {}
        self._linear: dict[int, int] = {}

    def follow(self, pmap: Pmap | None) -> bool:
        """Looks up where the pages are now, and whether all are; in another address space nothing is watched."""
        first = self._where.start & -PAGE_SIZE
        wanted = {}
        is_whole = True
        if pmap is not None and self._pmap in (None, pmap):
            for page in range(first, self._where.stop, PAGE_SIZE):
                frame = self._hooks.frame(pmap, page)
                if frame is None:
                    is_whole = False
                else:
                    wanted[page] = frame
        for page in tuple(self._pages):
            frame, handle = self._pages[page]
            if wanted.get(page) != frame:
                self._hooks.unhook(handle)
                del self._pages[page], self._linear[frame]
        for page, frame in wanted.items():
            if page not in self._pages:
                low = max(self._where.start - page - _WIDEST + 1, 0)
                high = min(self._where.stop - page, PAGE_SIZE) - 1
                handle = self._hooks.hook_memory(self._kinds, self._callback, frame + low, frame + high)
                self._pages[page] = frame, handle
                self._linear[frame] = page
        return is_whole

    def end(self) -> None:
        """Watches nothing any more."""
        for _, handle in self._pages.values():
            self._hooks.unhook(handle)
        self._pages.clear()

    def _on_access(self, _engine: int, kind: int, physical: int, size: int, value: int, _data: int) -> None:
        linear = self._linear[physical & -PAGE_SIZE] + physical % PAGE_SIZE
        if linear + size <= self._where.start:
            return
        written = value & (1 << 8 * size) - 1 if kind == _MEM_WRITE else None
        self._hooks.call(lambda: self._hook(self._hooks.rip(), linear, size, written))
