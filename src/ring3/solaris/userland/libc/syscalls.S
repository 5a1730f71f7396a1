/* The system calls that are one instruction and a look at the carry flag. */

#include "SYS.h"
#include "tcb.h"

	.text

	SYSCALL_RETC __exit_call, 1
	SYSCALL_RESTART __read, 3
	SYSCALL_RESTART __write, 4
	SYSCALL_RETC __close, 6
	SYSCALL_RETC linkat, 7
	SYSCALL_RETC symlinkat, 11
	SYSCALL_RETC chdir, 12
	SYSCALL_RET __time, 13
	SYSCALL_RETC brk, 17
	SYSCALL_RET lseek, 19
	SYSCALL_RET getpid, 20
	SYSCALL_RET2 getppid, 20
	SYSCALL_RET __readlinkat, 22
	SYSCALL_RETC setuid, 23
	SYSCALL_RET getuid, 24
	SYSCALL_RET2 geteuid, 24
	SYSCALL_RET alarm, 27
	SYSCALL_RET __pause, 29
	SYSCALL_RET nice, 34
	SYSCALL_RETC sync, 36
	SYSCALL_RETC kill, 37
	SYSCALL_RET __pgrpsys, 39
	SYSCALL_RET __times, 43
	SYSCALL_RETC faccessat, 45
	SYSCALL_RETC setgid, 46
	SYSCALL_RET getgid, 47
	SYSCALL_RET2 getegid, 47
	SYSCALL_RETC mknodat, 48
	SYSCALL_RET __msgsys, 49
	SYSCALL_RET __shmsys, 52
	SYSCALL_RET __semsys, 53
	SYSCALL_RESTART ioctl, 54
	SYSCALL_RETC fchownat, 56
	SYSCALL_RETC __fdsync, 58
	SYSCALL_RETC execve, 59
	SYSCALL_RET umask, 60
	SYSCALL_RETC chroot, 61
	SYSCALL_RESTART __fcntl, 62
	SYSCALL_RETC renameat, 64
	SYSCALL_RETC __unlinkat, 65
	SYSCALL_RETC __fstatat, 66
	SYSCALL_RESTART __openat, 68
#ifdef __i386__
	SYSCALL_RETC __fstatat64, 67
	SYSCALL_RESTART __openat64, 69
	SYSCALL_RET __getdents64, 213
	SYSCALL_RETC getrlimit64, 221
	SYSCALL_RETC setrlimit64, 220
	SYSCALL_RET lseek64, 175
	SYSCALL_RESTART pread64, 222
	SYSCALL_RESTART pwrite64, 223
