"""A machine from Python: what `import ring3` gives beyond a computer on which programs are loaded and run.

Belongs here: programs as objects, hooks, running up to an event, traces, coverage, crash reports. Does not: how any of
it is done; observing is `kernel.probes`, text is `trace/`, a computer is `ring3.computer`.

Everything public is named in ``ring3.__all__`` and in docs/python.md.
"""
