"""Compiles guest programs for either width and C library with the C compiler that ziglang carries.

A result is kept under a hash of everything it depends on: the compiler's version, the command line, the sources, the
headers beside them and those that all programs share. The first program for a target builds that target's C library,
half a minute for musl's, and zig builds it anew for each other choice of position independence, optimisation (none,
speed or size) and stripping. So ``-fPIC -O2`` holds whether or not the program is position independent, and flags
should leave these choices alone.

zig's default of trapping on undefined behaviour is off, so that a program does what gcc would make of it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from tests.support import cache

Kind = Literal["static", "static-pie", "dynamic", "nolibc", "object"]
Bits = Literal[32, 64]

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"

KIND_FLAGS: dict[Kind, tuple[str, ...]] = {
    "static": ("-static", "-no-pie"),
    "static-pie": ("-static", "-pie"),
    "dynamic": ("-pie",),
    "nolibc": ("-nostdlib", "-static", "-no-pie"),
    "object": ("-c",),
}
CODE_FLAGS = ("-fPIC", "-O2", "-fno-sanitize=all")


class CompileError(Exception):
    """A guest program did not compile: the message is the command and what the compiler said."""


def musl(bits: Bits) -> str:
    """Returns the name of the target whose programs are static musl ones of that width."""
    return "x86_64-linux-musl" if bits == 64 else "x86-linux-musl"


def glibc(bits: Bits) -> str:
    """Returns the name of the target whose dynamic programs run on any glibc since 2.31."""
    return "x86_64-linux-gnu.2.31" if bits == 64 else "x86-linux-gnu.2.31"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The installed compiler and the place for what it builds."""

    version: str
    home: Path

    def build(self, sources: Sequence[Path], *, target: str, kind: Kind, flags: Sequence[str] = ()) -> Path:
        """Returns the program (or the object) that the sources make, compiled now if the cache has it not.

        Args:
            sources: C (``.c``) and assembly (``.S``, ``.s``) files. They may include headers of
                their own directories and of ``tests/programs``.
            target: A target of zig, as ``musl`` and ``glibc`` name them.
            kind: ``static`` has a fixed address, ``static-pie`` and ``dynamic`` have not; ``nolibc`` is static, starts
                at the ``_start`` it brings and links no library; ``object`` is not linked.
            flags: More options for the compiler, after all others.

        Raises:
            CompileError: The compiler failed.
        """
        options = [*CODE_FLAGS, *KIND_FLAGS[kind], *flags]
        key = _key(sources, [self.version, target, kind, *options])
        built = self.home / "built" / key / sources[0].stem
        if not built.exists():
            self._compile(sources, ["-target", target, *options], built)
        return built

    def program(
        self, name: str, *, bits: Bits = 64, kind: Kind = "static", flags: Sequence[str] = ()
    ) -> Path:
        """Returns the built program of ``tests/programs``; glibc's if it is dynamic, else musl's.

        Args:
            name: The source's path below ``tests/programs``, as ``basic/args.c``.
            bits: The width to build it for.
            kind: As for ``build``.
            flags: As for ``build``.
        """
        target = glibc(bits) if kind == "dynamic" else musl(bits)
        return self.build([PROGRAMS / name], target=target, kind=kind, flags=flags)

    def build_libraries(self) -> None:
        """Builds both widths' musl, if need be at the same time: one alone keeps but one core busy."""
        widths: tuple[Bits, Bits] = (64, 32)
        with ThreadPoolExecutor() as pool:
            for built in [pool.submit(self.program, "basic/hello.c", bits=bits) for bits in widths]:
                built.result()

    def _compile(self, sources: Sequence[Path], options: Sequence[str], built: Path) -> None:
        """Compiles under another name and renames the result to ``built``, so that runs at one time do not collide."""
        environment = os.environ | {
            "ZIG_GLOBAL_CACHE_DIR": str(self.home / "zig-global"),
            "ZIG_LOCAL_CACHE_DIR": str(self.home / "zig-local"),
        }
        with tempfile.TemporaryDirectory(dir=self.home, prefix="building-") as scratch:
            output = Path(scratch) / built.name
            command = [sys.executable, "-m", "ziglang", "cc", *options, *map(str, sources), "-o", str(output)]
            finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if finished.returncode != 0:
                raise CompileError(f"{' '.join(command)}\n{finished.stderr}")
            built.parent.mkdir(parents=True, exist_ok=True)
            os.replace(output, built)


@functools.cache
def find() -> Toolchain:
    """Returns the installed toolchain.

    Raises:
        importlib.metadata.PackageNotFoundError: ziglang is not installed; the ``dev`` extra brings it.
    """
    return Toolchain(version=metadata.version("ziglang"), home=cache.directory())


def build(sources: Sequence[Path], *, target: str, kind: Kind, flags: Sequence[str] = ()) -> Path:
    """Returns what ``Toolchain.build`` of the installed toolchain returns."""
    return find().build(sources, target=target, kind=kind, flags=flags)


def _key(sources: Sequence[Path], options: Sequence[str]) -> str:
    """Returns a hash of all that the result depends on; the sources' directories do not count, so clones share it."""
    digest = hashlib.sha256()
    searched = [Path(option[2:]) for option in options if option.startswith("-I")]
    folders = {PROGRAMS, *searched, *(source.parent for source in sources)}
    headers = {header for folder in folders for header in folder.glob("*.h")}
    for option in options:
        digest.update(option.encode() + b"\0")
    for path in [*sources, *sorted(headers)]:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]
