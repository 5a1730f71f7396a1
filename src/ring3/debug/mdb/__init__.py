r"""mdb(1), the modular debugger of Solaris: its language, its commands, and what it can be pointed at.

Belongs here: parsing and running commands (`session`), how values are written (`formats`, `output`), dcmds and walkers
(`dcmds/`), and the kinds of targets as mdb sees them (`targets/`). Does not: stopping and stepping, which is the engine
of `ring3.debug`; what instructions are called (`ring3.debug.disassembly`).

Commands of one's own are Python functions::

    from ring3.debug.mdb import dcmd, walker

    @dcmd("hello", "[name]", "greet")
    def hello(call):
        call.write(f"hello {call.text(0, 'world')}\n")

    @walker("evens", "even numbers below ten")
    def evens(session, start):
        yield from range(start or 0, 10, 2)

in a file that ``::load PATH`` names.
"""

from ring3.debug.mdb.registry import dcmd, walker

__all__ = ["dcmd", "walker"]
