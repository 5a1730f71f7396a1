"""Files: what a descriptor leads to, and the tree in which files have names.

Belongs here: open files and descriptor tables, inodes, names and walks, file systems, and what programs see of the
host. Does not: system calls, which translate their arguments and come here; the contents of /proc, which each kernel
says for itself; sockets.

From a path to bytes: `namei` walks, `names` and `opening` check permissions, a `dentry` is a place, an `inode` what is
there, a `file` an inode that is open. Nothing here blocks: a file that is not ready raises `WouldBlock`, and `waiting`
turns that into a coroutine.
"""
