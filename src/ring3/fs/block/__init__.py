"""Block devices: what is read and written in sectors, and can be mounted.

Belongs here: devices and what an open one does. Does not: requests of ioctl(2), which `ring3.linux.calls.devices`
answers; what lies on a device, which file systems know.
"""
