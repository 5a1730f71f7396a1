"""What the documentation names exists: files, links, commands, modules and what is in them."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from ring3.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    if page.name != "CHANGELOG.md"  # tells of the past
]
FOLDERS = [ROOT, ROOT / "src" / "ring3", ROOT / "src", ROOT / "src" / "ring3" / "linux"]
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|S|md|toml|tbl|h))`")
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
LINUX = (
    "arch/",
    "include/",
    "kernel/sys_ni.c",
    "asm/",
    "sys/sdt.h",
    "scripts/syscall.tbl",
    "mm/",
    "fs/exec.c",
    "tools/",
)
"""What begins so is Linux's own."""
SOLARIS = ("usr/src", "uts/", "lib/libc/", "cmd/truss/")
"""What begins so is Solaris's."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_exist(page: Path) -> None:
    named = set(FILE.findall(page.read_text()))
    own = {name for name in named if not name.startswith(LINUX + SOLARIS)} - {
        "rot13.py",
        "ring3.toml",
    }  # the reader's own
    files = {path.name for path in (ROOT / "src").rglob("*")} | {path.name for path in ROOT.iterdir()}
    missing = {
        name for name in own if not any((folder / name).exists() for folder in FOLDERS) and name not in files
    }
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    links = [link for link in LINK.findall(prose) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    commands = set(
        re.findall(r"(?<!from )\bring3 ([a-z]+)\b", "\n".join(re.findall(r"`+[^`]+`+", page.read_text())))
    )
    assert commands <= COMMANDS.keys()


NAMES = {
    "Cpu.interrupt": "machine.cpu",
    "Cpu.load": "machine.cpu",
    "Cpu.save": "machine.cpu",
    "Errno": "abi.errno",
    "FaultingSpace._with_code": "kernel.mm.fault",
    "Kernel._idle": "kernel.core",
    "Kernel.give_up": "kernel.core",
    "Kernel.handle": "kernel.core",
    "Kernel.hold": "kernel.core",
    "Kernel.run": "kernel.core",
    "Kernel.stubs": "",
    "KernelImage.add_stub": "image.kernel_image",
    "CallObserver.of": "kernel.observed",
    "Credentials.ns_capable": "linux.model.credentials",
    "HostClocks.cpu_roughly": "kernel.clock",
    "LinuxKernel.check_entry_state": "linux.kernel",
    "Library.stop_between_blocks": "machine.unicorn_library",
    "Microcode.deliver": "machine.microcode",
    "Microcode.syscall": "machine.microcode",
    "Pmap.ahead": "",
    "Pmap.changed": "",
    "Target.wait": "debug.target",
    "Task.interrupted": "kernel.task",
    "UnicornCpu.run": "machine.unicorn_cpu",
}
"""Where ARCHITECTURE.md's dotted names are defined; nothing for one that an ``__init__`` makes."""


def test_names_of_the_architecture_are_defined() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    dotted = set(re.findall(r"`([A-Z]\w+\.[a-z_]+)`", text))
    assert dotted <= NAMES.keys()
    for name, module in NAMES.items():
        if module:
            found: object = import_module(f"ring3.{module}")
            for part in name.split("."):
                found = getattr(found, part)


def test_kernel_symbols_of_the_architecture_are_in_the_image() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    image = (ROOT / "src" / "ring3" / "image" / "linux" / "vmlinux").read_bytes()
    symbols = set(
        re.findall(r"`((?:entry_|do_syscall|ia32_|syscall_exit|exit_to|swapgs_restore|sys_call)\w+)", text)
    )
    assert len(symbols) > 8
    assert {symbol for symbol in symbols if symbol.encode() not in image} == set()
