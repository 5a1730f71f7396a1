"""The numbers of ioctl(2) on terminals."""

from __future__ import annotations

from ring3.abi.kinds import IntEnum


class Ioctl(IntEnum):
    """Requests (include/uapi/asm-generic/ioctls.h)."""

    TCGETS = 0x5401
    TCSETS = 0x5402
    TCSETSW = 0x5403
    TCSETSF = 0x5404
    TCGETA = 0x5405
    TCSETA = 0x5406
    TCSETAW = 0x5407
    TCSETAF = 0x5408
    TCSBRK = 0x5409
    TCXONC = 0x540A
    TCFLSH = 0x540B
    TIOCSCTTY = 0x540E
    TIOCGPGRP = 0x540F
    TIOCSPGRP = 0x5410
    TIOCOUTQ = 0x5411
    TIOCGWINSZ = 0x5413
    TIOCSWINSZ = 0x5414
    FIONREAD = 0x541B
    FIONBIO = 0x5421
    TIOCPKT = 0x5420
    TIOCNOTTY = 0x5422
    TIOCGETD = 0x5424
    TCSBRKP = 0x5425
    TIOCGSID = 0x5429
    TCGETS2 = 0x802C_542A
    TCSETS2 = 0x402C_542B
    TCSETSW2 = 0x402C_542C
    TCSETSF2 = 0x402C_542D
    TIOCGPTN = 0x8004_5430
    TIOCSPTLCK = 0x4004_5431
    TIOCSIG = 0x4004_5436
    TIOCGPKT = 0x8004_5438
    TIOCGPTLCK = 0x8004_5439
    TIOCGEXCL = 0x8004_5440
    TIOCGPTPEER = 0x5441
    FIONCLEX = 0x5450
    FIOCLEX = 0x5451
    FIOASYNC = 0x5452
