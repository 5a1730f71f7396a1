"""Observers: what shows the way of programs through the kernel, and changes nothing of it.

Belongs here: what watches system calls, ring 0 and programs from outside, and how it is told: ``explain`` (one call,
instruction by instruction), ``dtrace`` (the D language), ``user_symbols`` (names for a program's addresses),
``explain_page``, ``timeline`` and ``pictures`` (what is drawn of it). Does not:
what a kernel does (linux/,
solaris/), stopping and changing programs by hand (debug/), command lines (cli/).

A consumer stands on the probes of `kernel.probes` and on the rows of calls and functions; it has no hook of its own.
One that counts the calls of each task, and makes every third open fail, is this::

    class Watch(CallObserver):
        def __init__(self):
            self.calls = Counter()

        def entry(self, call):
            self.calls[call.task.tid, call.what.names[0]] += 1
            if self.calls.total() % 3 == 0 and call.what.names[0] == "openat":
                call.fail(E.EMFILE)

    with linux.kernel.probes.attach(points.SystemCall(), Watch()) as attachment:
        linux.run(program)
"""
