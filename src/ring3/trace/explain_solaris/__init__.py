"""One system call of Solaris, explained as the third seed does: libc's stub, sys_syscall, sysent, handler, way back.

``collector`` drives the call through ring 0 and gathers facts (``model``), ``flow`` notes which kernel functions call
which, ``names`` knows what lies where; ``text`` and ``as_json`` tell it, the former in mdb's and DTrace's manner. What
does not depend on the system comes from ``trace.explain``.
"""
