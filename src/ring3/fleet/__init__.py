"""Sweeps: one plan, thousands of runs of programs, on this machine or on a cluster.

`plan` reads what is to be run and `points` counts it out, one `run` after the other, each named by a hash of its
inputs. `execution` makes one on a machine of its own and gives its `outcome`; `host` does so in a process that reads
batches, which `crew` starts, feeds and replaces. `local` has several of them here, `cluster` one on each thread of a
Dask worker. `store` keeps every outcome as soon as it is known, and `sweep` joins all that; `rows` and `groups` are
what came of it, `parquet`, `text` and `page` show it.

Belongs here: what is about many runs. Does not: what happens in one, which is the business of `python/` and `trace/`.
Whoever imports this room without a sweep pays for nothing of the extra ``ring3[fleet]`` (pyarrow, Dask distributed).
"""
