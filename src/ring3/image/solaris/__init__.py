"""Solaris's kernel image: entry code, its linked ELF (unix with the fixed part of genunix), and what boot makes of it."""
