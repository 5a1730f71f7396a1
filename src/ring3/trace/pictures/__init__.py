"""Profiles and time lines as files that other programs show: flame graphs, folded stacks, speedscope, Perfetto.

Belongs here: values that any observer can fill (`stacks.Profile`) and the writers of each form. Does not: what is
observed, and when (strace/, dtrace/), and command lines (cli/).
"""
