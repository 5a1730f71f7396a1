// Waits in every way that a snapshot has to keep: in a futex, in poll on standard input, behind a half-full pipe, in a
// write that is half done, for a timer, and, as a tracer's child, in a ptrace stop. Then all of it goes on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_int word, alarms;
static int full[2], half[2], sockets[2], *shared;
static char big[200000];

static void on_alarm(int signal) {
    (void)signal;
    alarms++;
}

static void *in_futex(void *unused) {
    while (!word)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    return unused;
}

static void *in_poll(void *found) {
    struct pollfd at = {0, POLLIN, 0};
    int ready = poll(&at, 1, -1);
    static char line[100];
    ssize_t size = read(0, line, sizeof line - 1);
    snprintf(found, 100, "poll %d %#x, read %zd: %.*s", ready, at.revents, size, (int)size - 1, line);
    return found;
}

static void *in_write(void *unused) {
    ssize_t done = write(full[1], big, sizeof big);  // more than a pipe holds: half of it is done
    *shared = (int)done;
    return unused;
}

static pid_t traced(void) {
    pid_t child = fork();
    if (!child) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGUSR1);
        _exit(getppid() > 0 ? 7 : 8);
    }
    waitpid(child, NULL, 0);
    return child;
}

int main(void) {
    pthread_t threads[3];
    char found[100], text[64];
    signal(SIGALRM, on_alarm);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pipe(full), pipe(half), socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
    write(half[1], "half of a pipe", 14);
    write(sockets[0], "in a socket", 11);
    int events = eventfd(5, 0), epoll = epoll_create1(0), file = open("/tmp/file", O_RDWR | O_CREAT, 0600);
    struct epoll_event event = {EPOLLIN, {.fd = events}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, events, &event);
    write(file, "contents", 8);
    memset(big, 'x', sizeof big);
    pid_t child = traced();
    pthread_create(&threads[0], NULL, in_futex, NULL);
    pthread_create(&threads[1], NULL, in_poll, found);
    pthread_create(&threads[2], NULL, in_write, NULL);
    for (int turn = 0; turn < 20; turn++)
        sched_yield();
    struct itimerval interval = {{0, 0}, {0, 250000}};
    setitimer(ITIMER_REAL, &interval, NULL);
    syscall(SYS_getpgid, 0);  // here the snapshot is taken
    while (!alarms)
        pause();
    printf("alarm\n");
    ssize_t size = read(half[0], text, sizeof text);
    printf("half: %.*s\n", (int)size, text);
    size = read(sockets[1], text, sizeof text);
    printf("socket: %.*s\n", (int)size, text);
    size = pread(file, text, sizeof text, 0);
    printf("file: %.*s at %ld\n", (int)size, text, (long)lseek(file, 0, SEEK_CUR));
    pwrite(file, "changed!", 8, 0), lseek(file, 3, SEEK_SET);
    printf("epoll: %d\n", epoll_wait(epoll, &event, 1, 0));
    struct user_regs_struct regs;
    printf("tracee: %ld", ptrace(PTRACE_GETREGS, child, 0, &regs));
    ptrace(PTRACE_CONT, child, 0, 0);
    int status;
    waitpid(child, &status, 0);
    printf(" status %#x\n", status);
    word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    size_t total = 0;
    static char piece[30000];
    while (total < sizeof big)
        total += (size_t)read(full[0], piece, sizeof piece);
    for (int at = 0; at < 3; at++)
        pthread_join(threads[at], NULL);
    printf("written %d, read %zu\n%s\n", *shared, total, found);
    return 0;
}
