/* Descriptors that stand for processes: how they are made, waited for, asked and used to send signals. */
#include "call.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define P_PIDFD 3
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define PIDFD_THREAD O_EXCL

static int ready[2], go[2];

/* A child that ends with a status when the other end of a pipe is closed. */
static int child_that_waits(void) {
    if (pipe(go) < 0)
        abort();
    fflush(stdout);
    int child = fork();
    if (child == 0) {
        char byte;
        close(go[1]);
        _exit(read(go[0], &byte, 1) ? 1 : 7);
    }
    close(go[0]);
    return child;
}

static void polled(int fd) {
    struct pollfd asked = {fd, POLLIN | POLLOUT | POLLPRI, 0};
    long count = call(SYS_poll, &asked, 1, 0);
    printf("poll: %ld %x\n", count, asked.revents);
}

static void info_of(long result, const siginfo_t *info) {
    printf("waitid: %ld signo %d errno %d code %d status %x\n", result, info->si_signo, info->si_errno, info->si_code,
           info->si_status);
}

/* The lines of fdinfo that tell the number, with the number as this test knows it. */
static void details(int fd, int pid) {
    char name[40], line[200];
    sprintf(name, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file)) {
        int number;
        if (sscanf(line, "Pid:\t%d", &number) == 1 || sscanf(line, "NSpid:\t%d", &number) == 1)
            printf("%.*s %d\n", (int)strcspn(line, ":"), line, number == pid ? 1 : number);
    }
    if (file)
        fclose(file);
}

static void refused(void) {
    int pid = getpid();
    printf("%ld\n", call(SYS_pidfd_open, pid, 1));
    printf("%ld\n", call(SYS_pidfd_open, 0, 0));
    printf("%ld\n", call(SYS_pidfd_open, -1, 0));
    printf("%ld\n", call(SYS_pidfd_open, 0x3ffffff, 0));
    TRY(pidfd_send_signal, -1, 0, 0, 0);
    TRY(pidfd_send_signal, 1, 0, 0, 0);
    TRY(pidfd_send_signal, 1, 0, 0, 8);
    TRY(pidfd_send_signal, 1, 0, 0, 3);
    TRY(pidfd_getfd, 1, 1, 0);
    TRY(pidfd_getfd, 99, 1, 0);
    TRY(pidfd_getfd, 1, 1, 1);
    siginfo_t info;
    TRY(waitid, P_PIDFD, -1, &info, WEXITED, 0);
    TRY(waitid, P_PIDFD, 99, &info, WEXITED, 0);
    TRY(waitid, P_PIDFD, 1, &info, WEXITED, 0);
}

static void life(void) {
    int child = child_that_waits();
    int fd = call(SYS_pidfd_open, child, 0), other = call(SYS_pidfd_open, child, O_NONBLOCK);
    struct stat one, two;
    fstat(fd, &one), fstat(other, &two);
    printf("mode %o, the same %d\n", one.st_mode, one.st_ino == two.st_ino && one.st_dev == two.st_dev);
    printf("flags %x %x, cloexec %d\n", fcntl(fd, F_GETFL) & ~O_LARGEFILE, fcntl(other, F_GETFL) & ~O_LARGEFILE,
           fcntl(fd, F_GETFD));
    char byte;
    TRY(read, fd, &byte, 1);
    TRY(write, fd, &byte, 1);
    TRY(lseek, fd, 0, SEEK_CUR);
    siginfo_t info;
    memset(&info, 0x55, sizeof info);
    info_of(call(SYS_waitid, P_PIDFD, other, &info, WEXITED, 0), &info);
    TRY(waitid, P_PIDFD, other, &info, WEXITED | WNOHANG, 0);
    polled(fd);
    details(fd, child);
    TRY(pidfd_send_signal, fd, 0, 0, 0);
    TRY(pidfd_send_signal, fd, 65, 0, 0);
    close(go[1]);
    struct pollfd asked = {fd, POLLIN, 0};
    printf("%ld %x\n", call(SYS_poll, &asked, 1, -1), asked.revents);
    TRY(pidfd_send_signal, fd, 0, 0, 0);
    TRY(pidfd_getfd, fd, 1, 0);
    memset(&info, 0x55, sizeof info);
    info_of(call(SYS_waitid, P_PIDFD, fd, &info, WEXITED | WNOWAIT, 0), &info);
    info_of(call(SYS_waitid, P_PIDFD, fd, &info, WEXITED, 0), &info);
    memset(&info, 0x55, sizeof info);
    info_of(call(SYS_waitid, P_PIDFD, fd, &info, WEXITED, 0), &info);
    printf("beyond: %x\n", ((int *)&info)[8]);
    polled(fd);
    details(fd, child);
    TRY(pidfd_send_signal, fd, 0, 0, 0);
    TRY(pidfd_getfd, fd, 1, 0);
}

static volatile int taken_code, taken_value, taken;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    taken++;
    taken_code = info->si_code;
    taken_value = info->si_value.sival_int;
}

