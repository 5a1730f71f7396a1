"""Types of a file whose only description of them is CTF, as Solaris's files have it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.object_file import ObjectFile
from tests.debug.mdb.session import Typed
from tests.support.toolchain import PROGRAMS, Toolchain, musl
from tests.trace.dtrace.machine.test_program_types import Ctf, example

SHAPE = 8
"""Which of the example's types ``struct shape`` is."""
STT_OBJECT = 1


def section(made: Ctf, objects: bytes) -> bytes:
    """The example, and which type each variable has."""
    body = bytes(objects + made.types + made.strings)
    types = len(objects)
    places = (0, 0, 0, 0, types, types, types + len(made.types), len(made.strings))
    return struct.pack("<HBB8I", 0xCFF1, 2, 0, *places) + body


@pytest.fixture
def typed(toolchain: Toolchain, tmp_path: Path) -> Typed:
    objcopy = shutil.which("objcopy")
    if objcopy is None:
        pytest.skip("objcopy is not installed")
    built = toolchain.build(
        [PROGRAMS / "debug" / "stops.c"], target=musl(64), kind="nolibc", flags=("-O0", "-fno-builtin")
    )
    symbols = ObjectFile(str(built), built.read_bytes()).symbols
    variables = [
        each.name for each in symbols if each.type == STT_OBJECT and each.section and not each.dynamic
    ]
    objects = struct.pack(f"<{len(variables)}H", *(SHAPE if name == "counter" else 0 for name in variables))
    ctf, path = tmp_path / "ctf", tmp_path / "program"
    ctf.write_bytes(section(example(), objects))
    subprocess.run([objcopy, "-g", f"--add-section=.SUNW_ctf={ctf}", str(built), str(path)], check=True)
    return Typed(FileTarget(ObjectFile(str(path), path.read_bytes())))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("::sizeof struct shape", "sizeof (struct shape) = 0x18\n"),
        ("::offsetof shape sides", "offsetof (shape, sides) = 8, sizeof (...->sides) = 3 bits\n"),
        ("-5::print -i enum color", "-5 (GREEN)\n"),
    ],
)
def test_types_by_name(typed: Typed, text: str, printed: str) -> None:
    assert typed(text) == printed


def test_the_type_of_a_variable(typed: Typed) -> None:
    target = typed.session.target
    counter = target.symbol("counter")
    assert counter is not None
    assert str(target.type_of(counter)) == "struct shape"


def test_damage_is_no_types(typed: Typed) -> None:
    file = typed.session.target
    assert isinstance(file, FileTarget)
    raw = file.file.raw.replace(b"\xf1\xcf\x02", b"\xf1\xcf\x09")
    broken = Typed(FileTarget(ObjectFile(file.file.name, raw)))
    assert broken("::sizeof struct shape").startswith("mdb: failed to look up type struct shape")
