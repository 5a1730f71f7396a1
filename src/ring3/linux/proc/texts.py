"""Directories of texts, in /proc and /sys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from ring3.fs.inode import Inode
from ring3.fs.pseudo import PseudoDirectory, PseudoFile, PseudoFileSystem

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem

Text = Callable[["LinuxSystem"], str]


def texts_below(
    fs: PseudoFileSystem,
    kernel: LinuxSystem,
    texts: Mapping[bytes, Text],
    key: bytes,
    path: bytes,
    stores: Mapping[bytes, Callable[[LinuxSystem, bytes], None]] = MappingProxyType({}),
    others: Mapping[bytes, Callable[[], Inode]] = MappingProxyType({}),
) -> PseudoDirectory:
    """A directory of texts.

    Args:
        fs: The file system.
        kernel: Whom the texts are about.
        texts: All of them, by path below the first directory.
        key: What tells that directory from others.
        path: The path of this one below it, with a slash at its end if there is any.
        stores: What takes what is written to those that user 0 can write.
        others: What else is there, by path as well.
    """
    below = (own[len(path) :] for own in (*texts, *others) if own.startswith(path))
    names = sorted({own.split(b"/")[0] for own in below})

    def find(name: bytes) -> Inode | None:
        own = path + name
        text, store = texts.get(own), stores.get(own)
        if text is not None:
            mode = 0o444 if store is None else 0o644
            taker = None if store is None else partial(store, kernel)
            return PseudoFile(fs, key + b"/" + own, lambda: text(kernel).encode(), mode=mode, store=taker)
        if own in others:
            return others[own]()
        return texts_below(fs, kernel, texts, key, own + b"/", stores, others) if name in names else None

    return PseudoDirectory(fs, key + b"/" + path, find, lambda: names)
