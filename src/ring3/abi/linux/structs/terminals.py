"""Terminals, consoles and block devices: what their ioctls take."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

TERMIOS: Final = Struct(
    "termios",
    """
    unsigned int c_iflag: flags termios_iflag
    unsigned int c_oflag: flags termios_oflag
    unsigned int c_cflag: flags termios_cflag
    unsigned int c_lflag: flags termios_lflag
    unsigned char c_line: enum line_discipline
    unsigned char c_cc[19]: bytes[19]
    """,
    c="struct termios",
    header="asm-generic/termbits.h",
)

TERMIOS2: Final = Struct(
    "termios2",
    """
    unsigned int c_iflag: flags termios_iflag
    unsigned int c_oflag: flags termios_oflag
    unsigned int c_cflag: flags termios_cflag
    unsigned int c_lflag: flags termios_lflag
    unsigned char c_line: enum line_discipline
    unsigned char c_cc[19]: bytes[19]
    unsigned int c_ispeed
    unsigned int c_ospeed
    """,
    c="struct termios2",
    header="asm-generic/termbits.h",
)

TERMIO: Final = Struct(
    "termio",
    """
    u16 c_iflag: flags termios_iflag
    u16 c_oflag: flags termios_oflag
    u16 c_cflag: flags termios_cflag
    u16 c_lflag: flags termios_lflag
    unsigned char c_line: enum line_discipline
    unsigned char c_cc[8]: bytes[8]
    """,
    c="struct termio",
    header="asm-generic/termios.h",
)

WINSIZE: Final = Struct(
    "winsize",
    """
    u16 ws_row
    u16 ws_col
    u16 ws_xpixel
    u16 ws_ypixel
    """,
    c="struct winsize",
    header="asm-generic/termios.h",
)

VT_STAT: Final = Struct(
    "vt_stat",
    """
    u16 v_active
    u16 v_signal: signal
    u16 v_state: hex
    """,
    c="struct vt_stat",
    header="linux/vt.h",
)

VT_MODE: Final = Struct(
    "vt_mode",
    """
    char mode: enum vt_mode
    char waitv
    short relsig: signal
    short acqsig: signal
    short frsig: signal
    """,
    c="struct vt_mode",
    header="linux/vt.h",
)

HD_GEOMETRY: Final = Struct(
    "hd_geometry",
    """
    unsigned char heads
    unsigned char sectors
    u16 cylinders
    unsigned long start
    """,
    c="struct hd_geometry",
    header="linux/hdreg.h",
)

BLKPG_ARG: Final = Struct(
    "blkpg_ioctl_arg",
    """
    int op: enum blkpg
    int flags: hex
    int datalen: size
    void *data: in struct blkpg_partition
    """,
    c="struct blkpg_ioctl_arg",
    header="linux/blkpg.h",
)

BLKPG_PARTITION: Final = Struct(
    "blkpg_partition",
    """
    s64 start: offset
    s64 length: size
    int pno
    char devname[64]: string
    char volname[64]: string
    """,
    c="struct blkpg_partition",
    header="linux/blkpg.h",
)

_LOOP_INFO = """
    int lo_number
    {device} lo_device: device
    unsigned long lo_inode
    {device} lo_rdevice: device
    int lo_offset: offset
    int lo_encrypt_type
    int lo_encrypt_key_size: size
    int lo_flags: flags loop
    char lo_name[64]: string
    unsigned char lo_encrypt_key[32]: bytes[lo_encrypt_key_size]
    unsigned long lo_init[2]: hex
    char reserved[4]: unused
    """

LOOP_INFO: Final = Struct(
    "loop_info",
    _LOOP_INFO.format(device="unsigned long"),
    widths=(64,),
    c="struct loop_info",
    header="linux/loop.h",
)

LOOP_INFO32: Final = Struct("loop_info32", _LOOP_INFO.format(device="u16"), widths=(32,))

LOOP_INFO64: Final = Struct(
    "loop_info64",
    """
    u64 lo_device: device
    u64 lo_inode
    u64 lo_rdevice: device
    u64 lo_offset: offset
    u64 lo_sizelimit: size
    u32 lo_number
    u32 lo_encrypt_type
    u32 lo_encrypt_key_size: size
    u32 lo_flags: flags loop
    u8 lo_file_name[64]: string
    u8 lo_crypt_name[64]: string
    u8 lo_encrypt_key[32]: bytes[lo_encrypt_key_size]
    u64 lo_init[2]: hex
    """,
    c="struct loop_info64",
    header="linux/loop.h",
)

LOOP_CONFIG: Final = Struct(
    "loop_config",
    """
    u32 fd: fd
    u32 block_size: size
    struct loop_info64 info
    u64 __reserved[8]: unused
    """,
    LOOP_INFO64,
    c="struct loop_config",
    header="linux/loop.h",
)
