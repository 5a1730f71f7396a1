/* Calls that a filter leaves to a listener (seccomp_unotify(2)): answers, errors, going on, descriptors, and the end. */
#define _GNU_SOURCE
#include "../files/try.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND 2
#endif
#define SET_FLAGS 0x40082104

static int leave(int number, unsigned flags) {
    struct sock_filter rows[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0x7fc00000),
        BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),
    };
    struct sock_fprog program = {4, rows};
    return syscall(SYS_seccomp, 1, flags, &program);
}

static int events(int fd) {
    struct pollfd wanted = {fd, POLLIN | POLLOUT, 0};
    poll(&wanted, 1, 0);
    return wanted.revents;
}

static void handler(int number) { (void)number; }

static int listener;


static pid_t asks_once(void) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        struct sigaction on_usr1 = {.sa_handler = handler};
        sigaction(SIGUSR1, &on_usr1, NULL);
        close(listener);
        long result = call(SYS_getppid);
        printf("child: %s\n", result == getpgrp() ? "its parent" : "");
        if (result != getpgrp())
            printf("child: %ld\n", result);
        fflush(stdout);
        _exit(7);
    }
    return child;
}

static struct seccomp_notif read_question(pid_t child) {
    struct seccomp_notif asked;
    memset(&asked, 0, sizeof asked);
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
    printf("number %d arch %d pid %d flags %d\n", asked.data.nr == SYS_getppid, asked.data.arch != 0,
           (int)asked.pid == child, asked.flags);
    return asked;
}

static void answer(struct seccomp_notif *asked, long long value, int error, unsigned flags) {
    struct seccomp_notif_resp reply = {asked->id, value, error, flags};
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply));
}

int main(void) {
    setpgid(0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    LIBC(leave(SYS_getppid, 8 | 1));
    LIBC(leave(SYS_getppid, 32));
    LIBC(leave(SYS_getppid, 64));
    listener = leave(SYS_getppid, 8);
    LIBC(listener >= 0);
    LIBC(fcntl(listener, F_GETFD));
    LIBC(leave(SYS_getppid, 8));
    LIBC(leave(SYS_getpgrp + 10000, 0));
    LIBC(events(listener));
    char link[64], target[64];
    sprintf(link, "/proc/self/fd/%d", listener);
    target[readlink(link, target, sizeof target - 1)] = 0;
    printf("%s\n", target);
    struct seccomp_notif asked = {.id = 1};
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, NULL));
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, NULL));
    LIBC(ioctl(listener, 0xdead, NULL));
    LIBC(ioctl(listener, SET_FLAGS, 2L));
    LIBC(ioctl(listener, SET_FLAGS, 1L));
    LIBC(ioctl(listener, SET_FLAGS, 0L));
    char byte;
    LIBC(read(listener, &byte, 1));

    pid_t child = asks_once();
    struct pollfd wait = {listener, POLLIN, 0};
    poll(&wait, 1, -1);
    LIBC(events(listener));
    asked = read_question(child);
    LIBC(events(listener));
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked.id));
    struct seccomp_notif wrong = asked;
    wrong.id++;
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &wrong.id));
    answer(&wrong, 0, 0, 0);
    answer(&asked, 1, 0, 1);
    answer(&asked, 0, 0, 2);
    answer(&asked, 4321, 0, 0);
    waitpid(child, NULL, 0);
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked.id));

    child = asks_once();
    asked = read_question(child);
    answer(&asked, 0, -EXDEV, 0);
    waitpid(child, NULL, 0);

    child = asks_once();
    asked = read_question(child);
    answer(&asked, 0, 0, 1);
    waitpid(child, NULL, 0);

    child = asks_once();
    asked = read_question(child);
    struct seccomp_notif_addfd give = {asked.id, 0, listener, 9, 0};
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
    give.flags = 4;
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
    give.flags = SECCOMP_ADDFD_FLAG_SETFD;
    give.newfd_flags = O_APPEND;
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
    give.newfd_flags = O_CLOEXEC;
    give.newfd = 77;
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
    sprintf(link, "/proc/%d/fd/77", child);
    LIBC(access(link, F_OK));
    give.srcfd = 99;
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
    give = (struct seccomp_notif_addfd){asked.id + 5, 0, 1, 0, 0};
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
    give.id = asked.id;
    give.flags = SECCOMP_ADDFD_FLAG_SEND;
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give));
    waitpid(child, NULL, 0);

    child = asks_once();
    asked = read_question(child);
    kill(child, SIGUSR1);
    int status;  /* a signal without SA_RESTART ends the call: EINTR */
    waitpid(child, &status, 0);
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked.id));
    answer(&asked, 0, 0, 0);

    child = asks_once();
    asked = read_question(child);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    printf("status %x\n", status);
    answer(&asked, 0, 0, 0);

    child = asks_once();
    asked = read_question(child);
    close(listener);
    waitpid(child, NULL, 0);
    waitpid(asks_once(), NULL, 0);

    int pair[2];
    pipe(pair);
    fflush(stdout);
    child = fork();
    if (!child) {
        int made = leave(SYS_getpgid, 8);
        dup2(made, 50);
        write(pair[1], "", 1);
        pause();
    }
    read(pair[0], &byte, 1);
    int remote = syscall(434, child, 0);
    listener = syscall(438, remote, 50, 0);
    LIBC(listener >= 0);
    LIBC(events(listener));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    LIBC(events(listener));
    memset(&asked, 0, sizeof asked);
    LIBC(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
}
