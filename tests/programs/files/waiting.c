/* poll, select and epoll over pipes and event counters. */
#include "try.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

static int p[2], event;

static void print_polls(struct pollfd *fds, int count) {
    for (int i = 0; i < count; i++)
        printf(" %x", fds[i].revents);
    printf("\n");
}

static long elapsed_ms(struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/* Sends SIGALRM soon and again, so that it interrupts what comes next however slow the machine is. */
static void soon(void) {
    struct itimerval timer = {{0, 50000}, {0, 50000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void no_more(void) {
    struct itimerval timer = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_alarm(int number) {
    (void)number;
}

static void polls(void) {
    int file = open("f", O_RDWR | O_CREAT, 0644);
    struct pollfd fds[] = {{p[0], POLLIN, 0x77}, {p[1], POLLOUT, 0x77}, {-1, POLLIN, 0x77},
                           {99, POLLIN, 0x77},   {file, POLLIN | POLLOUT, 0x77}, {event, POLLIN, 0x77}};
    LIBC(poll(fds, 6, -1));
    print_polls(fds, 6);
    LIBC(poll(fds, 1, 0));
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    LIBC(poll(fds, 1, 30));
    SHOW(elapsed_ms(&start) >= 30);
    LIBC(poll(NULL, 0, 10));
    LIBC(poll((void *)8, 1, 0));
    TRY(poll, fds, 1000000, 0);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        usleep(30000);
        write(p[1], "x", 1);
        _exit(0);
    }
    LIBC(poll(fds, 1, 5000));
    print_polls(fds, 1);
    waitpid(child, NULL, 0);
    char byte;
    read(p[0], &byte, 1);
    signal(SIGALRM, on_alarm);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    soon();
    LIBC(poll(fds, 1, 5000));
    no_more();
    sigset_t none, block;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    signal(SIGUSR1, on_alarm);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    struct timespec second = {1, 0};
    LIBC(ppoll(fds, 1, &second, &none));
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    SHOW(sigismember(&now, SIGUSR1));
    struct timespec wrong = {0, 2000000000};
    LIBC(call(SYS_ppoll, fds, 1, &wrong, 0, 8));
    LIBC(call(SYS_ppoll, fds, 1, 0, &none, 4));
    sigprocmask(SIG_UNBLOCK, &block, NULL);
    close(file);
}

static void selects(void) {
    fd_set in, out, except;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&except);
    FD_SET(p[0], &in);
    FD_SET(p[1], &out);
    struct timeval zero = {0, 0};
    LIBC(select(p[1] + 1, &in, &out, &except, &zero));
    printf("%d %d\n", FD_ISSET(p[0], &in), FD_ISSET(p[1], &out));
    write(p[1], "y", 1);
    FD_SET(p[0], &in);
    LIBC(select(p[1] + 1, &in, NULL, NULL, NULL));
    printf("%d\n", FD_ISSET(p[0], &in));
    char byte;
    read(p[0], &byte, 1);
    struct timeval short_time = {0, 20000};
    LIBC(select(p[0] + 1, &in, NULL, NULL, &short_time));
    printf("%d %ld\n", FD_ISSET(p[0], &in), (long)short_time.tv_usec);
    LIBC(select(0, NULL, NULL, NULL, &short_time));
    close(dup2(p[0], 600)); /* the table has room for it then, whoever started this program */
    FD_SET(500, &in);
    LIBC(select(501, &in, NULL, NULL, &zero));
    LIBC(select(-1, NULL, NULL, NULL, &zero));
    struct timeval negative = {-1, 0};
    LIBC(select(0, NULL, NULL, NULL, &negative));
}

static void print_events(struct epoll_event *events, int count) {
    for (int i = 0; i < count && i < 8; i++)
        printf(" %x:%llu", events[i].events, (unsigned long long)events[i].data.u64);
    printf("\n");
}

static void epolls(void) {
    struct epoll_event events[8];
    LIBC(epoll_create1(0x1234));
    LIBC(epoll_create(0));
    int ep = epoll_create1(EPOLL_CLOEXEC);
    SHOW(fcntl(ep, F_GETFD));
    struct epoll_event want = {EPOLLIN, {.u64 = 111}};
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL));
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &want));
    LIBC(epoll_ctl(99, EPOLL_CTL_ADD, p[0], &want));
    LIBC(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &want));
    LIBC(epoll_ctl(ep, 7, p[0], &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, p[1], (void *)8));
    int file = open("f", O_RDONLY);
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, file, &want));
    int dir = open(".", O_RDONLY);
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, dir, &want));
    LIBC(epoll_wait(ep, events, 8, 0));
    LIBC(epoll_wait(ep, events, 0, 0));
    LIBC(epoll_wait(p[0], events, 1, 0));
    write(p[1], "abc", 3);
    int n;
    SHOW(n = epoll_wait(ep, events, 8, 0));
    print_events(events, n);
    SHOW(n = epoll_wait(ep, events, 8, -1));
    print_events(events, n);
    want.events = EPOLLIN | EPOLLET;
    want.data.u64 = 222;
    LIBC(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &want));
    SHOW(n = epoll_wait(ep, events, 8, 0));
    print_events(events, n);
    SHOW(epoll_wait(ep, events, 8, 0));
    char byte;
    read(p[0], &byte, 1);
    SHOW(epoll_wait(ep, events, 8, 0));
    write(p[1], "d", 1);
    SHOW(epoll_wait(ep, events, 8, 0));
    SHOW(epoll_wait(ep, events, 8, 0));
    want.events = EPOLLIN | EPOLLONESHOT;
    LIBC(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &want));
    SHOW(epoll_wait(ep, events, 8, 0));
    SHOW(epoll_wait(ep, events, 8, 0));
    write(p[1], "e", 1);
    SHOW(epoll_wait(ep, events, 8, 0));
    LIBC(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &want));
    SHOW(epoll_wait(ep, events, 8, 0));
    want.events = EPOLLIN | EPOLLOUT;
    want.data.u64 = 333;
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, event, &want));
    want.data.u64 = 444;
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, p[1], &want));
    SHOW(n = epoll_wait(ep, events, 1, 0));
    print_events(events, n);
    SHOW(n = epoll_wait(ep, events, 1, 0));
    print_events(events, n);
    SHOW(n = epoll_wait(ep, events, 8, 0));
    LIBC(epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL));
    LIBC(epoll_ctl(ep, EPOLL_CTL_DEL, event, NULL));
    int outer = epoll_create1(0);
    want.events = EPOLLIN;
    want.data.u64 = 555;
    LIBC(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, outer, &want));
    SHOW(epoll_wait(outer, events, 8, 0));
    LIBC(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &want));
    SHOW(n = epoll_wait(outer, events, 8, 0));
    print_events(events, n);
    struct pollfd poll_ep = {ep, POLLIN, 0};
    LIBC(poll(&poll_ep, 1, 0));
    print_polls(&poll_ep, 1);
    char rest[10];
    read(p[0], rest, 10);
    SHOW(epoll_wait(outer, events, 8, 0));
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        usleep(30000);
        write(p[1], "z", 1);
        _exit(0);
    }
    SHOW(n = epoll_wait(outer, events, 8, 5000));
    print_events(events, n);
    waitpid(child, NULL, 0);
    int copy = dup(p[0]);
    close(p[0]);
    SHOW(n = epoll_wait(ep, events, 8, 0));
    print_events(events, n);
    close(copy);
    SHOW(epoll_wait(ep, events, 8, 0));
    signal(SIGPIPE, SIG_IGN);
    want.events = 0;
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, p[1], &want));
    SHOW(n = epoll_wait(ep, events, 8, 0));
    print_events(events, n);
    LIBC(epoll_pwait(ep, events, 8, 0, NULL));
    want.events = EPOLLIN | EPOLLEXCLUSIVE;
    LIBC(epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_ADD, event, &want));
    LIBC(epoll_ctl(ep, EPOLL_CTL_MOD, event, &want));
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    close(p[1]);
    soon();
    LIBC(epoll_wait(ep, events, 8, 5000));
    no_more();
}

static void paths(void) {
    int fd = open(".", O_PATH);
    struct pollfd polled = {fd, POLLIN};
    LIBC(poll(&polled, 1, 0));
    printf("%x\n", polled.revents);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    struct timeval now = {0, 0};
    LIBC(select(fd + 1, &set, NULL, NULL, &now));
    close(fd);
}

int main(void) {
    pipe(p);
    event = eventfd(0, 0);
    polls();
    paths();
    selects();
    epolls();
    return 0;
}
