"""ext2: a file system on a block device, read and written (Documentation/filesystems/ext2.rst, fs/ext2 of Linux 6.x).

Belongs here: what lies on the device and how it changes. From below: `layout` names the bytes, a `volume` has blocks
and what is free of them, `blocks` says which of them hold a file's contents, `inodes` are what the rest of the kernel
asks, in a `filesystem`. What programs change is on the device when their call returns, but for counters of what is
free, which follow with sync(2) or when it is unmounted.

Left out: blocks kept for user 0, quotas, indices of directories (which, as Linux's ext2 does, are read as the lists
that they are), and what ext3 and ext4 have added: journals, extents, checksums.
"""
