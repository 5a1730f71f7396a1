"""Solaris's error numbers on x86 and the texts its C library has for them.

A failed system call returns with the carry flag set and one of these, positive, in rax; libc's ``__cerror``
stores it in errno and returns -1. Numbers up to 34 are Linux's too, those above mostly are not: ENOSYS is 89,
ENOTSUP 48.

ERESTART never reaches a program's errno: ``__cerror`` turns it into EINTR. Numbers that are not here (75, 76,
100 to 119 and so on) are reserved.

Sources: usr/src/uts/common/sys/errno.h for names and numbers, usr/src/lib/libc/port/gen/errlist for texts
(what strerror(3C) returns in the C locale; that of ELOCKUNMAPPED does end in a space),
usr/src/lib/libc/amd64/gen/cerror.s, of illumos-gate. errlist has no text for ERESTART and ESTRPIPE: theirs
are ours.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import ErrorNumber

UNKNOWN_ERROR: Final = "Unknown error"
"""What strerror(3C) says of a number that it does not know (usr/src/lib/libc/port/gen/strerror.c)."""


class SolarisE(ErrorNumber):
    """An error number of Solaris on x86; ``SolarisE(89)`` is ``SolarisE.ENOSYS``."""

    EPERM = 1, "Not owner"
    ENOENT = 2, "No such file or directory"
    ESRCH = 3, "No such process"
    EINTR = 4, "Interrupted system call"
    EIO = 5, "I/O error"
    ENXIO = 6, "No such device or address"
    E2BIG = 7, "Arg list too long"
    ENOEXEC = 8, "Exec format error"
    EBADF = 9, "Bad file number"
    ECHILD = 10, "No child processes"
    EAGAIN = 11, "Resource temporarily unavailable"
    EWOULDBLOCK = EAGAIN
    ENOMEM = 12, "Not enough space"
    EACCES = 13, "Permission denied"
    EFAULT = 14, "Bad address"
    ENOTBLK = 15, "Block device required"
    EBUSY = 16, "Device busy"
    EEXIST = 17, "File exists"
    EXDEV = 18, "Cross-device link"
    ENODEV = 19, "No such device"
    ENOTDIR = 20, "Not a directory"
    EISDIR = 21, "Is a directory"
    EINVAL = 22, "Invalid argument"
    ENFILE = 23, "File table overflow"
    EMFILE = 24, "Too many open files"
    ENOTTY = 25, "Inappropriate ioctl for device"
    ETXTBSY = 26, "Text file busy"
    EFBIG = 27, "File too large"
    ENOSPC = 28, "No space left on device"
    ESPIPE = 29, "Illegal seek"
    EROFS = 30, "Read-only file system"
    EMLINK = 31, "Too many links"
    EPIPE = 32, "Broken pipe"
    EDOM = 33, "Argument out of domain"
    ERANGE = 34, "Result too large"
    ENOMSG = 35, "No message of desired type"
    EIDRM = 36, "Identifier removed"
    ECHRNG = 37, "Channel number out of range"
    EL2NSYNC = 38, "Level 2 not synchronized"
    EL3HLT = 39, "Level 3 halted"
    EL3RST = 40, "Level 3 reset"
    ELNRNG = 41, "Link number out of range"
    EUNATCH = 42, "Protocol driver not attached"
    ENOCSI = 43, "No CSI structure available"
    EL2HLT = 44, "Level 2 halted"
    EDEADLK = 45, "Deadlock situation detected/avoided"
    ENOLCK = 46, "No record locks available"
    ECANCELED = 47, "Operation canceled"
    ENOTSUP = 48, "Operation not supported"
    EDQUOT = 49, "Disc quota exceeded"
    EBADE = 50, "Bad exchange descriptor"
    EBADR = 51, "Bad request descriptor"
    EXFULL = 52, "Message tables full"
    ENOANO = 53, "Anode table overflow"
    EBADRQC = 54, "Bad request code"
    EBADSLT = 55, "Invalid slot"
    EDEADLOCK = 56, "File locking deadlock"
    EBFONT = 57, "Bad font file format"
    EOWNERDEAD = 58, "Owner of the lock died"
    ENOTRECOVERABLE = 59, "Lock is not recoverable"
    ENOSTR = 60, "Not a stream device"
    ENODATA = 61, "No data available"
    ETIME = 62, "Timer expired"
    ENOSR = 63, "Out of stream resources"
    ENONET = 64, "Machine is not on the network"
    ENOPKG = 65, "Package not installed"
    EREMOTE = 66, "Object is remote"
    ENOLINK = 67, "Link has been severed"
    EADV = 68, "Advertise error"
    ESRMNT = 69, "Srmount error"
    ECOMM = 70, "Communication error on send"
    EPROTO = 71, "Protocol error"
    ELOCKUNMAPPED = 72, "Locked lock was unmapped "
    ENOTACTIVE = 73, "Facility is not active"
    EMULTIHOP = 74, "Multihop attempted"
    EBADMSG = 77, "Not a data message"
    ENAMETOOLONG = 78, "File name too long"
    EOVERFLOW = 79, "Value too large for defined data type"
    ENOTUNIQ = 80, "Name not unique on network"
    EBADFD = 81, "File descriptor in bad state"
    EREMCHG = 82, "Remote address changed"
    ELIBACC = 83, "Can not access a needed shared library"
    ELIBBAD = 84, "Accessing a corrupted shared library"
    ELIBSCN = 85, ".lib section in a.out corrupted"
    ELIBMAX = 86, "Attempting to link in more shared libraries than system limit"
    ELIBEXEC = 87, "Can not exec a shared library directly"
    EILSEQ = 88, "Illegal byte sequence"
    ENOSYS = 89, "Operation not applicable"
    ELOOP = 90, "Number of symbolic links encountered during path name traversal exceeds MAXSYMLINKS"
    ERESTART = 91, "Restart the interrupted call"
    ESTRPIPE = 92, "Stream pipe error"
    ENOTEMPTY = 93, "Directory not empty"
    EUSERS = 94, "Too many users"
    ENOTSOCK = 95, "Socket operation on non-socket"
    EDESTADDRREQ = 96, "Destination address required"
    EMSGSIZE = 97, "Message too long"
    EPROTOTYPE = 98, "Protocol wrong type for socket"
    ENOPROTOOPT = 99, "Option not supported by protocol"
    EPROTONOSUPPORT = 120, "Protocol not supported"
    ESOCKTNOSUPPORT = 121, "Socket type not supported"
    EOPNOTSUPP = 122, "Operation not supported on transport endpoint"
    EPFNOSUPPORT = 123, "Protocol family not supported"
    EAFNOSUPPORT = 124, "Address family not supported by protocol family"
    EADDRINUSE = 125, "Address already in use"
    EADDRNOTAVAIL = 126, "Cannot assign requested address"
    ENETDOWN = 127, "Network is down"
    ENETUNREACH = 128, "Network is unreachable"
    ENETRESET = 129, "Network dropped connection because of reset"
    ECONNABORTED = 130, "Software caused connection abort"
    ECONNRESET = 131, "Connection reset by peer"
    ENOBUFS = 132, "No buffer space available"
    EISCONN = 133, "Transport endpoint is already connected"
    ENOTCONN = 134, "Transport endpoint is not connected"
    ESHUTDOWN = 143, "Cannot send after socket shutdown"
    ETOOMANYREFS = 144, "Too many references: cannot splice"
    ETIMEDOUT = 145, "Connection timed out"
    ECONNREFUSED = 146, "Connection refused"
    EHOSTDOWN = 147, "Host is down"
    EHOSTUNREACH = 148, "No route to host"
    EALREADY = 149, "Operation already in progress"
    EINPROGRESS = 150, "Operation now in progress"
    ESTALE = 151, "Stale NFS file handle"


def describe(number: int) -> str:
    """Returns the text for an error number, or `UNKNOWN_ERROR` if Solaris has no such error.

    Left out: texts the C library has for a few reserved numbers.
    """
    try:
        return SolarisE(number).text
    except ValueError:
        return UNKNOWN_ERROR