static void to_oneself(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    int fd = call(SYS_pidfd_open, getpid(), 0), thread = call(SYS_pidfd_open, getpid(), PIDFD_THREAD);
    for (int flags = 0; flags < 3; flags++) {
        long result = call(SYS_pidfd_send_signal, fd, SIGUSR1, 0, flags);
        printf("%d: %ld taken %d code %d\n", flags, result, taken, taken_code);
    }
    printf("thread: %ld code %d\n", call(SYS_pidfd_send_signal, thread, SIGUSR1, 0, 0), taken_code);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR1;
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 77;
    printf("own: %ld", call(SYS_pidfd_send_signal, fd, SIGUSR1, &info, 0));
    printf(" code %d value %d\n", taken_code, taken_value);
    TRY(pidfd_send_signal, fd, SIGUSR2, &info, 0);
    TRY(pidfd_send_signal, fd, SIGUSR1, BAD, 0);
    int child = child_that_waits(), other = call(SYS_pidfd_open, child, 0);
    info.si_code = SI_USER;
    TRY(pidfd_send_signal, other, SIGUSR1, &info, 0);
    info.si_code = SI_TKILL;
    TRY(pidfd_send_signal, other, SIGUSR1, &info, 0);
    TRY(pidfd_send_signal, other, SIGKILL, 0, 4);
    TRY(pidfd_send_signal, other, SIGKILL, 0, 0);
    memset(&info, 0, sizeof info);
    info_of(call(SYS_waitid, P_PIDFD, other, &info, WEXITED, 0), &info);
    close(go[1]);

    child = child_that_waits();
    char name[30];
    sprintf(name, "/proc/%d", child);
    int directory = open(name, O_RDONLY | O_DIRECTORY);
    TRY(pidfd_send_signal, directory, SIGTERM, 0, 0);
    int status;
    waitpid(child, &status, 0);
    printf("%x\n", status);
    TRY(pidfd_send_signal, directory, SIGTERM, 0, 0);
    close(go[1]);
}

static void cloned(void) {
    int fd = -5, again = -6;
    fflush(stdout);
    long child = call(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
    if (child == 0)
        _exit(fd == -5 ? 9 : 8);
    printf("cloexec %d\n", fcntl(fd, F_GETFD));
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info_of(call(SYS_waitid, P_PIDFD, fd, &info, WEXITED, 0), &info);
    TRY(clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0);
    TRY(clone, CLONE_PIDFD | 0x400000 | SIGCHLD, 0, &fd, 0, 0);
    TRY(clone, CLONE_PIDFD | SIGCHLD, 0, BAD, 0, 0);

    uint64_t args[11] = {CLONE_PIDFD | CLONE_PARENT_SETTID, (uintptr_t)&fd, 0, (uintptr_t)&again, SIGCHLD};
    child = call(SYS_clone3, args, sizeof args);
    if (child == 0)
        _exit(3);
    printf("clone3: %d\n", again == child);
    info_of(call(SYS_waitid, P_PIDFD, fd, &info, WEXITED, 0), &info);

    int number[2] = {-1, 7};
    args[0] = 0, args[8] = (uintptr_t)number;
    TRY(clone3, args, sizeof args);
    args[9] = 33;
    TRY(clone3, args, sizeof args);
    args[9] = 1;
    TRY(clone3, args, sizeof args);
    number[0] = getpid();
    TRY(clone3, args, sizeof args);
}

static void others_descriptors(void) {
    if (pipe(ready) < 0)
        abort();
    fflush(stdout);
    int child = fork();
    if (child == 0) {
        int fd = memfd_create("theirs", 0);
        if (write(fd, "hello", 5) != 5 || dup2(fd, 60) < 0)
            _exit(1);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char text[10] = "";
    if (read(ready[0], text, 1) != 1)
        abort();
    int fd = call(SYS_pidfd_open, child, 0);
    int got = call(SYS_pidfd_getfd, fd, 60, 0);
    long size = pread(got, text, 10, 0);
    printf("%.*s, cloexec %d\n", (int)size, text, fcntl(got, F_GETFD));
    printf("kcmp %ld\n", call(SYS_kcmp, getpid(), child, 0, got, 60));
    TRY(pidfd_getfd, fd, 61, 0);
    TRY(pidfd_send_signal, fd, SIGKILL, 0, 0);
    waitpid(child, 0, 0);
}

/* A thread's descriptor hangs up when the thread ends, its process's does not. */
static void *thread_body(void *number) {
    char byte = 0;
    *(volatile int *)number = call(SYS_gettid);
    if (write(ready[1], &byte, 1) != 1)
        abort();
    while (read(go[0], &byte, 1) < 0)
        ;
    return 0;
}

static void threads(void) {
    if (pipe(go) < 0)
        abort();
    char byte;
    int tid = 0;
    pthread_t thread;
    pthread_create(&thread, 0, thread_body, &tid);
    if (read(ready[0], &byte, 1) != 1)
        abort();
    TRY(pidfd_open, tid, O_NONBLOCK | O_RDWR);
    int fd = call(SYS_pidfd_open, tid, PIDFD_THREAD);
    int process = call(SYS_pidfd_open, getpid(), 0);
    TRY(pidfd_send_signal, fd, 0, 0, 0);
    printf("flags %x\n", fcntl(fd, F_GETFL) & ~O_LARGEFILE);
    polled(fd);
    if (write(go[1], "x", 1) != 1)
        abort();
    struct pollfd asked = {fd, POLLIN, 0};
    printf("%ld\n", call(SYS_poll, &asked, 1, -1));
    pthread_join(thread, 0);
    while (call(SYS_tgkill, getpid(), tid, 0) == 0)
        call(SYS_sched_yield);
    polled(fd);
    polled(process);
    TRY(pidfd_send_signal, fd, 0, 0, 0);
}

int main(void) {
    setvbuf(stdout, 0, _IOFBF, 65536);
    refused();
    life();
    to_oneself();
    cloned();
    others_descriptors();
    threads();
    return 0;
}
