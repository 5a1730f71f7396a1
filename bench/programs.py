"""Guest programs: sources in ``programs/``, compiled to static ELF files with ziglang and musl.

Those in ``programs/i386/`` become 32-bit programs, the others x86-64 ones; those in ``programs/dynamic/`` are linked
with glibc at run time. Names that begin with ``solaris/`` are programs of Solaris, linked with the userland that ships;
their source may be the one of Linux.

The compiled files are kept in the temporary directory, under a name that changes with source, flags and
compiler. A guest that counts takes how often as its first argument.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ring3 import resources
from ring3.abi import elf

SOURCES = Path(__file__).with_name("programs")
FLAGS = ("-static", "-O2", "-fno-sanitize=all", "-s")
USERLAND = Path(resources.ROOT) / "solaris" / "userland"
SOLARIS_FLAGS = (
    "-target", "x86_64-freestanding-none", "-c", "-O2", "-fPIC", "-ffreestanding", "-fno-sanitize=all",
    "-fno-stack-protector", f"-I{USERLAND / 'libc'}",
)  # fmt: skip


class BuildError(Exception):
    """A guest program cannot be compiled; the message says why, in one or more lines."""


def build(name: str) -> Path:
    """The executable of ``programs/NAME.c`` (or ``.S``), compiled if this source was not compiled before.

    Raises:
        BuildError: no such source, no compiler, or the compiler's own messages.
    """
    is_solaris = name.startswith("solaris/")
    places = [SOURCES / f"{name}.c", SOURCES / f"{name}.S", SOURCES / f"{name.removeprefix('solaris/')}.c"]
    source = next((path for path in places if path.exists()), None)
    if source is None:
        raise BuildError(f"no source for {name} in {SOURCES}")
    try:
        compiler = version("ziglang")
    except PackageNotFoundError:
        raise BuildError("the guest programs need ziglang, one of the development dependencies") from None
    flags = SOLARIS_FLAGS if is_solaris else _flags(name)
    key = hashlib.sha256(b"\0".join([source.read_bytes(), *map(str.encode, flags), compiler.encode()]))
    executable = _cache() / f"{source.stem}-{key.hexdigest()[:16]}"
    if not executable.exists():
        _compile(source, flags, executable)
        if is_solaris:
            _make_solaris(executable)
    return executable


def _flags(name: str) -> tuple[str, ...]:
    if name.startswith("dynamic/"):
        return ("-target", "x86_64-linux-gnu.2.31", "-pie", *FLAGS[1:])
    return ("-target", "x86-linux-musl" if name.startswith("i386/") else "x86_64-linux-musl", *FLAGS)


def _make_solaris(program: Path) -> None:
    """Links an object with the C library of Solaris, and marks it."""
    linker = [sys.executable, "-m", "ziglang", "ld.lld", "-pie", "--hash-style=sysv", "-z", "norelro"]
    options = ["-dynamic-linker", "/lib/amd64/ld.so.1", "-E", "-o", str(program)]
    compiled = program.with_suffix(".o")
    start = compiled.with_suffix(".crt.o")
    program.rename(compiled)
    _compile(USERLAND / "cmd" / "crt1.S", SOLARIS_FLAGS, start)
    libc = USERLAND / "root" / "lib" / "64" / "libc.so.1"
    subprocess.run([*linker, *options, str(start), str(compiled), str(libc)], check=True)
    raw = bytearray(program.read_bytes())
    raw[7:9] = bytes((elf.OSABI_SOLARIS, 1))
    program.write_bytes(raw)


def _compile(source: Path, flags: tuple[str, ...], executable: Path) -> None:
    """Compile beside the final name and rename, so that a half-written file is never run."""
    partial = executable.with_suffix(f".{os.getpid()}")
    command = [sys.executable, "-m", "ziglang", "cc", *flags, str(source), "-o", str(partial)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"cannot compile {source}:\n{done.stderr.strip()}")
    partial.rename(executable)


def _cache() -> Path:
    """The directory of compiled programs, ours alone: what lies in it is executed."""
    directory = Path(tempfile.gettempdir()) / f"ring3-bench-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise BuildError(f"{directory} belongs to, or can be written by, somebody else")
    return directory
