"""Futexes: their names and words, waiting and waking, the locks with an owner, and those of threads that end."""
