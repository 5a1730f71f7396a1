/* System calls with random bad arguments in every position, as nobody: which error comes tells the order of the checks.
 *
 * Arguments: a seed and a number of calls. Each call is made by a child of its own, so that none changes another one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define C(name, count) {#name, SYS_##name, count}

/* Those that cannot wait and change nothing outside of their process, with how many arguments they take. */
static const struct {
    const char *name;
    long number;
    int count;
} calls[] = {
    C(read, 3), C(write, 3), C(readv, 3), C(writev, 3), C(pread64, 4), C(pwrite64, 4), C(preadv, 5), C(pwritev, 5),
    C(lseek, 3), C(dup2, 2), C(dup3, 3), C(fsync, 1), C(fdatasync, 1), C(getdents64, 3), C(fallocate, 4), C(ftruncate, 2),
    C(sync_file_range, 4), C(fgetxattr, 4), C(fremovexattr, 2), C(fsetxattr, 5), C(getcwd, 2), C(readlinkat, 4),
    C(faccessat, 3), C(mkdirat, 3), C(unlinkat, 3), C(symlinkat, 3), C(linkat, 5), C(renameat2, 5), C(fchmodat, 3),
    C(pipe2, 2), C(eventfd2, 2), C(epoll_create1, 1), C(epoll_ctl, 4), C(timerfd_create, 2),
    C(timerfd_gettime, 2), C(signalfd4, 4), C(rt_sigaction, 4),
    C(rt_sigprocmask, 4), C(rt_sigpending, 2), C(getitimer, 2), C(setitimer, 3), C(getrusage, 2), C(prlimit64, 4),
    C(getgroups, 2), C(setgroups, 2), C(sched_getparam, 2), C(sched_getscheduler, 1), C(sched_rr_get_interval, 2),
    C(getpriority, 2), C(mincore, 3), C(msync, 3), C(mprotect, 3), C(munlock, 2), C(getrandom, 3),
    C(tee, 4), C(splice, 6), C(copy_file_range, 6), C(process_vm_readv, 6), C(getsid, 1), C(getpgid, 1),
    C(kill, 2), C(tkill, 2), C(tgkill, 3), C(capget, 2), C(utimensat, 4), C(uname, 1), C(sysinfo, 1), C(times, 1),
    C(timer_create, 3), C(timer_settime, 4), C(timer_gettime, 2), C(timer_delete, 1), C(clock_gettime, 2), C(clock_getres, 2),
    C(clock_settime, 2), C(timerfd_settime, 4), C(inotify_init1, 1), C(inotify_add_watch, 3), C(pkey_mprotect, 4), C(openat, 4),
    C(openat2, 4), C(fstat, 2), C(getxattr, 4), C(setxattr, 5), C(listxattr, 3), C(mremap, 5),
    C(sched_setattr, 3), C(socket, 3), C(bind, 3), C(setsockopt, 5), C(getsockopt, 5), C(getsockname, 3), C(getpeername, 3),
    C(sendto, 6), C(recvfrom, 6), C(sendmsg, 3), C(recvmsg, 3), C(shutdown, 2), C(listen, 2), C(socketpair, 4), C(connect, 3),
    C(accept4, 4), C(vmsplice, 4), C(sendfile, 4), C(waitid, 5), C(wait4, 4), C(seccomp, 3), C(pidfd_send_signal, 4),
    C(name_to_handle_at, 5), C(open_by_handle_at, 3), C(mount, 5), C(umount2, 2), C(setresuid, 3), C(sigaltstack, 2),
    C(membarrier, 3), C(close_range, 3), C(fadvise64, 4), C(readahead, 3), C(utimes, 2), C(mknodat, 4),
    C(fchownat, 5), C(fchown, 3), C(fchmod, 2), C(preadv2, 6), C(pwritev2, 6), C(mq_open, 4), C(mq_timedsend, 5), C(mq_notify, 2),
    C(semop, 3), C(shmdt, 1), C(faccessat2, 4), C(settimeofday, 2), C(adjtimex, 1), C(clock_adjtime, 2),
};
#define CALLS (int)(sizeof calls / sizeof calls[0])

static unsigned state;
static unsigned chance(unsigned below) {
    state = state * 1103515245 + 12345;
    return (state >> 16) % below;
}

/* How many arguments of a call, from the first, are numbers of processes. */
static int pids(long number) {
    switch (number) {
    case SYS_kill: case SYS_tkill: case SYS_getsid: case SYS_getpgid: case SYS_prlimit64: case SYS_process_vm_readv:
    case SYS_sched_getparam: case SYS_sched_getscheduler: case SYS_sched_rr_get_interval: return 1;
    case SYS_tgkill: case SYS_getpriority: return 2;
    default: return 0;
    }
}

static char *page; /* followed by nothing */

static long argument(int file, int out, int in, int folder, int path) {
    switch (chance(18)) {
    case 0: return -1;
    case 1: return 0;
    case 2: return 1 << 30;
    case 3: return 16;
    case 4: case 5: return (long)page;
    case 6: return (long)(page + 4092);
    case 7: return (long)(page + 4096);
    case 8: return 1 << 20;
    case 9: return file;
    case 10: return out;
    case 11: return in;
    case 12: return folder;
    case 13: return path;
    case 14: return 99;
    case 15: return INT32_MIN;
    case 16: return 8;
    default: return (long)(page + 128);
    }
}

int main(int argc, char **argv) {
    int ends[2], file, folder, path;
    state = strtoul(argv[1], 0, 0);
    page = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    munmap(page + 4096, 4096);
    strcpy(page + 128, "absent/name");
    file = memfd_create("orders", 0);
    pipe2(ends, O_NONBLOCK);
    folder = open("/", O_RDONLY | O_DIRECTORY);
    path = open("/", O_PATH);
    close(0);
    setgroups(0, 0);
    setregid(65534, 65534);
    setreuid(65534, 65534);
    for (int i = 0; i < atoi(argv[2]); i++) {
        int which = chance(CALLS);
        long a[6] = {0};
        for (int n = 0; n < calls[which].count; n++)
            a[n] = argument(file, ends[1], ends[0], folder, path);
        for (int n = 0; n < calls[which].count && n < pids(calls[which].number); n++)
            if (a[n] > 0 || calls[which].number == SYS_kill)
                a[n] = 99999999; /* small numbers may be somebody's, on one side only */
        fflush(stdout);
        pid_t child = fork();
        if (!child) {
            dup2(memfd_create("orders", 0), file); /* one that no other call has changed */
            errno = 0;
            long result = syscall(calls[which].number, a[0], a[1], a[2], a[3], a[4], a[5]);
            printf("%d %s(", i, calls[which].name);
            for (int n = 0; n < calls[which].count; n++)
                printf(a[n] >= (long)page && a[n] <= (long)page + 4096 ? " page+%ld" : " %ld", a[n] >= (long)page && a[n] <= (long)page + 4096 ? a[n] - (long)page : a[n]);
            printf(") %s %d\n", result < 0 && errno ? "error" : "done", result < 0 ? errno : 0);
            fflush(stdout);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (status)
            printf("%d %s: %x\n", i, calls[which].name, status);
    }
    return 0;
}
