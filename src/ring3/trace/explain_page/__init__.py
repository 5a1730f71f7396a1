"""An explanation as a page of HTML that is stepped through: one more view of the models of both systems.

Belongs here: what each system's explanation gives for a step of the page (``linux``, ``solaris``), the source of the
code that runs (``sources``), and the file that is made of it (``render``, with ``page.html``, ``page.css`` and
its scripts). Does not: what happened (``explain``, ``explain_solaris``).
"""
