"""An address space against the simplest model there is: a dict of pages, each its bytes and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ring3.abi.errno import Errno
from ring3.kernel.mm import BadAddress, FaultOutcome, Mm, Objects, PageCache, arch_pick_mmap_layout
from ring3.machine.paging import PTE_ADDRESS, PTE_NX, PTE_W
from ring3.machine.pmap import Pmap
from ring3.machine.ram import Ram
from tests.kernel.mm.memory import BASE, PAGE, File, numbered

PAGES = 32
FILE_PAGES = 6
PAGE_NUMBER = st.integers(0, PAGES - 1)
COUNT = st.integers(1, 6)
PROT = st.sampled_from([0, 1, 2, 3, 5, 7])
WHICH = st.integers(0, 3)


@dataclass
class Page:
    """A page of the model; ``shared`` pages are the same object wherever they are mapped."""

    data: bytearray
    prot: int
    shared: bool = False


@dataclass
class Model:
    """An address space and what it should be."""

    mm: Mm
    pages: dict[int, Page]


class Machine(RuleBasedStateMachine):
    """Random calls on up to three address spaces that fork from each other.

    ``translated``: the CPU keeps translations of code, as the emulated one does and a real one does not.
    """

    translated = False

    @initialize()
    def start(self) -> None:
        self.ram = Ram(8 << 20)
        self.objects = Objects()
        self.file = File(numbered(FILE_PAGES))
        self.cache = PageCache(self.ram, self.file, owner=self.objects)
        self.file_pages = [bytearray([page + 1]) * PAGE for page in range(FILE_PAGES)]
        self.kernel = Pmap(self.ram)
        self.kernel.translated = self.translated
        mm = Mm(self.ram, self.kernel, arch_pick_mmap_layout(), objects=self.objects)
        self.spaces = [Model(mm, {})]

    def _space(self, which: int) -> Model:
        return self.spaces[which % len(self.spaces)]

    @rule(which=WHICH, page=PAGE_NUMBER, count=COUNT, prot=PROT, shared=st.booleans())
    def map_anonymous(self, which: int, page: int, count: int, prot: int, shared: bool) -> None:
        space = self._space(which)
        space.mm.mmap(BASE + page * PAGE, count * PAGE, prot, fixed=True, shared=shared)
        for number in range(page, page + count):
            space.pages[number] = Page(bytearray(PAGE), prot, shared)

    @rule(
        which=WHICH, page=PAGE_NUMBER, offset=st.integers(0, FILE_PAGES - 1), prot=PROT, shared=st.booleans()
    )
    def map_file(self, which: int, page: int, offset: int, prot: int, shared: bool) -> None:
        space = self._space(which)
        count = FILE_PAGES - offset
        where = BASE + page * PAGE
        space.mm.mmap(
            where, count * PAGE, prot, fixed=True, shared=shared, obj=self.cache, offset=offset * PAGE
        )
        for number in range(count):
            data = self.file_pages[offset + number]
            # A private page shows the file until the first store; with nobody storing into the file meanwhile
            # (see `store`) that is the same as a copy.
            space.pages[page + number] = Page(data if shared else bytearray(data), prot, shared)

    @rule(which=WHICH, page=PAGE_NUMBER, count=COUNT)
    def unmap(self, which: int, page: int, count: int) -> None:
        space = self._space(which)
        space.mm.munmap(BASE + page * PAGE, count * PAGE)
        for number in range(page, page + count):
            space.pages.pop(number, None)

    @rule(which=WHICH, page=PAGE_NUMBER, count=COUNT, prot=PROT)
    def protect(self, which: int, page: int, count: int, prot: int) -> None:
        space = self._space(which)
        try:
            space.mm.mprotect(BASE + page * PAGE, count * PAGE, prot)
        except Errno:
            assert any(number not in space.pages for number in range(page, page + count))
        for number in range(page, page + count):
            if number not in space.pages:
                break
            space.pages[number].prot = prot

    @rule(which=WHICH, page=PAGE_NUMBER, count=COUNT, to=PAGE_NUMBER)
    def move(self, which: int, page: int, count: int, to: int) -> None:
        space = self._space(which)
        source, target = BASE + page * PAGE, BASE + to * PAGE
        length = count * PAGE
        try:
            space.mm.mremap(source, length, length, maymove=True, fixed=True, new_address=target)
        except Errno:
            assert page not in space.pages or abs(page - to) < count
            return
        moved = {
            number: space.pages.pop(page + number) for number in range(count) if page + number in space.pages
        }
        for number, data in moved.items():  # gaps in the source leave the target alone
            space.pages[to + number] = data

    @rule(
        which=WHICH,
        page=PAGE_NUMBER,
        inside=st.integers(0, PAGE - 1),
        data=st.binary(min_size=1, max_size=6000),
    )
    def store(self, which: int, page: int, inside: int, data: bytes) -> None:
        space = self._space(which)
        position, stop = page * PAGE + inside, page * PAGE + inside + len(data)
        address = BASE + position
        while position < stop:
            target = space.pages.get(position // PAGE)
            if target is None or not target.prot & 2:
                break
            if any(target.data is page for page in self.file_pages):
                stop = position  # private mappings of the same page may or may not see it
                break
            count = min(PAGE - position % PAGE, stop - position)
            start = position - (page * PAGE + inside)
            target.data[position % PAGE : position % PAGE + count] = data[start : start + count]
            position += count
        data = data[: stop - (page * PAGE + inside)]
        if position == stop:
            space.mm.write(address, data)
            return
        with pytest.raises(BadAddress) as caught:
            space.mm.write(address, data)
        assert caught.value.done == position - (page * PAGE + inside)

    @rule(which=WHICH, page=PAGE_NUMBER, write=st.booleans(), fetch=st.booleans())
    def touch(self, which: int, page: int, write: bool, fetch: bool) -> None:
        space = self._space(which)
        wanted = 2 if write else 4 if fetch else 7
        outcome = space.mm.fault(BASE + page * PAGE, write=write, fetch=fetch)
        if page not in space.pages:
            assert outcome is FaultOutcome.SEGV_MAPERR
        elif space.pages[page].prot & wanted:
            assert outcome is FaultOutcome.OK
        else:
            assert outcome is FaultOutcome.SEGV_ACCERR

    @rule(which=WHICH, page=PAGE_NUMBER, data=st.binary(min_size=1, max_size=50))
    def poke(self, which: int, page: int, data: bytes) -> None:
        space = self._space(which)
        target = space.pages.get(page)
        if target is not None and not target.shared:
            space.mm.poke(BASE + page * PAGE, data)
            target.data[: len(data)] = data

    @rule(which=WHICH)
    def forget_mappings(self, which: int) -> None:
        """The page tables are a cache: losing them changes nothing."""
        self._space(which).mm.pmap.remove(0, 1 << 47)

    @rule(mapped=st.booleans())
    def reclaim(self, mapped: bool) -> None:
        self.objects.reclaim(100, mapped)

    @rule(which=WHICH)
    def fork(self, which: int) -> None:
        space = self._space(which)
        if len(self.spaces) < 3:
            pages = {
                number: page if page.shared else Page(bytearray(page.data), page.prot)
                for number, page in space.pages.items()
            }
            pages = {n: Page(page.data, page.prot, page.shared) for n, page in pages.items()}
            self.spaces.append(Model(space.mm.fork(), pages))

    @rule(which=WHICH)
    def exit(self, which: int) -> None:
        if len(self.spaces) > 1:
            self.spaces.pop(which % len(self.spaces)).mm.destroy()

    @rule(which=WHICH)
    def read_everything(self, which: int) -> None:
        space = self._space(which)
        for number in range(PAGES + FILE_PAGES):
            page = space.pages.get(number)
            try:
                data = space.mm.read(BASE + number * PAGE, PAGE)
            except BadAddress:
                assert page is None or not page.prot
            else:
                assert page is not None
                assert page.prot
                assert data == bytes(page.data)

    @invariant()
    def page_tables_allow_no_more_than_mappings(self) -> None:
        for space in getattr(self, "spaces", []):
            mm = space.mm
            for address, entry in mm.pmap.mapped(0, 1 << 47):
                page = space.pages[(address - BASE) // PAGE]
                assert page.prot
                assert page.prot & 2 or not entry & PTE_W
                frame = entry & PTE_ADDRESS
                # That stores into translated code are noticed (ARCHITECTURE.md): writable here, executed anywhere.
                noticed = self.translated and page.shared and page.prot & 2 and self.ram.is_code(frame)
                assert page.prot & 4 or entry & PTE_NX or noticed
                assert entry & PTE_NX or self.ram.is_code(frame)
                if entry & PTE_W and not page.shared:
                    assert self.ram.refs[frame >> 12] == 1

    @invariant()
    def lists_and_accounts_agree(self) -> None:
        for space in getattr(self, "spaces", []):
            mm = space.mm
            assert mm.starts == [vma.start for vma in mm.vmas]
            assert all(low.end <= high.start for low, high in zip(mm.vmas, mm.vmas[1:], strict=False))
            assert mm.usage.total == sum(vma.pages for vma in mm.vmas) == len(space.pages)
            data = [page for page in space.pages.values() if page.prot & 2 and not page.shared]
            assert mm.usage.data == len(data)

    def teardown(self) -> None:
        if hasattr(self, "spaces"):
            for space in self.spaces:
                space.mm.destroy()
            self.cache.drop()
            self.kernel.destroy()
            assert self.ram.frames_in_use == 0


class Translated(Machine):
    """The same with a CPU that keeps translations."""

    translated = True


TestMachine = Machine.TestCase
TestTranslated = Translated.TestCase
TestMachine.settings = TestTranslated.settings = settings(max_examples=40, stateful_step_count=40)
