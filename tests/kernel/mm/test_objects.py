from __future__ import annotations

from ring3.abi.errno import E
from ring3.kernel.mm import FrameObject, Mm, Objects, SharedObject, arch_pick_mmap_layout
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, RX, R, W, fails, numbered, rows


def test_shared_memory_is_one_for_all(mm: Mm, ram: Ram) -> None:
    other = Mm(ram, None, arch_pick_mmap_layout())
    obj = SharedObject(ram, 2 * PAGE)
    mm.mmap(BASE, 2 * PAGE, RW, obj=obj, shared=True, fixed=True)
    other.mmap(2 * BASE, PAGE, R, obj=obj, shared=True, fixed=True, offset=PAGE)
    mm.write(BASE + PAGE, b"hello")
    assert other.read(2 * BASE, 5) == b"hello"
    other.destroy()
    mm.munmap(BASE, 2 * PAGE)
    assert obj.read(PAGE, 5) == b"hello"
    obj.drop()


def test_a_shared_anonymous_mapping_frees_its_pages_with_its_last_part(mm: Mm, ram: Ram) -> None:
    mm.mmap(BASE, 4 * PAGE, RW, shared=True, fixed=True)
    mm.write(BASE, bytes(4 * PAGE))
    used = ram.frames_in_use
    mm.munmap(BASE + PAGE, PAGE)
    assert ram.frames_in_use == used
    assert rows(mm) == ["0-1 rw-s /dev/zero (deleted)", "2-4 rw-s /dev/zero (deleted)"]
    mm.munmap(BASE, 4 * PAGE)
    assert ram.frames_in_use == used - 4


def test_two_shared_anonymous_mappings_are_two_objects(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RW, shared=True, fixed=True)
    mm.mmap(BASE + PAGE, PAGE, RW, shared=True, fixed=True)
    assert [row.inode for row in mm.maps()] == [1, 2]


def test_reading_and_writing_an_object_without_mapping_it(ram: Ram) -> None:
    obj = SharedObject(ram, 0)
    obj.write(PAGE - 2, b"abcd")
    assert obj.size == PAGE + 2
    assert obj.read(PAGE - 3, 100) == b"\0abcd"
    obj.truncate(3 * PAGE)
    assert obj.read(2 * PAGE, PAGE) == bytes(PAGE)
    assert len(obj.frames) == 2
    assert obj.read(5 * PAGE, 1) == b""
    obj.drop()


def test_truncation_takes_pages_away_from_everybody(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, 0)
    obj.write(0, numbered(4))
    mm.mmap(BASE, 4 * PAGE, RW, obj=obj, shared=True, fixed=True)
    mm.mmap(2 * BASE, 4 * PAGE, RW, obj=obj, fixed=True)
    mm.write(2 * BASE + 3 * PAGE, b"copy")
    mm.read(BASE, 4 * PAGE)
    obj.truncate(PAGE + 10)
    for base in (BASE, 2 * BASE):
        assert mm.read(base + PAGE, 12) == b"\2" * 10 + b"\0\0"
        with fails(E.EFAULT):
            mm.read(base + 2 * PAGE, 1)
        with fails(E.EFAULT):
            mm.read(base + 3 * PAGE, 1)
    assert not mm.anon
    obj.truncate(4 * PAGE)
    assert mm.read(2 * BASE + 3 * PAGE, 4) == bytes(4)
    obj.drop()


def test_a_hole_reads_as_zeros_but_private_copies_stay(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, 0)
    obj.write(0, numbered(3))
    mm.mmap(BASE, 3 * PAGE, RW, obj=obj, fixed=True)
    mm.write(BASE + PAGE, b"copy")
    mm.read(BASE, 3 * PAGE)
    obj.punch(1, 3)
    assert sorted(obj.frames) == [0]
    assert mm.read(BASE + PAGE, 4) == b"copy"
    assert mm.read(BASE + 2 * PAGE, 4) == bytes(4)
    obj.drop()


def test_given_frames_under_a_name(mm: Mm, ram: Ram) -> None:
    frames = [ram.alloc(), ram.alloc()]
    ram.bytes[frames[0] : frames[0] + 4] = b"vdso"
    vdso = FrameObject(ram, frames, "[vdso]")
    address = mm.mmap(0, 2 * PAGE, RX, obj=vdso)
    assert mm.find_object(vdso) == address
    assert mm.read(address, 4) == b"vdso"
    mm.poke(address, b"V")
    assert mm.read(address, 4) == b"Vdso"
    assert bytes(ram.bytes[frames[0] : frames[0] + 4]) == b"vdso"
    mm.mprotect(address, PAGE, R)
    mm.mprotect(address, PAGE, RX)
    assert [str(row).split()[-1] for row in mm.maps()] == ["[vdso]", "[vdso]"]  # never joined
    vdso.drop()
    assert ram.refs[frames[0] >> 12] == 2
    mm.munmap(address, 2 * PAGE)
    for frame in frames:
        assert ram.refs[frame >> 12] == 1
        ram.release(frame)


def test_who_can_write_an_object_through_a_mapping(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, PAGE)
    mm.mmap(BASE, PAGE, RW, obj=obj, fixed=True)
    assert not obj.written_through_mappings()
    mm.mmap(BASE, PAGE, R, obj=obj, shared=True, fixed=True)
    assert obj.written_through_mappings()
    mm.mmap(BASE, PAGE, R, obj=obj, shared=True, fixed=True, may=7 & ~W)
    assert not obj.written_through_mappings()
    obj.drop()


def test_inode_numbers_are_the_machines() -> None:
    objects = Objects()
    assert [objects.new_inode() for _ in range(3)] == [1, 2, 3]
    assert objects.reclaim(10, mapped=True) == 0
