"""Files: what a descriptor leads to.

Belongs here: open files and descriptor tables, inodes, file systems. Does not: system calls, which translate their
arguments and come here.
"""
