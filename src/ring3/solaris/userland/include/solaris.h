/*
 * What libc and the commands of Ring3's Solaris know of it: types, numbers and functions, as the headers of the system give
 * them to a program (usr/src/uts/common/sys and usr/src/head of illumos; names and numbers alone). Longs and pointers have
 * 64 bits or 32; where a 32-bit program's struct has more than that to be different, it says so.
 */

#ifndef SOLARIS_H
#define SOLARIS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef long ssize_t, off_t, time_t, clock_t;
typedef int pid_t, id_t, key_t;
typedef unsigned int uid_t, gid_t, mode_t, socklen_t, pthread_t;
typedef unsigned long dev_t, ino_t;
typedef long long hrtime_t, off64_t;
typedef unsigned long long ino64_t;

#define EINTR 4
#define ENOENT 2
#define ENOMEM 12
#define EACCES 13
#define EBUSY 16
#define EEXIST 17
#define ENOTDIR 20
#define EINVAL 22
#define ENOTTY 25
#define EBADF 9
#define ENOSPC 28
#define EPERM 1
#define EFAULT 14
#define ENOTSUP 48
#define ECANCELED 47
#define EILSEQ 88
#define EDOM 33
#define EPIPE 32
#define E2BIG 7
#define EIO 5
#define EAFNOSUPPORT 124
#define EINPROGRESS 150
#define ESRCH 3
#define EAGAIN 11
#define ERANGE 34
#define EDEADLK 45
#define ENOEXEC 8
#define ENAMETOOLONG 78
#define ENOSYS 89
#define ETIME 62
#define ETIMEDOUT 145
extern int *___errno(void);
#define errno (*___errno())

#define AT_FDCWD ((int)0xffd19553)
#define AT_SYMLINK_NOFOLLOW 0x1000
#define AT_REMOVEDIR 1
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_APPEND 8
#define O_NONBLOCK 0x80
#define O_CREAT 0x100
#define O_TRUNC 0x200
#define O_EXCL 0x400
#define O_CLOEXEC 0x800000
#define O_DIRECTORY 0x1000000
#define F_DUPFD 0
#define F_DUP2FD 9
#define F_DUP2FD_CLOEXEC 36
#define F_FREESP 11
#define F_SETLKW 7

#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_PRIVATE 2
#define MAP_ANON 0x100
#define MAP_NORESERVE 0x40
#define MAP_FAILED ((void *)-1)

struct timespec {
	time_t tv_sec;
	long tv_nsec;
};
struct timeval {
	time_t tv_sec;
	long tv_usec;
};
#ifdef __i386__
#define STAT_PAD(name, longs) long name[longs];
#else
#define STAT_PAD(name, longs)
#endif
struct stat {
	dev_t st_dev;
	STAT_PAD(st_pad1, 3)
	ino_t st_ino;
	mode_t st_mode;
	unsigned st_nlink;
	uid_t st_uid;
	gid_t st_gid;
	dev_t st_rdev;
	STAT_PAD(st_pad2, 2)
	off_t st_size;
	STAT_PAD(st_pad3, 1)
	struct timespec st_atim, st_mtim, st_ctim;
	int st_blksize;
	long st_blocks;
	char st_fstype[16];
	STAT_PAD(st_pad4, 8)
};
#ifdef __i386__
struct stat64 {
	dev_t st_dev;
	long st_pad1[3];
	ino64_t st_ino;
	mode_t st_mode;
	unsigned st_nlink;
	uid_t st_uid;
	gid_t st_gid;
	dev_t st_rdev;
	long st_pad2[2];
	off64_t st_size;
	struct timespec st_atim, st_mtim, st_ctim;
	int st_blksize;
	off64_t st_blocks;
	char st_fstype[16];
	long st_pad4[8];
};
struct dirent64 {
	ino64_t d_ino;
	off64_t d_off;
	unsigned short d_reclen;
	char d_name[1];
};
#endif
#define S_IFMT 0xf000
#define S_IFIFO 0x1000
#define S_IFCHR 0x2000
#define S_IFDIR 0x4000
#define S_IFBLK 0x6000
#define S_IFREG 0x8000
#define S_IFLNK 0xa000
#define S_IFSOCK 0xc000

struct dirent {
	ino_t d_ino;
	off_t d_off;
	unsigned short d_reclen;
	char d_name[1];
};
typedef struct {
	int dd_fd, dd_loc, dd_size;
	char *dd_buf;
} DIR;

