"""Linux: its system calls by family, its doors, its signal frames.

Belongs here: what only Linux does. Does not: what any kernel on this machine needs (kernel/, fs/, net/, loader/).
A family of calls lives in one file; ``definition`` is how a call is defined, ``table`` which calls there are.
"""
