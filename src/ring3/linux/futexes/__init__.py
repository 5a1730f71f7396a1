"""Futexes: their names, their words, and the locks with an owner."""
