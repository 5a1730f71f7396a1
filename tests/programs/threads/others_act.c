/* What one thread does to a call in which another one waits: closes what it writes to, sends what it waits for. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BUFFER 131072

static volatile int broken;
static void on_pipe(int signal, siginfo_t *info, void *context) {
    broken += info->si_pid == getpid() && info->si_code == SI_USER;
}

static int ends[2], first_thread;
static char buffer[BUFFER];

static void a_moment(void) {
    struct timespec time = {0, 60000000};
    nanosleep(&time, 0);
}

static void *closes(void *unused) {
    a_moment();
    close(ends[0]);
    return unused;
}

static void said(const char *name, long result) {
    printf("%s: %ld %s, broken %d\n", name, result, result < 0 ? strerror(errno) : "", broken);
    broken = 0;
}

/* A write that has to wait and then loses its reader: what was written counts, and SIGPIPE comes. */
static void writes(int how) {
    pthread_t thread;
    struct iovec parts[2] = {{buffer, 30000}, {buffer, 101072}};
    pipe(ends);
    pthread_create(&thread, 0, closes, 0);
    said(how ? "writev" : "write", how ? writev(ends[1], parts, 2) : write(ends[1], buffer, BUFFER));
    pthread_join(thread, 0);
    said("write again", write(ends[1], buffer, BUFFER));
    said("write nothing", write(ends[1], buffer, 0));
    close(ends[1]);
}

static void *sends(void *unused) {
    a_moment();
    syscall(SYS_tgkill, getpid(), first_thread, SIGUSR1);
    return unused;
}

/* A signal for one thread, read from a descriptor that this thread watches. */
static void watches(int how) {
    pthread_t thread;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    int file = signalfd(-1, &set, SFD_NONBLOCK), inner = epoll_create1(0), outer = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | (how == 2 ? EPOLLET : 0), {0}};
    epoll_ctl(inner, EPOLL_CTL_ADD, file, &event);
    epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event);
    pthread_create(&thread, 0, sends, 0);
    struct pollfd one = {file, POLLIN, 0};
    struct signalfd_siginfo info;
    int found = how == 0 ? poll(&one, 1, 5000) : epoll_wait(how == 3 ? outer : inner, &event, 1, 5000);
    int size = read(file, &info, sizeof info);
    printf("watched %d: found %d, read %d, signal %d\n", how, found, size, info.ssi_signo);
    pthread_join(thread, 0);
    printf("nothing more: %d %d\n", epoll_wait(inner, &event, 1, 0), epoll_wait(outer, &event, 1, 0));
    close(file), close(inner), close(outer);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    first_thread = syscall(SYS_gettid);
    struct sigaction action = {.sa_sigaction = on_pipe, .sa_flags = SA_SIGINFO};
    sigaction(SIGPIPE, &action, 0);
    writes(0);
    writes(1);
    for (int how = 0; how < 4; how++)
        watches(how);
    return 0;
}
