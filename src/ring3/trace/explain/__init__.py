"""One system call, explained as it happens: from the user's instruction to ring 0, the table, the handler and back.

``watch`` lets programs run until the wanted call and hands it to ``collector``, which drives it through ring 0 one
instruction at a time and gathers an `Explanation` (``model``, ``events``, ``facts``); ``text`` and ``as_json`` tell it,
``text`` with the sentences of ``prose`` and the lines of ``listing``. ``asked``, ``handover``, ``layers``,
``disassembly``, ``names``, ``registers`` and ``notes`` help the collector; ``doors`` says how programs ask for a call.
"""
