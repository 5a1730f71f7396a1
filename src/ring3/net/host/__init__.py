"""The host's network: sockets of the host behind those of programs, and ports that the host's clients reach.

Belongs here: what only `--net host` and `--publish` need. Everything is asked of the host by calls that do not wait;
the host's answers, errors included, are the program's. What a program may do there is what this process may and the
program's own capabilities allow: options whose values hold addresses of memory never reach the host.
"""
