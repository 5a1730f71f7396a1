"""A machine's files without the machine: RAM, and a tree that starts empty."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ring3.abi.linux.capabilities import ALL
from ring3.fs.permission import Who
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from ring3.kernel.mm.objects import Objects
from ring3.machine.ram import Ram
from tests.fs.tree import Tree

RAM = 16 << 20


@pytest.fixture
def ram() -> Iterator[Ram]:
    """16 MiB of it."""
    ram = Ram(RAM)
    yield ram
    ram.close()


@pytest.fixture
def vfs(ram: Ram) -> Iterator[Vfs]:
    """Files whose clock moves a nanosecond with each look, with an empty root in memory."""
    moments = count(1_000_000_000)
    vfs = Vfs(ram, Objects(), lambda: next(moments))
    vfs.mount(MemoryFileSystem(vfs))
    yield vfs
    vfs.close()


@pytest.fixture
def root(vfs: Vfs) -> Tree:
    """The tree as user 0 sees it."""
    return Tree(vfs, Who(0, 0, capabilities=ALL))


@pytest.fixture
def user(vfs: Vfs) -> Tree:
    """The tree as user 1000 sees it."""
    return Tree(vfs, Who(1000, 1000, frozenset({50})))
