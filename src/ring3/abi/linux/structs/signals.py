"""Signals: actions, stacks, and what a signal carries."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

SIGACTION: Final = Struct(
    "sigaction",
    """
    void *sa_handler: enum sighandler
    unsigned long sa_flags: flags sigaction
    void *sa_restorer: address
    u64 sa_mask: sigset
    """,
    widths=(64,),
)

SIGACTION32: Final = Struct(
    "sigaction32",
    """
    void *sa_handler: enum sighandler
    unsigned long sa_flags: flags sigaction
    void *sa_restorer: address
    u64 sa_mask: sigset
    """,
    packed=True,
    widths=(32,),
)
"""``struct compat_sigaction``."""

OLD_SIGACTION: Final = Struct(
    "old_sigaction",
    """
    void *sa_handler: enum sighandler
    unsigned long sa_mask: sigset
    unsigned long sa_flags: flags sigaction
    void *sa_restorer: address
    """,
    widths=(32,),
)
"""``struct compat_old_sigaction``."""

STACK: Final = Struct(
    "stack_t",
    """
    void *ss_sp: address
    unsigned int ss_flags: flags sigaltstack
    size_t ss_size: size
    """,
    c="stack_t",
    header="asm/signal.h",
)

SIGINFO: Final = Struct(
    "siginfo",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    size 128
    """,
    c="siginfo_t",
    header="asm/siginfo.h",
)
"""The head; which of the others it is, `si_signo` and `si_code` say."""

SIGINFO_KILL: Final = Struct(
    "siginfo_kill",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    pid_t si_pid: pid
    uid_t si_uid: uid
    size 128
    """,
)

SIGINFO_TIMER: Final = Struct(
    "siginfo_timer",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    int si_timerid
    int si_overrun: count
    void *si_value: sigval
    size 128
    """,
)

SIGINFO_QUEUE: Final = Struct(
    "siginfo_queue",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    pid_t si_pid: pid
    uid_t si_uid: uid
    void *si_value: sigval
    size 128
    """,
)

SIGINFO_CHILD: Final = Struct(
    "siginfo_child",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    pid_t si_pid: pid
    uid_t si_uid: uid
    int si_status: exit_status
    clock_t si_utime: ticks
    clock_t si_stime: ticks
    size 128
    """,
)

SIGINFO_FAULT: Final = Struct(
    "siginfo_fault",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    void *si_addr: address
    short si_addr_lsb
    size 128
    """,
)

SIGINFO_POLL: Final = Struct(
    "siginfo_poll",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    long si_band: flags poll
    int si_fd: fd
    size 128
    """,
)

SIGINFO_SYSCALL: Final = Struct(
    "siginfo_syscall",
    """
    int si_signo: signal
    int si_errno: errno
    int si_code: si_code
    align long
    void *si_call_addr: address
    int si_syscall
    unsigned int si_arch: enum audit_arch
    size 128
    """,
)

SIGEVENT: Final = Struct(
    "sigevent",
    """
    void *sigev_value: sigval
    int sigev_signo: signal
    int sigev_notify: enum sigev
    int sigev_notify_thread_id: tid
    size 64
    """,
    c="struct sigevent",
    header="asm/siginfo.h",
)

SIGNALFD_SIGINFO: Final = Struct(
    "signalfd_siginfo",
    """
    u32 ssi_signo: signal
    s32 ssi_errno: errno
    s32 ssi_code: si_code
    u32 ssi_pid: pid
    u32 ssi_uid: uid
    s32 ssi_fd: fd
    u32 ssi_tid: tid
    u32 ssi_band
    u32 ssi_overrun: count
    u32 ssi_trapno
    s32 ssi_status: exit_status
    s32 ssi_int
    u64 ssi_ptr: address
    u64 ssi_utime: ticks
    u64 ssi_stime: ticks
    u64 ssi_addr: address
    u16 ssi_addr_lsb
    u16 __pad2: unused
    s32 ssi_syscall
    u64 ssi_call_addr: address
    u32 ssi_arch: enum audit_arch
    u8 __pad[28]: unused
    """,
    c="struct signalfd_siginfo",
    header="linux/signalfd.h",
)

SIGSET_ARG: Final = Struct(
    "sigset_argpack",
    """
    void *ss: in sigset[ss_len]
    size_t ss_len: size
    """,
)
"""What pselect6 takes last."""

SIGCONTEXT: Final = Struct(
    "sigcontext",
    """
    u64 r8: hex
    u64 r9: hex
    u64 r10: hex
    u64 r11: hex
    u64 r12: hex
    u64 r13: hex
    u64 r14: hex
    u64 r15: hex
    u64 rdi: hex
    u64 rsi: hex
    u64 rbp: hex
    u64 rbx: hex
    u64 rdx: hex
    u64 rax: hex
    u64 rcx: hex
    u64 rsp: hex
    u64 rip: hex
    u64 eflags: hex
    u16 cs: hex
    u16 gs: hex
    u16 fs: hex
    u16 ss: hex
    u64 err: hex
    u64 trapno
    u64 oldmask: sigset
    u64 cr2: address
    void *fpstate: address
    u8 reserved1[64]: unused
    """,
    widths=(64,),
    c="struct sigcontext",
    header="asm/sigcontext.h",
)

SIGCONTEXT32: Final = Struct(
    "sigcontext32",
    """
    u32 gs: hex
    u32 fs: hex
    u32 es: hex
    u32 ds: hex
    u32 edi: hex
    u32 esi: hex
    u32 ebp: hex
    u32 esp: hex
    u32 ebx: hex
    u32 edx: hex
    u32 ecx: hex
    u32 eax: hex
    u32 trapno: hex
    u32 err: hex
    u32 eip: hex
    u32 cs: hex
    u32 eflags: hex
    u32 esp_at_signal: hex
    u32 ss: hex
    void *fpstate: address
    u32 oldmask: sigset
    u32 cr2: address
    """,
    widths=(32,),
    c="struct sigcontext",
    header="asm/sigcontext.h",
)
"""``struct sigcontext_32``; the kernel stores selectors as words."""

_UCONTEXT: Final = """
    unsigned long uc_flags: hex
    void *uc_link: address
    struct stack_t uc_stack
    struct sigcontext uc_mcontext
    u64 uc_sigmask: sigset
    """

UCONTEXT: Final = Struct("ucontext", _UCONTEXT, STACK, SIGCONTEXT, widths=(64,))

UCONTEXT32: Final = Struct(
    "ucontext32", _UCONTEXT.replace("sigcontext", "sigcontext32"), STACK, SIGCONTEXT32, widths=(32,)
)
"""``struct ucontext_ia32``."""

RT_SIGFRAME: Final = Struct(
    "rt_sigframe",
    """
    void *pretcode: address
    struct ucontext uc
    """,
    UCONTEXT,
    widths=(64,),
)
"""What a handler returns through (arch/x86/include/asm/sigframe.h); `SIGINFO` follows."""

RT_SIGFRAME32: Final = Struct(
    "rt_sigframe_ia32",
    """
    void *pretcode: address
    int sig: signal
    void *pinfo: address
    void *puc: address
    u8 info[128]: unused
    struct ucontext32 uc
    u8 retcode[8]: hex
    """,
    UCONTEXT32,
    widths=(32,),
)

SIGFRAME32: Final = Struct(
    "sigframe_ia32",
    """
    void *pretcode: address
    int sig: signal
    struct sigcontext32 sc
    u8 fpstate_unused[624]: unused
    u32 extramask: hex
    u8 retcode[8]: hex
    """,
    SIGCONTEXT32,
    widths=(32,),
)