typedef struct {
	unsigned __sigbits[4];
} sigset_t;
typedef struct {
	void *ss_sp;
	size_t ss_size;
	int ss_flags;
} stack_t;
#ifdef __i386__
typedef struct siginfo {
	int si_signo, si_code, si_errno;
	char si_data[116];
} siginfo_t;
#define SI_STATUS_AT 8			/* in si_data, behind the process's number and its time */
typedef struct ucontext {
	unsigned long uc_flags;
	struct ucontext *uc_link;
	sigset_t uc_sigmask;
	stack_t uc_stack;
	long gregs[19];
	char fpregs[380];
	long uc_filler[5];
} ucontext_t;
enum { REG_FP = 6, REG_THREAD, REG_PC = 14, REG_SP = 17 };
#else
typedef struct siginfo {
	int si_signo, si_code, si_errno, si_pad;
	char si_data[240];
} siginfo_t;
#define SI_STATUS_AT 16
typedef struct ucontext {
	unsigned long uc_flags;
	struct ucontext *uc_link;
	sigset_t uc_sigmask;
	stack_t uc_stack;
	long uc_pad;
	long gregs[28];
	char fpregs[528] __attribute__((aligned(16)));
	long uc_filler[6];
} ucontext_t;
enum { REG_FP = 10, REG_PC = 17, REG_SP = 20, REG_THREAD = 26 };
#endif
#define UC_SIGMASK 1
#define UC_STACK 2
#define UC_CPU 4
#define UC_FPU 8
struct sigaction {
	int sa_flags;
	void (*sa_handler)(int);
	sigset_t sa_mask;
};
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_HOLD ((void (*)(int))2)
#define SIG_ERR ((void (*)(int))-1)
#define SA_RESETHAND 2
#define SA_RESTART 4
#define SA_SIGINFO 8
#define SA_NODEFER 16
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3
#define SIGABRT 6
#define SIGKILL 9
#define SIGCLD 18
#define SIGCANCEL 36
#define NSIG 75

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};
struct utsname {
	char sysname[257], nodename[257], release[257], version[257], machine[257];
};
struct passwd {
	char *pw_name, *pw_passwd;
	uid_t pw_uid;
	gid_t pw_gid;
	char *pw_age, *pw_comment, *pw_gecos, *pw_dir, *pw_shell;
};
struct group {
	char *gr_name, *gr_passwd;
	gid_t gr_gid;
	char **gr_mem;
};

/* sys/modctl.h */
#define MODINFO 2
#define MODMAXNAMELEN 32
#define MODMAXLINKINFOLEN 32
#define MODMAXLINK 10
#define MI_INFO_ONE 1
#define MI_INFO_ALL 2
#define MI_INFO_CNT 4
#define MI_LOADED 1
#define MI_INSTALLED 2
struct modspecific_info {
	char msi_linkinfo[MODMAXLINKINFOLEN];
	int msi_p0;
};
struct modinfo {
	int mi_info, mi_state, mi_id, mi_nextid;
	char *mi_base;
	size_t mi_size;
	int mi_rev, mi_loadcnt;
	char mi_name[MODMAXNAMELEN];
	struct modspecific_info mi_msinfo[MODMAXLINK];
};

/* sys/procfs.h */
typedef struct {
	int pr_flag, pr_lwpid;
	uintptr_t pr_addr, pr_wchan;
	char pr_stype, pr_state, pr_sname, pr_nice;
	short pr_syscall;
	char pr_oldpri, pr_cpu;
	int pr_pri;
	unsigned short pr_pctcpu, pr_pad;
	struct timespec pr_start, pr_time;
	char pr_clname[8], pr_name[16];
	int pr_onpro, pr_bindpro, pr_bindpset, pr_lgrp, pr_filler[4];
} lwpsinfo_t;
typedef struct {
	int pr_flag, pr_nlwp;
	pid_t pr_pid, pr_ppid, pr_pgid, pr_sid;
	uid_t pr_uid, pr_euid;
	gid_t pr_gid, pr_egid;
	uintptr_t pr_addr;
	size_t pr_size, pr_rssize, pr_pad1;
	dev_t pr_ttydev;
	unsigned short pr_pctcpu, pr_pctmem;
	struct timespec pr_start, pr_time, pr_ctime;
	char pr_fname[16], pr_psargs[80];
	int pr_wstat, pr_argc;
	uintptr_t pr_argv, pr_envp;
	char pr_dmodel, pr_pad2[3];
	int pr_taskid, pr_projid, pr_nzomb, pr_poolid, pr_zoneid, pr_contract, pr_filler;
	lwpsinfo_t pr_lwp;
} psinfo_t;

