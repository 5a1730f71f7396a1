"""What ``--root`` names: a directory, a tar archive, or an OCI image directory (OCI Image Format 1.1, image-layout)."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.fs.view import host_files

if TYPE_CHECKING:
    from ring3.fs.inode import FileSystem
    from ring3.fs.vfs import Vfs

DIGEST: Final = re.compile(r"sha(256|512):[0-9a-f]{64,128}")
MOST_DOCUMENT: Final = 16 << 20
"""Bytes of an index, a manifest or a configuration."""
INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Root(NamedTuple):
    """A root, and what an image says of its programs.

    Attributes:
        fs: The files, copy-on-write.
        environment: The environment that programs start from; None for that of who starts them.
        cwd: Where they start.
        user: Whom they run as, as ``--user`` has it; "" for who runs Ring3.
        command: What runs if nothing is asked for.
    """

    fs: FileSystem
    environment: dict[str, str] | None = None
    cwd: str = "/"
    user: str = ""
    command: tuple[str, ...] = ()


def open_root(vfs: Vfs, path: str, *, rw: bool = False) -> Root:
    """Opens a root.

    Args:
        vfs: The machine's files.
        path: Where it is on the host.
        rw: Programs change it there.

    Raises:
        UserError: It is none of the three, or damaged.
    """
    try:
        is_image = os.path.isfile(os.path.join(path, "oci-layout"))
        if os.path.isdir(path) and not is_image:
            return Root(host_files(vfs, os.fsencode(path), "rw" if rw else "cow"))
        if rw:
            raise ValueError("--rw is for a directory")
        if is_image:
            return _Image(path).root(vfs)
        return Root(_archives(vfs, [path]))
    except Errno as error:
        raise UserError(f"--root {path}: {error.number.text}") from None
    except OSError as error:
        raise UserError(f"--root {path}: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"--root {path}: {error}") from None


def _archives(vfs: Vfs, paths: list[str]) -> FileSystem:
    from ring3.fs.archive import ArchiveFileSystem  # noqa: PLC0415 -- tarfile costs 20 ms

    fs = ArchiveFileSystem(vfs)
    try:
        for path in paths:
            fs.add(path)
    except (OSError, ValueError):
        fs.close()
        raise
    fs.begin()
    return fs


class _Image:
    """An OCI image directory."""

    def __init__(self, path: str) -> None:
        self._path = path

    def root(self, vfs: Vfs) -> Root:
        """Its files, and what its configuration says.

        Raises:
            ValueError: It is damaged, or for other machines.
        """
        with open(os.path.join(self._path, "index.json"), "rb") as file:
            index = _document(file.read(MOST_DOCUMENT), "index.json")
        manifest = self._manifest(index)
        settings = self._read(_part(manifest, "config")).get("config") or {}
        layers = [self._blob(layer) for layer in manifest.get("layers", [])]
        variables = dict(item.partition("=")[::2] for item in settings.get("Env") or [])
        variables.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        command = [*(settings.get("Entrypoint") or []), *(settings.get("Cmd") or [])]
        return Root(
            _archives(vfs, layers),
            variables,
            settings.get("WorkingDir") or "/",
            settings.get("User") or "0:0",
            tuple(command),
        )

    def _manifest(self, index: Mapping[str, Any]) -> Mapping[str, Any]:
        """The manifest for this machine: the one of its platform, or the only one."""
        entries = index.get("manifests")
        if not isinstance(entries, list) or not entries:
            raise ValueError("its index names no image")
        wanted = ("linux", "amd64")
        platforms = [_platform(entry) for entry in entries]
        if wanted in platforms:
            entry = entries[platforms.index(wanted)]
        elif len(entries) == 1:
            entry = entries[0]
        else:
            raise ValueError("it has no image for linux on amd64")
        document = self._read(entry)
        return self._manifest(document) if entry.get("mediaType") in INDEXES else document

    def _read(self, descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
        with open(self._blob(descriptor), "rb") as file:
            return _document(file.read(MOST_DOCUMENT), str(descriptor.get("digest")))

    def _blob(self, descriptor: Mapping[str, Any]) -> str:
        """The file of a blob, whose contents are what its digest says."""
        digest = str(descriptor.get("digest"))
        if not DIGEST.fullmatch(digest):
            raise ValueError(f"{digest} is no digest")
        algorithm, _, text = digest.partition(":")
        path = os.path.join(self._path, "blobs", algorithm, text)
        with open(path, "rb") as file:
            if hashlib.file_digest(file, algorithm).hexdigest() != text:
                raise ValueError(f"the blob {digest} is damaged")
        return path


def _platform(entry: Mapping[str, Any]) -> tuple[object, object]:
    found = entry.get("platform") or {}
    return found.get("os"), found.get("architecture")


def _document(text: bytes, name: str) -> Mapping[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"{name} is no JSON object")
    return found


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    if not isinstance(found, dict):
        raise ValueError(f"its manifest has no {name}")
    return found
