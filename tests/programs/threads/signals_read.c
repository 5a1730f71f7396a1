/* signals_read: signalfd(2), alone, with poll(2) and with epoll(7). Prints one line a case. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(text, expression) printf("%-52s %ld\n", text, (long)(expression))
#define MS 1000000LL

static long failed(long result) { return result < 0 ? -errno : result; }

static void show(const char *text, const struct signalfd_siginfo *info) {
    printf("%-20s signo %u errno %d code %d pid %d uid %d fd %d tid %u band %u overrun %u trapno %u status %d int %d ptr %d "
           "addr %d\n",
           text, info->ssi_signo, info->ssi_errno, info->ssi_code, info->ssi_pid == (uint32_t)getpid(),
           info->ssi_uid == getuid(), info->ssi_fd, info->ssi_tid, info->ssi_band, info->ssi_overrun, info->ssi_trapno,
           info->ssi_status, info->ssi_int, (int)info->ssi_ptr, info->ssi_addr != 0);
}

static void *kill_later(void *unused) {
    usleep(10000);
    kill(getpid(), SIGUSR2);
    return unused;
}

int main(void) {
    struct signalfd_siginfo info[4];
    sigset_t mask, all;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGUSR2);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGRTMIN + 3);
    sigaddset(&mask, SIGKILL);
    SHOW("size of the mask", failed(syscall(SYS_signalfd4, -1, &mask, 16, 0)));
    SHOW("no such flag", failed(syscall(SYS_signalfd4, -1, &mask, 8, 1)));
    SHOW("mask from nowhere", failed(syscall(SYS_signalfd4, -1, NULL, 8, 0)));
    SHOW("not a signalfd", failed(syscall(SYS_signalfd4, 1, &mask, 8, 0)));
    SHOW("not open", failed(syscall(SYS_signalfd4, 99, &mask, 8, 0)));
    int fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    SHOW("its flags", fcntl(fd, F_GETFD) * 10000 + (fcntl(fd, F_GETFL) & O_NONBLOCK));
    SHOW("read, none", failed(read(fd, info, sizeof info)));
    SHOW("read, no room", failed(read(fd, info, 127)));
    SHOW("write", failed(write(fd, info, 128)));
    struct pollfd polled = {fd, POLLIN | POLLOUT, 0};
    SHOW("poll", poll(&polled, 1, 0));
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGTERM);
    SHOW("poll", poll(&polled, 1, 0));
    SHOW("  events", polled.revents);
    SHOW("read", failed(read(fd, info, sizeof info)));
    show("kill", &info[0]);
    union sigval value = {.sival_int = 42};
    sigqueue(getpid(), SIGRTMIN + 3, value);
    value.sival_int = 43;
    sigqueue(getpid(), SIGRTMIN + 3, value);
    raise(SIGUSR2);
    SHOW("read three", failed(read(fd, info, sizeof info)));
    show("raise", &info[0]);
    show("sigqueue", &info[1]);
    show("sigqueue", &info[2]);
    fflush(stdout);
    pid_t child = fork();
    if (!child)
        _exit(5);
    int status;
    waitpid(child, &status, 0);
    SHOW("read a child's end", failed(read(fd, info, 128)));
    SHOW("  is that of the child", info[0].ssi_pid == (uint32_t)child);
    SHOW("  status", info[0].ssi_status);
    SHOW("  code", info[0].ssi_code);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3, .sigev_value = {.sival_int = 9}};
    int timer;
    syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer);
    struct { int64_t a, b, c, d; } it = {0, 0, 0, MS};
#ifdef __i386__
    syscall(409, timer, 0, &it, NULL);
#else
    syscall(SYS_timer_settime, timer, 0, &it, NULL);
#endif
    fcntl(fd, F_SETFL, 0);
    SHOW("read waits for a timer", failed(read(fd, info, 128)));
    info[0].ssi_tid -= timer;
    show("timer", &info[0]);
    pthread_t thread;
    pthread_create(&thread, NULL, kill_later, NULL);
    SHOW("poll waits for a signal", poll(&polled, 1, 5000));
    SHOW("  events", polled.revents);
    pthread_join(thread, NULL);
    SHOW("read it", failed(read(fd, info, 128)));
    show("kill", &info[0]);
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    SHOW("another mask", failed(signalfd(fd, &mask, 0)) == fd);
    SHOW("read what waited all the time", failed(read(fd, info, 128)));
    SHOW("  signal", info[0].ssi_signo);
    /* epoll on a timer and on signals */
    int ep = epoll_create1(0), tfd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct epoll_event of_signals = {EPOLLIN, {.u32 = 1}}, of_timer = {EPOLLIN, {.u32 = 2}}, got[2];
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &of_signals);
    epoll_ctl(ep, EPOLL_CTL_ADD, tfd, &of_timer);
    SHOW("epoll_wait", epoll_wait(ep, got, 2, 0));
    struct itimerspec soon = {{0, 0}, {0, 5 * MS}};
    timerfd_settime(tfd, 0, &soon, NULL);
    SHOW("epoll_wait waits for a timer", epoll_wait(ep, got, 2, 5000));
    SHOW("  which", got[0].data.u32);
    uint64_t ticks;
    read(tfd, &ticks, 8);
    kill(getpid(), SIGTERM);
    SHOW("epoll_wait, a signal", epoll_wait(ep, got, 2, 5000));
    SHOW("  which", got[0].data.u32);
    SHOW("read it", failed(read(fd, info, 128)));
    return 0;
}
