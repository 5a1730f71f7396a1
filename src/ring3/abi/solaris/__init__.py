"""Solaris on x64 as a program sees it: its tables, numbers and structures, as data.

Here belong what illumos and Solaris 11 write in headers and in tables: sysent, name_to_sysnum, errors,
signals, the auxiliary vector, commands of modctl, systeminfo and sysconfig, fast traps, ``struct regs``. What
the calls *do* is in ``ring3.solaris``; the data files are in ``ring3/abi/data/solaris``.

Sources: illumos-gate (CDDL; names and numbers only are taken), the third seed for Solaris 11 (a transcript of
mdb and DTrace) and Oracle's manual pages. Where the two systems differ a *flavour* says which is meant.
"""
