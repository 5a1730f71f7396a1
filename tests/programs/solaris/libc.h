/* A small static libc for Solaris x64: what its test programs use. Names and numbers are those of the system's headers. */

typedef unsigned long size_t;
typedef long ssize_t;
typedef unsigned long uintptr_t;
typedef long off_t;

#define NULL ((void *)0)

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_ANON 0x100
#define MAP_ALIGN 0x200
#define MAP_FAILED ((void *)-1)

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
	int mi_info;
	int mi_state;
	int mi_id;
	int mi_nextid;
	char *mi_base;
	size_t mi_size;
	int mi_rev;
	int mi_loadcnt;
	char mi_name[MODMAXNAMELEN];
	struct modspecific_info mi_msinfo[MODMAXLINK];
};

/* sys/utsname.h */
#define SYS_NMLN 257
struct utsname {
	char sysname[SYS_NMLN];
	char nodename[SYS_NMLN];
	char release[SYS_NMLN];
	char version[SYS_NMLN];
	char machine[SYS_NMLN];
};

struct timespec {
	long tv_sec;
	long tv_nsec;
};

extern int errno;
extern char **environ;

/* libc.S: system calls. Those that return two values have two functions. */
void _exit(int) __attribute__((noreturn));
ssize_t read(int, void *, size_t);
ssize_t write(int, const void *, size_t);
int close(int);
long brk(void *);
long getpid(void), getppid(void);
long getuid(void), geteuid(void), getgid(void), getegid(void);
void *mmap(void *, size_t, int, int, int, off_t);
int munmap(void *, size_t);
int mprotect(void *, size_t, int);
int uname(struct utsname *);
long sysinfo(int, char *, long);
long sysconfig(int);
int modctl(int, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
int lwp_private(int, int, uintptr_t);
long syscall(long, ...);

/* libc.S: fast traps */
long gethrtime(void), gethrvtime(void);
void gethrestime(struct timespec *);
long getlgrp(void);

/* libc.c */
void exit(int) __attribute__((noreturn));
size_t strlen(const char *);
int strcmp(const char *, const char *);
void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
int atoi(const char *);
int printf(const char *, ...);
int snprintf(char *, size_t, const char *, ...);
