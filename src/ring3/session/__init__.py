"""Machines that stay up: a server has the machine, and clients on other terminals use it.

Belongs here: the server of a machine, what its clients and it say to each other, a client's terminal as one of the
machine; the device by which programs of a machine run our own tools on it (``tools``). Does not: what commands do
(cli/), how programs are traced and debugged (trace/, debug/).

``client``, ``wire``, ``folder`` and ``host_terminal`` are what a client imports, and nothing of a kernel.
"""