/* system calls (syscalls.S) */
void _exit(int) __attribute__((noreturn));
ssize_t read(int, void *, size_t), write(int, const void *, size_t), pread(int, void *, size_t, off_t);
int close(int), chdir(const char *), kill(pid_t, int), ioctl(int, int, ...), fcntl(int, int, ...);
int __openat(int, const char *, int, int), __fstatat(int, const char *, struct stat *, int);
ssize_t __readlinkat(int, const char *, char *, size_t);
int __getdents(int, void *, size_t), __unlinkat(int, const char *, int), __mkdirat(int, const char *, int);
off_t lseek(int, off_t, int);
pid_t getpid(void), getppid(void);
uid_t getuid(void), geteuid(void);
gid_t getgid(void), getegid(void);
void *mmap(void *, size_t, int, int, int, off_t);
int munmap(void *, size_t), mprotect(void *, size_t, int), uname(struct utsname *);
long __sysconfig(int), sysinfo(int, char *, long), brk(void *), syscall(long, ...);
int modctl(int, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
int __close(int), __sigaction(int, const struct sigaction *, struct sigaction *), __sigprocmask(int, const sigset_t *, sigset_t *);
int __setcontext(const ucontext_t *), __getcontext(ucontext_t *);
int __lwp_create(ucontext_t *, int, int *), __lwp_kill(int, int), _lwp_self(void), __lwp_detach(int);
void __lwp_exit(void) __attribute__((noreturn));
int sched_yield(void);
int clock_gettime(int, struct timespec *), __nanosleep(const struct timespec *, struct timespec *);
pid_t __forksys(int, int), __waitid(int, id_t, siginfo_t *, int);
int execve(const char *, char *const *, char *const *);
int __getcwd(char *, size_t), gettimeofday_kernel(struct timeval *);
int __so_socket(int, int, int, const char *, int), __so_socketpair(int[2]);
int getrlimit(int, struct rlimit *), setrlimit(int, const struct rlimit *);
long __portfs(int, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
int __pgrpsys(int, int, int), __rusagesys(int, void *, void *, void *, void *), __pipe(int[2], int);
int __accept(int, void *, socklen_t *, int, int), __bind(int, const void *, socklen_t, int);
int __connect(int, const void *, socklen_t, int), __listen(int, int, int), __shutdown(int, int, int);
ssize_t __recvmsg(int, void *, int), __sendmsg(int, const void *, int);
ssize_t __recvfrom(int, void *, size_t, int, void *, socklen_t *), __sendto(int, const void *, size_t, int, const void *, socklen_t);
int __getsockname(int, void *, socklen_t *, int), __getpeername(int, void *, socklen_t *, int);
int __getsockopt(int, int, int, void *, socklen_t *, int), __setsockopt(int, int, int, const void *, socklen_t, int);
ssize_t __sendfilev(int, int, const void *, int, size_t *);

/* libc */
extern char **_environ;
void exit(int) __attribute__((noreturn)), abort(void) __attribute__((noreturn)), *malloc(size_t), free(void *);
void *calloc(size_t, size_t), *realloc(void *, size_t);
int atexit(void (*)(void)), atoi(const char *);
size_t strlen(const char *), strlcpy(char *, const char *, size_t);
int strcmp(const char *, const char *), strncmp(const char *, const char *, size_t), memcmp(const void *, const void *, size_t);
char *strncpy(char *, const char *, size_t);
size_t strcspn(const char *, const char *), strspn(const char *, const char *), strnlen(const char *, size_t);
char *strcpy(char *, const char *), *strcat(char *, const char *), *strchr(const char *, int), *strrchr(const char *, int), *strdup(const char *);
char *strerror(int), *getenv(const char *), *strsignal(int);
void *memset(void *, int, size_t), *memcpy(void *, const void *, size_t), *memmove(void *, const void *, size_t);
long strtol(const char *, char **, int);
unsigned long strtoul(const char *, char **, int);
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
int open(const char *, int, ...), stat(const char *, struct stat *), lstat(const char *, struct stat *), fstat(int, struct stat *);
ssize_t readlink(const char *, char *, size_t);
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);
struct passwd *getpwuid(uid_t);
struct group *getgrgid(gid_t);
int sigaction(int, const struct sigaction *, struct sigaction *), sigprocmask(int, const sigset_t *, sigset_t *);
int sigfillset(sigset_t *), sigemptyset(sigset_t *);
int nanosleep(const struct timespec *, struct timespec *);

/* Programs of 32 bits look into it: getc and its like were macros of <stdio.h> (stdio_impl.h). */
typedef struct file {
	int cnt;			/* of bytes to read, or of room to write to */
	unsigned char *ptr, *base;
	unsigned char flag, fd;
	unsigned short bits;
#ifndef __i386__
	char pad[100];
#endif
} FILE;
extern FILE __iob[20];
#define stdin (&__iob[0])
#define stdout (&__iob[1])
#define stderr (&__iob[2])
#define EOF (-1)
int printf(const char *, ...), fprintf(FILE *, const char *, ...), snprintf(char *, size_t, const char *, ...);
int vfprintf(FILE *, const char *, va_list), vsnprintf(char *, size_t, const char *, va_list), vprintf(const char *, va_list);
int puts(const char *), fputs(const char *, FILE *), fflush(FILE *), putchar(int), fputc(int, FILE *);
size_t fwrite(const void *, size_t, size_t, FILE *);

#endif
