"""AF_UNIX: sockets between programs of one machine (unix(7), net/unix/ of Linux 6.x)."""
