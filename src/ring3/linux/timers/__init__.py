"""Clocks that programs name, the timers of processes, structures of time in memory, timeouts, limits on CPU time."""
