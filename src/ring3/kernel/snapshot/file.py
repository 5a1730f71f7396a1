"""Snapshots in files, for another machine that is the same: of the same version, with the same kernel.

A file is a line that says what it is, a line of JSON that says of which version and with which options, and then,
compressed, the objects (`snapshot.values`) and the frames in use. It is read into a machine that was booted just now.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from ring3.errors import UserError
from ring3.kernel.snapshot import graph
from ring3.kernel.snapshot.values import Reader, Writer
from ring3.machine.cpu import CpuState
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE, PINNED, ZERO_PAGE

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.snapshot.machine import State, Whole

MAGIC: Final = b"ring3 snapshot 1\n"


def fingerprint() -> str:
    """What tells one version of Ring3 from another: its sources and its kernels."""
    top = Path(__file__).parents[2]
    found = hashlib.sha256()
    for path in sorted(top.rglob("*")):
        if path.suffix in (".py", ".elf", ".so"):
            found.update(path.relative_to(top).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def fixtures(kernel: Kernel[Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """What every machine has of its own: what a file does not hold but names."""
    machine = kernel.machine
    cpu, ram = machine.cpu, machine.ram
    found: dict[str, Any] = {
        "kernel": kernel,
        "image": kernel.image,
        "host": kernel.host,
        "slices": kernel.slices,
    }
    found |= {"machine": machine, "microcode": machine.microcode, "cpu": cpu, "ram": ram}
    found |= {"ram.q": ram.q, "ram.bytes": ram.bytes, "cpu.words": cpu.words, "cpu.flags": cpu.flags}
    found["urandom"] = os.urandom
    if cpu.vectors is not None:
        found["cpu.vectors"] = cpu.vectors
    return {**found, **kernel.fixtures(), **others}


def save(
    file: IO[bytes],
    kernel: Kernel[Any],
    state: State,
    whole: Whole,
    head: Mapping[str, Any],
    others: Mapping[str, Any],
) -> None:
    """Writes a snapshot.

    Args:
        file: Where to.
        kernel: The machine's kernel.
        state: The snapshot.
        whole: All of it.
        head: What who loads it has to know.
        others: More fixtures, by name.

    Raises:
        UserError: It holds something that no file can.
    """
    outside, _ = graph.take([then for _, then in state.outside], whole.records)
    writer = Writer(outside | whole.records, fixtures(kernel, others))
    ram, bytes_of = whole.ram, kernel.machine.ram.bytes
    body = {
        "objects": writer.objects(),
        "outside": [[writer.value(thing), writer.value(then)] for thing, then in state.outside],
        "cpu": writer.value(state.cpu),
        "booted": writer.value(kernel.machine.cpu.booted),
        "fresh": ram.fresh,
        "free": ram.free,
        "code": sorted(ram.code),
        "frames": sorted(ram.used),
        "counts": array("I", b"".join(ram.counts)).tolist(),
    }
    frames = (
        ram.contents.get(frame) or bytes(bytes_of[frame : frame + PAGE_SIZE]) for frame in body["frames"]
    )
    text = json.dumps(body).encode()
    file.write(MAGIC + json.dumps({**head, "version": fingerprint(), "body": len(text)}).encode() + b"\n")
    packer = zlib.compressobj(1)
    file.write(packer.compress(text))
    for frame in frames:
        file.write(packer.compress(frame))
    file.write(packer.flush())


def head_of(file: IO[bytes], name: str) -> dict[str, Any]:
    """The line that says what is in a file.

    Raises:
        UserError: It is no snapshot, or one of another version.
    """
    if file.readline(len(MAGIC)) != MAGIC:
        raise UserError(f"{name} is no snapshot of a machine")
    try:
        head = json.loads(file.readline(1 << 16))
        version = head["version"]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{name}: the snapshot is damaged") from None
    if version != fingerprint():
        raise UserError(f"{name} was made by another version of Ring3")
    return dict(head)


def load(
    file: IO[bytes], name: str, head: Mapping[str, Any], kernel: Kernel[Any], others: Mapping[str, Any]
) -> None:
    """Makes a machine that was booted just now what a snapshot says.

    Raises:
        UserError: It is damaged, or something of the host is not as it was.
    """
    try:
        raw = zlib.decompress(file.read())
        body = json.loads(raw[: head["body"]])
        contents = memoryview(raw)[head["body"] :]
        reader = Reader(body["objects"], fixtures(kernel, others))
        records = reader.fill()
        outside = [(reader.value(thing), reader.value(then)) for thing, then in body["outside"]]
        cpu: CpuState = reader.value(body["cpu"])
        if len(cpu.registers) != len(kernel.machine.cpu.save()):
            raise UserError(f"{name} is of another processor")
        registers = _relocated(cpu.registers, reader.value(body["booted"]), kernel.machine.cpu.booted)
        graph.put(graph.puts(records))
        _put_ram(kernel, body, contents)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever a damaged file leads to
        raise UserError(f"{name}: the snapshot is damaged ({type(error).__name__}: {error})") from None
    for thing, then in outside:
        thing.check_outside(then)
    for thing, then in outside:
        thing.put_outside(then)
    kernel.machine.cpu.put_state(CpuState(registers, cpu.pmap))
    kernel.machine.cpu.forget_code()
    kernel.reconsider()


def _relocated(saved: bytes, booted_there: bytes, booted_here: bytes) -> bytes:
    """Registers for this process: words of the emulator's own that differ from one process to the other stay ours.

    What lies behind those that it was booted with is the host's processor's.

    Raises:
        ValueError: One of them has changed there since it was booted.
    """
    if len(booted_there) != len(booted_here):
        raise ValueError("another emulator")
    parts = []
    for at in range(0, len(booted_here), 8):
        word, there, here = saved[at : at + 8], booted_there[at : at + 8], booted_here[at : at + 8]
        if there not in (here, word):
            raise ValueError(f"the emulator's state at {at:#x}")
        parts.append(word if there == here else here)
    return b"".join(parts) + saved[len(booted_here) :]


def _put_ram(kernel: Kernel[Any], body: Mapping[str, Any], contents: memoryview) -> None:
    ram = kernel.machine.ram
    if body["fresh"] > ram.size or len(contents) != len(body["frames"]) * PAGE_SIZE:
        raise ValueError("its memory is not complete")
    for at in range(PAGE_SIZE, ram.fresh, PAGE_SIZE):
        ram.bytes[at : at + PAGE_SIZE] = ZERO_PAGE
        ram.refs[at >> PAGE_SHIFT] = 0
    for number, frame in enumerate(body["frames"]):
        if not 0 < frame < body["fresh"] or frame % PAGE_SIZE:
            raise ValueError("there is no such frame")
        ram.bytes[frame : frame + PAGE_SIZE] = contents[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
        ram.refs[frame >> PAGE_SHIFT] = body["counts"][frame >> PAGE_SHIFT] & ~PINNED
    ram.fresh, ram.free, ram.code = body["fresh"], list(body["free"]), set(body["code"])
