"""Address spaces: their mappings are those of /proc/PID/maps, their tables those that the CPU walks."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from ring3.kernel.mm.report import maps, smaps
from ring3.machine.paging import walk
from ring3.machine.ram import PAGE_SIZE
from ring3.trace.pictures import address_space_svg, address_space_text
from ring3.trace.pictures.address_space import AddressSpace, Table, look
from ring3.trace.pictures.address_space_text import size, strip
from tests.cli.command import HELLO, is_one_line, ring3
from tests.support import guest

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def space() -> AddressSpace:
    """A program's before its first instruction; what is seen is compared with other views of the same moment."""
    with guest.boot() as linux:
        task = linux.load("/bin/sh", ("-c", ":"), {})
        found = look(linux.kernel, task)
        assert found is not None
        assert task.mm is not None
        rows = list(maps(task.mm))
        assert [(a.start, a.end, a.perms, a.name) for a in found.areas] == [
            (row.start, row.end, row.perms, row.name) for row in rows
        ]
        resident = {row.start: residence.rss for row, _, residence in smaps(task.mm)}
        assert {
            a.start: a.resident for a in found.areas if a.name not in ("[vvar]", "[vdso]")
        }.items() <= resident.items()
        ram, root = linux.machine.ram, task.mm.pmap.root
        for area in found.areas:
            walked = sum(walk(ram, root, at) is not None for at in range(area.start, area.end, PAGE_SIZE))
            assert walked * PAGE_SIZE == area.resident
        return found


def test_each_table_lies_within_the_one_above(space: AddressSpace) -> None:
    def check(table: Table) -> None:
        assert table.used - table.large >= len(table.inner)
        for inner in table.inner:
            assert table.level == "pml4" or table.start <= inner.start < inner.end <= table.end
            assert (inner.start - table.start) % (inner.end - inner.start) == 0
            check(inner)

    check(space.root)
    assert {table.level for table in space.tables()} == {"pml4", "pdpt", "pd", "pt"}
    assert any(table.is_kernels for table in space.tables())


def test_own_tables_have_an_entry_for_each_page_in_memory(space: AddressSpace) -> None:
    used = sum(t.used for t in space.tables() if t.level == "pt" and not t.is_kernels)
    assert used * PAGE_SIZE == space.resident


def test_text_has_a_line_for_each_mapping_and_table(space: AddressSpace) -> None:
    lines = address_space_text.render(space).splitlines()
    assert sum(bool(re.match(r"[0-9a-f]{16}-", line)) for line in lines) == len(space.areas)
    assert sum(" of 512" in line for line in lines) == len(list(space.tables()))
    addresses = [int(line[:16], 16) for line in lines if re.match(r"[0-9a-f]{16}-", line)]
    assert addresses == sorted(addresses, reverse=True)


def test_picture_has_a_box_for_each_and_none_covers_another(space: AddressSpace) -> None:
    drawn = ET.fromstring(address_space_svg.render(space))
    groups = drawn.findall(f"{SVG}g")
    assert len(groups) == len(space.areas) + len(list(space.tables()))
    boxes = []
    for group in groups:
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        x, y, width, height = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        boxes.append((x, y, x + width, y + height))
    bottom = float(drawn.attrib["viewBox"].split()[3])
    for at, (left, top, right, low) in enumerate(boxes):
        assert low <= bottom
        for other_left, other_top, other_right, other_low in boxes[:at]:
            assert right <= other_left or other_right <= left or low <= other_top or other_low <= top


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (4096, "4K"), (1 << 20, "1M"), (1500 << 10, "1.5M"), (3 << 40, "3T")]
)
def test_sizes_are_short(number: int, text: str) -> None:
    assert size(number) == text


def test_strips_tell_all_from_some_and_some_from_nothing() -> None:
    assert strip((1.0, 0.5, 0.0)) == "[#+.]"


# -- the command -----------------------------------------------------------------------------------------------------


def test_a_program_is_shown_at_its_end_at_its_start_or_in_a_call() -> None:
    ended, begun = ring3("map", "/bin/cat", "/dev/null"), ring3("map", "--start", "/bin/cat", "/dev/null")
    assert (ended.returncode, ended.stderr) == (begun.returncode, begun.stderr) == (0, "")
    assert "libc.so" in ended.stdout
    assert "libc.so" not in begun.stdout
    called = ring3("map", "--syscall", "write", HELLO)
    assert called.returncode == 0
    assert "hello (process 2)" in called.stdout
    assert "Hello" not in called.stdout.partition("PML4")[2]


def test_a_program_of_solaris_is_shown_too() -> None:
    shown = ring3("map", "--os", "solaris", "ls", "/")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "libc.so.1" in shown.stdout


def test_a_picture_goes_to_its_file(tmp_path: object) -> None:
    file = f"{tmp_path}/map.svg"
    drawn = ring3("map", "--svg", file, HELLO)
    assert (drawn.returncode, drawn.stdout, drawn.stderr) == (0, "Hello, world\n", "")
    with open(file, encoding="utf-8") as stream:
        assert stream.read().startswith("<svg")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--syscall", "nonsense", HELLO], 2),
        (["--syscall", "fork", HELLO], 1),
        (["--svg", "/none/map.svg", HELLO], 1),
        (["--svg", "/dev/full", HELLO], 1),
        (["/none/program"], 127),
        (["--start", "--syscall", "write", HELLO], 2),
        ([], 2),
    ],
)
def test_mistakes_are_one_line(words: list[str], status: int) -> None:
    ran = ring3("map", *words)
    assert is_one_line(ran.stderr)
    assert ran.returncode == status
