"""What every kernel on this machine shares.

Belongs here: tasks and their scheduling, memory (vmas, faults, copy-on-write), signals, wait queues, time, futexes, and
the loop that runs a task and takes what the CPU hands back. Does not: system calls and their numbers, which are
the business of linux/ and solaris/, nor anything that has a name in a file system, which is fs/'s.
"""
