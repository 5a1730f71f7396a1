"""Address spaces for the tests; each proves at the end that it gave every frame back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.kernel.mm import Mm, arch_pick_mmap_layout
from ring3.machine.ram import Ram


@pytest.fixture
def ram() -> Iterator[Ram]:
    """RAM of 16 MiB; all of its frames must be free at the end."""
    memory = Ram(16 << 20)
    yield memory
    assert memory.frames_in_use == 0


@pytest.fixture
def mm(ram: Ram) -> Iterator[Mm]:
    """An empty 64-bit address space."""
    space = Mm(ram, None, arch_pick_mmap_layout())
    yield space
    space.destroy()
