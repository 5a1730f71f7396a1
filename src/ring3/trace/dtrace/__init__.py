"""D, the language of DTrace: compiler, run time and consumer, as pure Python.

The way of a script: `lexer` and `parser` make nodes of it (`nodes`), `checker` gives every node its type and finds
what is wrong, `generate_clauses` writes one Python function a clause, and `session` compiles these once, enables the
probes of the `providers` and gives what the clauses record to the `consumer`, which prints it as dtrace(1M) does.

Nothing here knows of a kernel: providers bring the probes, and `providers.base.Target` what D can see of a system.
Sources: the Dynamic Tracing Guide, dtrace(1M).
"""
