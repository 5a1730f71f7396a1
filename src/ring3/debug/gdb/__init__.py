"""gdb's remote protocol: a target of the engine as a stub that gdb connects to.

Belongs here: packets, and what they ask of a target. The protocol is that of GDB's manual, appendix E ("GDB Remote
Serial Protocol"); where it leaves a choice, this does what gdbserver does. `server.Server` takes bytes and gives bytes,
and knows neither sockets nor who runs the machine; `serve` connects it to both.
"""
