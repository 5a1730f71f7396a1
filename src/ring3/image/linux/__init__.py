"""Linux's kernel image: entry code, its linked ELF, and what boot makes of them."""
