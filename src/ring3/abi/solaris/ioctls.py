"""The numbers of ioctl(2) requests (sys/filio.h, termios.h, stropts.h, ptms.h of illumos)."""

from __future__ import annotations

from ring3.abi.kinds import IntEnum


class Ioctl(IntEnum):
    """Requests."""

    FIOCLEX = 0x2000_6601
    FIONCLEX = 0x2000_6602
    FIONREAD = 0x4004_667F
    FIONBIO = 0x8004_667E
    FIORDCHK = 0x6603
    TCGETA = 0x5401
    TCSETA = 0x5402
    TCSETAW = 0x5403
    TCSETAF = 0x5404
    TCSBRK = 0x5405
    TCXONC = 0x5406
    TCFLSH = 0x5407
    TCGETS = 0x540D
    TCSETS = 0x540E
    TCSETSW = 0x540F
    TCSETSF = 0x5410
    TIOCSWINSZ = 0x5467
    TIOCGWINSZ = 0x5468
    TIOCEXCL = 0x740D
    TIOCNXCL = 0x740E
    TIOCFLUSH = 0x7410
    TIOCGPGRP = 0x7414
    TIOCSPGRP = 0x7415
    TIOCGSID = 0x7416
    TIOCSTI = 0x7417
    TIOCSIGNAL = 0x741F
    TIOCSTART = 0x746E
    TIOCSTOP = 0x746F
    TIOCNOTTY = 0x7471
    TIOCOUTQ = 0x7473
    TIOCSCTTY = 0x7484
    I_NREAD = 0x5301
    I_PUSH = 0x5302
    I_POP = 0x5303
    I_LOOK = 0x5304
    I_FLUSH = 0x5305
    I_STR = 0x5308
    I_FIND = 0x530B
    I_LIST = 0x5315
    I_CANPUT = 0x5322
    PUSH_NOCTTY = 0x5327
    ISPTM = 0x5001
    UNLKPT = 0x5002
    PTSSTTY = 0x5003
    ZONEPT = 0x5004
    OWNERPT = 0x5005
