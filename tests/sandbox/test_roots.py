"""Roots: directories, archives and images; how layers lie over each other, and what is wrong with a root."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.errors import UserError
from ring3.fs.archive import ArchiveFileSystem, tree
from ring3.sandbox import Sandbox
from ring3.sandbox.roots import Root, open_root
from tests.support import guest
from tests.support.toolchain import Toolchain


def archive(*members: tuple[str, bytes | str | None]) -> bytes:
    """A tar file: contents, the target of a link, or a directory for None."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, contents in members:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            if contents is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(contents, str):
                info.type = tarfile.LNKTYPE if contents.startswith("=") else tarfile.SYMTYPE
                info.linkname = contents.removeprefix("=")
            else:
                info.size = len(contents)
            tar.addfile(info, io.BytesIO(contents) if isinstance(contents, bytes) else None)
    return raw.getvalue()


class Image:
    """An OCI image directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "blobs/sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (self.path / "blobs/sha256" / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    def document(self, contents: Mapping[str, object]) -> dict[str, object]:
        return self.blob(json.dumps(contents).encode())

    def finish(self, config: Mapping[str, object], *layers: bytes) -> None:
        manifest = {
            "config": self.document({"config": config}),
            "layers": [self.blob(layer) for layer in layers],
        }
        index = {"manifests": [self.document(manifest)]}
        (self.path / "index.json").write_text(json.dumps(index))


def names(root: Root) -> dict[str, str]:
    """What is in a root of archives: contents, or what else it is."""
    assert isinstance(root.fs, ArchiveFileSystem)
    found = {}
    for path, inode in tree(root.fs.top):
        text = "directory" if inode.is_directory else inode.readlink().decode() if inode.is_link else ""
        if inode.is_regular:
            file = inode.open(root.fs.root, 0)
            text = file.pread(100, 0).decode()
            file.close()
        found[path.decode()] = text
    return found


def opened(path: Path) -> Root:
    with guest.boot() as linux:
        return open_root(linux.kernel.vfs, str(path))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_archive(tmp_path: Path, pack: type[bytes]) -> None:
    raw = archive(("./a/b", b"contents"), ("link", "a/b"), ("hard", "=a/b"), ("a", None))
    (tmp_path / "root.tar").write_bytes(pack(raw))
    with guest.boot() as linux:
        root = open_root(linux.kernel.vfs, str(tmp_path / "root.tar"))
        assert names(root) == {"a": "directory", "a/b": "contents", "link": "a/b", "hard": "contents"}
        assert root.fs.root.child(b"hard").inode.stat().nlink == 2
        root.fs.close()


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"no archive at all", "it is no tar archive"),
        (archive(("../a", b"")), "it has a name that leads out of it"),
        (archive(("a", "=b")), "it has a hard link to what is not in it"),
        (gzip.compress(b"x")[:-6], "it cannot be unpacked"),
        (b"\x28\xb5\x2f\xfd", "it is compressed with zstd"),
    ],
)
def test_a_damaged_archive_is_said(tmp_path: Path, contents: bytes, message: str) -> None:
    (tmp_path / "root.tar").write_bytes(contents)
    with pytest.raises(UserError, match=f"--root .*/root.tar: {message}"):
        opened(tmp_path / "root.tar")


def test_layers_of_an_image(tmp_path: Path) -> None:
    image = Image(tmp_path / "image")
    first = archive(("etc/gone", b"1"), ("etc/kept", b"1"), ("old/a", b"1"), ("dir/x", b"1"))
    second = archive(
        ("etc/.wh.gone", b""), ("etc/kept", b"2"), ("old/b", b"2"), ("old/.wh..wh..opq", b""), ("dir", b"2")
    )
    image.finish(
        {"Env": ["A=1"], "WorkingDir": "/old", "User": "5:6", "Cmd": ["run"]}, gzip.compress(first), second
    )
    with guest.boot() as linux:
        root = open_root(linux.kernel.vfs, str(image.path))
        assert names(root) == {
            "etc": "directory", "etc/kept": "2", "old": "directory", "old/b": "2", "dir": "2"
        }  # fmt: skip
        assert (root.cwd, root.user, root.command) == ("/old", "5:6", ("run",))
        assert root.environment is not None
        assert root.environment["A"] == "1"
        root.fs.close()


def test_a_blob_that_is_not_what_its_digest_says(tmp_path: Path) -> None:
    image = Image(tmp_path / "image")
    image.finish({}, archive(("a", b"")))
    for blob in (image.path / "blobs/sha256").iterdir():
        blob.write_bytes(blob.read_bytes() + b" ")
    with pytest.raises(UserError, match="is damaged"):
        opened(image.path)


@pytest.mark.parametrize(
    "index",
    ["", "[]", "{}", '{"manifests": []}', '{"manifests": [{"digest": "sha256:../../etc/passwd"}]}',
     '{"manifests": [{"digest": "x"}, {"digest": "y"}]}'],
)  # fmt: skip
def test_an_index_that_makes_no_sense(tmp_path: Path, index: str) -> None:
    image = Image(tmp_path / "image")
    (image.path / "index.json").write_text(index)
    with pytest.raises(UserError, match=f"--root {image.path}: "):
        opened(image.path)


def test_programs_of_a_root_change_nothing_of_it(tmp_path: Path, toolchain: Toolchain) -> None:
    program = toolchain.program("files/names.c")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/names").write_bytes(program.read_bytes())
    (tmp_path / "bin/names").chmod(0o755)
    before = sorted(path.name for path in tmp_path.rglob("*"))

    with Linux(sandbox=Sandbox(root=str(tmp_path), env=(("PATH", "/bin"),))) as linux:
        assert linux.run(linux.load("names")) == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
