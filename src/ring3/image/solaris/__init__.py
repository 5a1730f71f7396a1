"""Solaris's kernel image: entry code, its linked ELF (unix, and a little of genunix), and what boot makes of it."""
