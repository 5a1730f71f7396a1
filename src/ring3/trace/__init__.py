"""Observers: what shows the way of programs through the kernel, and changes nothing of it.

Belongs here: what watches system calls, ring 0 and programs from outside, and how it is told: ``explain`` (one call,
instruction by instruction), ``user_symbols`` (names for a program's addresses). Does not: what a kernel does (linux/,
solaris/), stopping and changing programs by hand (debug/), command lines (cli/).

An observer attaches by putting its own in the place of what is called (`Kernel.runner`, `Kernel.run_cpu`,
`Kernel.stubs`, `Layers.namespace`, `Microcode.observe`), and puts back what it found there.
"""
