"""What hardware does.

Belongs here: RAM and its frames, page tables and the pmap layer, registers, descriptors, MSRs, the delivery of
exceptions and of the system-call instructions, the CPU protocol and the CPUs. Does not: anything an operating
system decides (which selectors, which gates, what a fault means).
"""
