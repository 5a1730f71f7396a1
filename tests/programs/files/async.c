/* Signals when a file becomes ready: F_SETOWN and its like, F_SETSIG, O_ASYNC by fcntl(2) and FIOASYNC. */
#include "try.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#ifndef F_SETSIG
#define F_SETSIG 10
#define F_GETSIG 11
#endif

struct owner {
    int type;
    pid_t pid;
};

static sigset_t awaited;

/* All signals that are there now. */
static void told(const char *title) {
    siginfo_t info;
    struct timespec at_once = {0, 0};
    printf("%s:", title);
    while (sigtimedwait(&awaited, &info, &at_once) > 0) {
        printf(" signal %d code %x", info.si_signo, info.si_code);
        if (info.si_code > 0 && info.si_code < 0x80)
            printf(" band %lx fd %d", (long)info.si_band, info.si_fd);
    }
    printf("\n");
}

static void through(const char *title, int reader, int writer) {
    char text[16];
    printf("%s\n", title);
    SHOW(fcntl(reader, F_GETOWN));
    SHOW(fcntl(reader, F_SETOWN, 0x7ffffff0));
    SHOW(fcntl(reader, F_SETOWN, getpid()));
    SHOW(fcntl(reader, F_GETOWN) == getpid());
    write(writer, "a", 1);
    told("not yet");
    SHOW(fcntl(reader, F_SETFL, O_ASYNC | O_NONBLOCK));
    SHOW(fcntl(reader, F_GETFL) & (O_ASYNC | O_NONBLOCK));
    write(writer, "b", 1);
    told("without a signal of its own");
    SHOW(fcntl(reader, F_SETSIG, 65));
    SHOW(fcntl(reader, F_SETSIG, SIGUSR1));
    SHOW(fcntl(reader, F_GETSIG));
    write(writer, "c", 1);
    told("with one");
    SHOW(fcntl(reader, F_SETSIG, SIGCHLD));
    write(writer, "d", 1);
    told("one that has codes of its own");
    SHOW(fcntl(reader, F_SETSIG, 0));
    SHOW(fcntl(reader, F_SETOWN, -getpgrp()));
    SHOW(fcntl(reader, F_GETOWN) == -getpgrp());
    SHOW((int)read(reader, text, sizeof text));
    int off = 0, on = 1;
    SHOW(ioctl(reader, FIOASYNC, &off));
    write(writer, "e", 1);
    told("switched off");
    SHOW(fcntl(reader, F_SETOWN, getpid()));
    SHOW(ioctl(reader, FIOASYNC, &on));
    SHOW(ioctl(reader, FIOASYNC, 8));
    write(writer, "f", 1);
    told("switched on");
}

int main(void) {
    int pipes[2], pair[2];
    struct owner owner = {1, getpid()}, odd = {7, getpid()};
    setpgid(0, 0);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGIO);
    sigaddset(&awaited, SIGUSR1);
    sigaddset(&awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &awaited, 0);
    pipe(pipes);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    through("a pipe", pipes[0], pipes[1]);
    through("a socket", pair[0], pair[1]);
    TRY(fcntl, pipes[0], 15, &owner);
    TRY(fcntl, pipes[0], 15, &odd);
    TRY(fcntl, pipes[0], 15, 8);
    TRY(fcntl, pipes[0], 16, &odd);
    printf("owner %d mine %d\n", odd.type, odd.pid == getpid());
    int file = open("file", O_RDWR | O_CREAT, 0644), on = 1;
    SHOW(fcntl(file, F_SETFL, O_ASYNC));
    SHOW(fcntl(file, F_GETFL) & O_ASYNC);
    SHOW(fcntl(file, F_SETFL, 0));
    SHOW(ioctl(file, FIOASYNC, &on));
    return 0;
}
