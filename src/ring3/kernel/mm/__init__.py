"""Memory of programs: what is mapped, what a page fault does, how the kernel reads and writes it.

Belongs here: address spaces, memory objects, the page cache, faults, copies from and to user memory, address space
layout. Does not: page tables (machine), files and their contents (fs), what a call's numbers mean (linux, solaris),
the signal that a fault becomes.
"""

from ring3.kernel.mm.fault import FaultOutcome
from ring3.kernel.mm.layout import Layout, arch_pick_mmap_layout
from ring3.kernel.mm.limits import INFINITY, Limits
from ring3.kernel.mm.mm import Mm
from ring3.kernel.mm.objects import FrameObject, MemoryObject, Objects
from ring3.kernel.mm.pagecache import Backing, PageCache, RunBacking
from ring3.kernel.mm.report import MapsRow, Residence, Rss
from ring3.kernel.mm.shared import SharedObject
from ring3.kernel.mm.usercopy import BadAddress
from ring3.kernel.mm.vma import Vma, VmaFlag

__all__ = [
    "INFINITY",
    "Backing",
    "BadAddress",
    "FaultOutcome",
    "FrameObject",
    "Layout",
    "Limits",
    "MapsRow",
    "MemoryObject",
    "Mm",
    "Objects",
    "PageCache",
    "Residence",
    "Rss",
    "RunBacking",
    "SharedObject",
    "Vma",
    "VmaFlag",
    "arch_pick_mmap_layout",
]
