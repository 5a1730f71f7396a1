"""From a file to a process: ELF programs, their interpreters, the initial stack with its auxiliary vector.

Belongs here: what the System V ABI says of programs, for any kernel. Does not: which auxiliary entries a kernel gives,
or how execve(2) reports failures.
"""
