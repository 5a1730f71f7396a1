"""Linux: its system calls by family, its doors, its signal frames.

Belongs here: what only Linux does. Does not: what any kernel on this machine needs (kernel/, fs/, net/, loader/).
``calls/`` holds the system calls by family, ``model/`` the state they work on; what several families use lies on the
shelves between them: ARCHITECTURE.md lists them in their order, which import-linter checks. ``definition`` is how a
call is defined, ``table`` which calls there are, ``kernel`` ties them together.
"""
