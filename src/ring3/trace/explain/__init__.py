"""One system call, explained as it happens: from the user's instruction to ring 0, the table, the handler and back.

``watch`` lets programs run until the wanted call and hands it to ``collector``, which drives it through ring 0 one
instruction at a time and gathers facts (``model``); ``text`` and ``as_json`` tell them. ``disassembly``, ``names``,
``registers``, ``layers`` and ``notes`` help the collector; ``doors`` says how a program asks for a call.
"""
