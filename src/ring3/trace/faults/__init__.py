"""Campaigns of faults: a program is run once for each call that can fail, and what it does then is judged.

`catalogue` says which calls fail in which ways, `campaign` plans the runs, `trial` makes one of them in a process of
its own under the eyes of a `witness`, `judge` compares its `outcome` with that of the run in which nothing failed, and
`report` writes what was found.
"""