#endif
	SYSCALL_RET __tasksys, 70
	SYSCALL_RET __rctlsys, 74
	SYSCALL_RET __lwp_park_call, 77
	SYSCALL_RESTART __sendfilev, 78
	SYSCALL_RET __getdents, 81
	SYSCALL_RET __privsys, 82
	SYSCALL_RETC __ucredsys, 83
	SYSCALL_RETC setgroups, 91
	SYSCALL_RET getgroups, 92
	SYSCALL_RETC fchmod, 93
	SYSCALL_RETC fchown, 94
	SYSCALL_RETC __sigprocmask, 95
	SYSCALL_RET __sigsuspend, 96
	SYSCALL_RETC sigaltstack, 97
	SYSCALL_RETC __sigaction, 98
	SYSCALL_RETC __sigpending, 99
	SYSCALL_RETC fchmodat, 101
	SYSCALL_RETC __mkdirat, 102
	SYSCALL_RETC statvfs, 103
	SYSCALL_RETC fstatvfs, 104
	SYSCALL_RET getloadavg_kernel, 105
	SYSCALL_RESTART __waitid, 107
	SYSCALL_RETC sigsendset, 108
	SYSCALL_RETC __utimesys, 110
	SYSCALL_RET __priocntlsys, 112
	SYSCALL_RET pathconf, 113
	SYSCALL_RETC mincore, 114
	SYSCALL_RETC mprotect, 116
	SYSCALL_RETC munmap, 117
	SYSCALL_RET fpathconf, 118
	SYSCALL_RETC fchdir, 120
	SYSCALL_RESTART __readv, 121
	SYSCALL_RESTART __writev, 122
	SYSCALL_RET getrandom, 126
	SYSCALL_RETC setrlimit, 128
	SYSCALL_RETC getrlimit, 129
	SYSCALL_RETC memcntl, 131
	SYSCALL_RETC setegid, 136
	SYSCALL_RET __sysconfig, 137
	SYSCALL_RET sysinfo, 139
	SYSCALL_RETC seteuid, 141
	SYSCALL_RET __sigtimedwait, 144
	SYSCALL_RETC sched_yield, 146
	SYSCALL_RETC __lwp_sema_post, 148
	SYSCALL_RETC __lwp_sema_trywait, 149
	SYSCALL_RETC __lwp_detach, 150
	SYSCALL_RETC getitimer, 157
	SYSCALL_RETC setitimer, 158
	SYSCALL_RETC __lwp_create, 159
	SYSCALL_RETC __lwp_exit, 160
	SYSCALL_RETC __lwp_suspend, 161
	SYSCALL_RETC __lwp_continue, 162
	SYSCALL_RETC __lwp_kill, 163
	SYSCALL_RET _lwp_self, 164
	SYSCALL_RETC _lwp_private, 166
	SYSCALL_RETC __lwp_cond_wait, 170
	SYSCALL_RETC __lwp_cond_signal, 171
	SYSCALL_RETC __lwp_cond_broadcast, 172
	SYSCALL_RESTART __pread, 173
	SYSCALL_RESTART __pwrite, 174
	SYSCALL_RETC __rusagesys, 181
	SYSCALL_RET __portfs, 182
	SYSCALL_RET __pollsys, 183
	SYSCALL_RETC processor_bind, 187
	SYSCALL_RETC processor_info, 188
	SYSCALL_RET p_online, 189
	SYSCALL_RETC __sigqueue, 190
	SYSCALL_RETC clock_gettime, 191
	SYSCALL_RETC clock_settime, 192
	SYSCALL_RETC clock_getres, 193
	SYSCALL_RETC __timer_create, 194
	SYSCALL_RETC __timer_delete, 195
	SYSCALL_RETC timer_settime, 196
	SYSCALL_RETC timer_gettime, 197
	SYSCALL_RET timer_getoverrun, 198
	SYSCALL_RETC __nanosleep, 199
	SYSCALL_RET __doorfs, 201
	SYSCALL_RETC setreuid, 202
	SYSCALL_RETC setregid, 203
	SYSCALL_RET __pset, 207
	SYSCALL_RET resolvepath, 209
	SYSCALL_RETC __lwp_mutex_timedlock, 210
	SYSCALL_RETC __lwp_sema_timedwait, 211
	SYSCALL_RET __zone, 227
	SYSCALL_RETC __getcwd, 229
	SYSCALL_RET __so_socket, 230
	SYSCALL_RETC __so_socketpair, 231
	SYSCALL_RETC __bind, 232
	SYSCALL_RETC __listen, 233
	SYSCALL_RESTART __accept, 234
	SYSCALL_RETC __connect, 235
	SYSCALL_RETC __shutdown, 236
	SYSCALL_RESTART __recvfrom, 238
	SYSCALL_RESTART __recvmsg, 239
	SYSCALL_RESTART __sendmsg, 241
	SYSCALL_RESTART __sendto, 242
	SYSCALL_RETC __getpeername, 243
	SYSCALL_RETC __getsockname, 244
	SYSCALL_RETC __getsockopt, 245
	SYSCALL_RETC __setsockopt, 246
	SYSCALL_RETC __lwp_mutex_unlock, 250
	SYSCALL_RETC __lwp_mutex_trylock, 251

	ALIAS _exit, __exit_call
	ALIAS _Exit, __exit_call

	SUBCALL __getcontext, 100, 0
	SUBCALL __setcontext, 100, 1

/* uname(2) is 1 for success, as it ever was */
	SYSCALL_RET uname, 135

	.section .note.GNU-stack, "", @progbits
