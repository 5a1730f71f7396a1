"""The traced system is a machine: its memory, tasks and names as D sees them, its probes as providers.

Providers stand on `kernel.probes` alone; what differs between Linux and Solaris is in `facts`.
"""
