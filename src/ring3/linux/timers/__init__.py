"""Clocks that programs name, structures of time in their memory, timeouts, limits on CPU time."""
