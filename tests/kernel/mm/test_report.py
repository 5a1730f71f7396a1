from __future__ import annotations

from ring3.kernel.mm import Mm, PageCache, SharedObject
from ring3.kernel.mm.advise import Advice
from ring3.kernel.mm.report import flag_letters
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, RW, RX, File, R, numbered


def test_a_row_reads_as_on_linux(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(4)), device=(0xFE, 1), inode=1234)
    mm.mmap(0x40_0000, 2 * PAGE, RX, obj=cache, offset=PAGE, fixed=True, name="/bin/true")
    mm.mmap(0x7FFF_F000_0000, PAGE, 0, fixed=True)
    assert [str(row) for row in mm.maps()] == [
        "00400000-00402000 r-xp 00001000 fe:01 1234                               /bin/true",
        "7ffff0000000-7ffff0001000 ---p 00000000 00:00 0 ",
    ]
    cache.drop()


def test_a_name_may_be_asked_for_later(mm: Mm, ram: Ram) -> None:
    path = ["/tmp/file"]
    cache = PageCache(ram, File(b"x"), inode=1)
    mm.mmap(BASE, PAGE, R, obj=cache, fixed=True, name=lambda: path[0])
    path[0] += " (deleted)"
    assert next(mm.maps()).name == "/tmp/file (deleted)"
    cache.drop()


def test_an_object_has_a_name_for_those_that_give_none(mm: Mm, ram: Ram) -> None:
    obj = SharedObject(ram, PAGE, "/memfd:x (deleted)", (0, 1), 5)
    mm.mmap(BASE, PAGE, R, obj=obj, fixed=True)
    row = next(mm.maps())
    assert (row.name, row.device, row.inode) == ("/memfd:x (deleted)", (0, 1), 5)
    obj.drop()


def test_how_much_is_in_memory_and_whose(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(4)))
    mm.mmap(BASE, 4 * PAGE, RW, obj=cache, fixed=True)
    mm.read(BASE, 2 * PAGE)
    mm.write(BASE, b"mine")
    mm.mmap(2 * BASE, 4 * PAGE, RW, fixed=True)
    mm.write(2 * BASE, b"x")
    mm.mmap(3 * BASE, 4 * PAGE, RW, shared=True, fixed=True)
    mm.write(3 * BASE, b"x")
    assert mm.rss().anon == 2
    assert (mm.rss().file, mm.rss().shmem, mm.rss().total) == (1, 1, 4)
    file, private, shared = (found for _, _, found in mm.smaps())
    assert (file.rss, file.anonymous, file.private_clean, file.private_dirty) == (2 * PAGE, PAGE, PAGE, PAGE)
    assert (private.rss, private.pss, private.private_dirty) == (PAGE, PAGE, PAGE)
    assert (shared.rss, shared.private_dirty, shared.anonymous) == (PAGE, PAGE, 0)
    child = mm.fork()
    _, private, shared = (found for _, _, found in mm.smaps())
    assert (private.pss, private.shared_dirty, private.private_dirty) == (PAGE // 2, PAGE, 0)
    assert (shared.pss, shared.shared_dirty) == (PAGE // 2, PAGE)
    child.destroy()
    cache.drop()


def test_the_locked_part(mm: Mm) -> None:
    mm.mmap(BASE, 2 * PAGE, RW, fixed=True)
    mm.mlock(BASE, PAGE)
    assert [found.locked for _, _, found in mm.smaps()] == [PAGE, 0]


def test_what_the_flags_are_called(mm: Mm, ram: Ram) -> None:
    cache = PageCache(ram, File(numbered(4)))
    mm.mmap(BASE, PAGE, RW, fixed=True)
    mm.mlock(BASE, PAGE, onfault=True)
    mm.mmap(BASE + PAGE, PAGE, RX, obj=cache, fixed=True)
    mm.mmap(BASE + 2 * PAGE, PAGE, RW, shared=True, fixed=True)
    mm.madvise(BASE + 2 * PAGE, PAGE, Advice.DONTFORK)
    mm.seal(BASE + 2 * PAGE, PAGE)
    assert [" ".join(flag_letters(vma)) for _, vma, _ in mm.smaps()] == [
        "rd wr mr mw me lo lf ac",
        "rd ex mr mw me",
        "rd wr sh mr mw me ms dc sl",
    ]
    cache.drop()


def test_the_peaks_stay(mm: Mm) -> None:
    mm.mmap(BASE, 8 * PAGE, RW, fixed=True)
    mm.write(BASE, bytes(8 * PAGE))
    mm.munmap(BASE, 7 * PAGE)
    assert (mm.rss().total, mm.peak_rss()) == (1, 8)
    assert (mm.usage.total, mm.usage.peak) == (1, 8)


def test_pages_by_kind(mm: Mm) -> None:
    mm.mmap(BASE, PAGE, RX, fixed=True)
    mm.mmap(2 * BASE, 2 * PAGE, RW, fixed=True)
    mm.mmap(3 * BASE, 4 * PAGE, RW, fixed=True, growsdown=True)
    mm.mmap(4 * BASE, 8 * PAGE, RW, fixed=True, shared=True)
    mm.mmap(5 * BASE, 16 * PAGE, 0, fixed=True)
    usage = mm.usage
    assert (usage.text, usage.data, usage.stack, usage.total) == (1, 2, 4, 31)
