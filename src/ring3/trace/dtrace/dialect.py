"""The dialects of D: what Sun's compiler (illumos, Solaris, macOS) and Oracle's for Linux define differently.

`-xdialect=oracle` chooses the second; so does Oracle's own mark in the environment of programs that expect its answers,
`_DTRACE_TESTING`. Without either it is Sun's. docs/dtrace.md has the table of what differs.
"""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """Where the two part.

    Attributes:
        name: `sun` or `oracle`.
        symmetric_llquantize: Distributions of llquantize() show values below zero like those above.
        shows_destruction: A clause that does something destructive has a line, even if it records nothing.
        traces_signs: trace() shows every integer by the sign of its type, not by its width.
        stores_width: A variable keeps no more bits of an integer than its type has.
        string_room: How many bytes fewer than strsize a string has that a function gives.
        strict_scratch: Memory behind what alloca() and copyin() gave is no scratch memory.
        tells_clauses: Faults are told by clause, with a place in its code, and not by enabling and action.
        pads_structs: Structs that a program declares have padding behind the last member, as C's.
        commits_once: A clause may have one commit() only.
        counts_nul: The size that copyinstr() is given counts the NUL behind the string.
        sets_lazyload: LD_NOLAZYLOAD is in the environment of a program that -c starts.
        tells_most: A call with too many arguments is told the most that its function takes, not the least.
        null_is_place: A member behind NULL is a fault at NULL, and not where it would be.
        dumps_nothing: tracemem() that is to show no bytes shows none, and not all.
        evaltime: How far the program of -c has run when BEGIN fires; "" for as little as the script allows.
        end_of_program: What messages call the end of a program outside of braces.
        checks_bounds: An index beyond the end of an array that a script declares is a fault.
        record_overhead: Bytes of a buffer that a record takes beside what Sun's takes.
        null_faults: Comparing a string with NULL by order is a fault; otherwise NULL is the lowest.
    """

    name: str
    symmetric_llquantize: bool
    shows_destruction: bool
    traces_signs: bool
    stores_width: bool
    string_room: int
    strict_scratch: bool
    tells_clauses: bool
    null_faults: bool
    sets_lazyload: bool
    pads_structs: bool
    commits_once: bool
    counts_nul: bool
    tells_most: bool
    null_is_place: bool
    dumps_nothing: bool
    evaltime: str
    end_of_program: str
    checks_bounds: bool
    record_overhead: int


SUN = Dialect(
    "sun",
    symmetric_llquantize=False,
    shows_destruction=False,
    traces_signs=False,
    stores_width=False,
    string_room=1,
    strict_scratch=False,
    tells_clauses=False,
    null_faults=True,
    sets_lazyload=True,
    pads_structs=True,
    commits_once=True,
    counts_nul=False,
    tells_most=False,
    null_is_place=False,
    dumps_nothing=False,
    evaltime="",
    end_of_program="end of input",
    checks_bounds=False,
    record_overhead=0,
)
ORACLE = Dialect(
    "oracle",
    symmetric_llquantize=True,
    shows_destruction=True,
    traces_signs=True,
    stores_width=True,
    string_room=0,
    strict_scratch=True,
    tells_clauses=True,
    null_faults=False,
    sets_lazyload=False,
    pads_structs=False,
    commits_once=False,
    counts_nul=True,
    tells_most=True,
    null_is_place=True,
    dumps_nothing=True,
    evaltime="main",
    end_of_program="end-of-input",
    checks_bounds=True,
    record_overhead=52,
)
BY_NAME = {dialect.name: dialect for dialect in (SUN, ORACLE)}


MARK = "_DTRACE_TESTING"
"""Oracle's mark in the environment of dtrace, by which its tests have it write less."""


def usual(*, marked: bool) -> str:
    """The name of the dialect if nobody chose one, and the mark is there or not."""
    return ORACLE.name if marked else SUN.name
