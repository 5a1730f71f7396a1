"""fanotify(7): the calls, what listens, its events, and the numbers that they have."""
