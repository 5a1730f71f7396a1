"""What a file is ready for: the event bits of poll(2), which epoll(7) shares.

Source: include/uapi/asm-generic/poll.h, include/linux/poll.h, include/uapi/linux/eventpoll.h.
"""

from __future__ import annotations

from typing import Final

POLLIN: Final = 0x001
POLLPRI: Final = 0x002
POLLOUT: Final = 0x004
POLLERR: Final = 0x008
POLLHUP: Final = 0x010
POLLNVAL: Final = 0x020
POLLRDNORM: Final = 0x040
POLLRDBAND: Final = 0x080
POLLWRNORM: Final = 0x100
POLLWRBAND: Final = 0x200
POLLMSG: Final = 0x400
POLLRDHUP: Final = 0x2000

READABLE: Final = POLLIN | POLLRDNORM
WRITABLE: Final = POLLOUT | POLLWRNORM
ALWAYS: Final = READABLE | WRITABLE
"""What files are ready for that never block (DEFAULT_POLLMASK)."""
