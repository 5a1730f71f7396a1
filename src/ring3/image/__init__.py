"""What lies in kernel memory: entry code, stubs, tables, descriptor tables, symbols, the vDSO.

Belongs here: the machine code (assembly and its linked ELF), where it is placed, and the state of RAM, descriptor
tables and MSRs when a kernel has booted. Does not: what a call or an exception does, which is Python's, above.
"""
