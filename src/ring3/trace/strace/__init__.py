"""strace(1) on a machine: the calls of a program as lines, from the probes and from the rows of calls alone.

`text` writes a value by its meaning, `quoting` strings, `line` one call, `tracer` listens and puts the lines in order,
`expressions` and `command_line` read what the user asks for, `counts` makes the table of ``-c``. No call is decoded by
its name: what a call looks like follows from its row (`ring3.abi.linux.rows`).
"""
