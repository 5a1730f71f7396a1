"""AF_NETLINK: what the kernel answers about its network (netlink(7), rtnetlink(7))."""
