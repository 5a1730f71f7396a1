"""What tasks do in time, as a trace that Perfetto shows (https://ui.perfetto.dev).

Belongs here: the file format (``protobuf``, ``perfetto``) and who listens to a machine for it (``recorder``). Does not:
command lines, and the words in which strace writes calls.
"""
