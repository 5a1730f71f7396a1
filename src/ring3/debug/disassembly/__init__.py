"""Machine code as Solaris prints it: AT&T syntax, in the columns of mdb(1) and dis(1).

Belongs here: what an instruction is called and how its operands are written. Decoding is capstone's. Does not belong
here: where the bytes come from, and which symbols there are.
"""
