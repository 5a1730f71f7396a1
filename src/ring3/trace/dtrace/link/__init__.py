"""-G: what a program is linked with so that it carries the probes that a script declares.

`sites` finds where objects call probes and takes the calls out, `dof_writer` writes what it found as DOF, `elf_writer`
makes an object of that, `linker` does all of it for a script.
"""
