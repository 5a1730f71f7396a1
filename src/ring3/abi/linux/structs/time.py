"""Times, clocks and timers."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

TIMESPEC: Final = Struct(
    "timespec",
    """
    s64 tv_sec: seconds
    s64 tv_nsec
    """,
    c="struct __kernel_timespec",
    header="linux/time_types.h",
)

TIMESPEC32: Final = Struct(
    "timespec32",
    """
    s32 tv_sec: seconds
    s32 tv_nsec
    """,
    widths=(32,),
    c="struct __kernel_old_timespec",
    header="linux/time_types.h",
)
"""``struct old_timespec32``."""

TIMEVAL: Final = Struct(
    "timeval",
    """
    long tv_sec: seconds
    long tv_usec
    """,
    c="struct __kernel_old_timeval",
    header="linux/time_types.h",
)

SOCK_TIMEVAL: Final = Struct(
    "sock_timeval",
    """
    s64 tv_sec: seconds
    s64 tv_usec
    """,
    c="struct __kernel_sock_timeval",
    header="linux/time_types.h",
)

TIMEZONE: Final = Struct(
    "timezone",
    """
    int tz_minuteswest
    int tz_dsttime
    """,
    c="struct timezone",
    header="linux/time.h",
)

ITIMERVAL: Final = Struct(
    "itimerval",
    """
    struct timeval it_interval
    struct timeval it_value
    """,
    TIMEVAL,
    c="struct __kernel_old_itimerval",
    header="linux/time_types.h",
)

ITIMERSPEC: Final = Struct(
    "itimerspec",
    """
    struct timespec it_interval
    struct timespec it_value
    """,
    TIMESPEC,
    c="struct __kernel_itimerspec",
    header="linux/time_types.h",
)

ITIMERSPEC32: Final = Struct(
    "itimerspec32",
    """
    struct timespec32 it_interval
    struct timespec32 it_value
    """,
    TIMESPEC32,
    widths=(32,),
)
"""``struct old_itimerspec32``."""

UTIMBUF: Final = Struct(
    "utimbuf",
    """
    time_t actime: seconds
    time_t modtime: seconds
    """,
    c="struct utimbuf",
    header="linux/utime.h",
)

TMS: Final = Struct(
    "tms",
    """
    clock_t tms_utime: ticks
    clock_t tms_stime: ticks
    clock_t tms_cutime: ticks
    clock_t tms_cstime: ticks
    """,
    c="struct tms",
    header="linux/times.h",
)

TIMEX_TIME: Final = Struct(
    "timex_time",
    """
    s64 tv_sec: seconds
    s64 tv_usec
    """,
    c="struct __kernel_timex_timeval",
    header="linux/timex.h",
)

TIMEX: Final = Struct(
    "timex",
    """
    unsigned int modes: flags adjtimex
    align s64
    s64 offset
    s64 freq
    s64 maxerror
    s64 esterror
    int status: flags timex_status
    align s64
    s64 constant
    s64 precision
    s64 tolerance
    struct timex_time time
    s64 tick
    s64 ppsfreq
    s64 jitter
    int shift
    align s64
    s64 stabil
    s64 jitcnt
    s64 calcnt
    s64 errcnt
    s64 stbcnt
    int tai
    int reserved[11]: unused
    """,
    TIMEX_TIME,
    widths=(64,),
    c="struct __kernel_timex",
    header="linux/timex.h",
)
"""The same in 32-bit programs, where a member without a name stands for the padding; see `TIMEX64`."""

TIMEX64: Final = Struct(
    "timex64",
    """
    unsigned int modes: flags adjtimex
    int pad1
    s64 offset
    s64 freq
    s64 maxerror
    s64 esterror
    int status: flags timex_status
    int pad2
    s64 constant
    s64 precision
    s64 tolerance
    struct timex_time time
    s64 tick
    s64 ppsfreq
    s64 jitter
    int shift
    int pad3
    s64 stabil
    s64 jitcnt
    s64 calcnt
    s64 errcnt
    s64 stbcnt
    int tai
    int reserved[11]: unused
    """,
    TIMEX_TIME,
    widths=(32,),
)
"""``struct __kernel_timex`` in 32-bit programs."""

TIMEX32: Final = Struct(
    "timex32",
    """
    unsigned int modes: flags adjtimex
    long offset
    long freq
    long maxerror
    long esterror
    int status: flags timex_status
    long constant
    long precision
    long tolerance
    struct timeval time
    long tick
    long ppsfreq
    long jitter
    int shift
    long stabil
    long jitcnt
    long calcnt
    long errcnt
    long stbcnt
    int tai
    int reserved[11]: unused
    """,
    TIMEVAL,
    widths=(32,),
)
"""``struct old_timex32``."""

PTP_CLOCK_CAPS: Final = Struct(
    "ptp_clock_caps",
    """
    int max_adj
    int n_alarm
    int n_ext_ts
    int n_per_out
    int pps
    int n_pins
    int cross_timestamping
    int adjust_phase
    int max_phase_adj
    int rsv[11]
    """,
    c="struct ptp_clock_caps",
    header="linux/ptp_clock.h",
)

RTC_TIME: Final = Struct(
    "rtc_time",
    """
    int tm_sec
    int tm_min
    int tm_hour
    int tm_mday
    int tm_mon
    int tm_year
    int tm_wday
    int tm_yday
    int tm_isdst
    """,
    c="struct rtc_time",
    header="linux/rtc.h",
)

RTC_WKALRM: Final = Struct(
    "rtc_wkalrm",
    """
    unsigned char enabled
    unsigned char pending
    struct rtc_time time
    """,
    RTC_TIME,
    c="struct rtc_wkalrm",
    header="linux/rtc.h",
)
