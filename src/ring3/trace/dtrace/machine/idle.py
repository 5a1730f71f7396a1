"""What a machine does when dtrace has switched it on and nobody has started a program: it keeps house.

No system that is up is quite still: on one that nobody uses, daemons look after something from time to time. A script
that waits for a call of whoever makes one (`syscall::read:entry { exit(0); }`) sees that of them.
"""

from __future__ import annotations

from typing import Final

PROGRAM: Final = (
    "/bin/sh",
    ("-c", 'while read -r line </etc/passwd; do echo "$line" >/dev/null; sleep 1; done'),
)
"""A program of both systems, which reads a line and writes it once a second, and its arguments."""
