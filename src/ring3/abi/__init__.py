"""What programs and kernels agree on, as data.

Belongs here: system-call tables and numbers, errno, signals, constants, struct layouts, C types, file formats.
Does not: anything that acts. This room imports no other.
"""
