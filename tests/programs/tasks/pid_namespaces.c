/* Namespaces of process numbers: what processes are called inside and outside, and what their first process is. */
#include "call.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

struct clone_args_ {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static volatile siginfo_t last;

static void note(int signo, siginfo_t *info, void *context) {
    (void)signo, (void)context;
    *(siginfo_t *)&last = *info;
}

static void handle(int signo) {
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(signo, &action, NULL);
}

static int ended(int child) {
    int status = -1;
    waitpid(child, &status, 0);
    return status & ~0x80;
}

static void tell(int fd) {
    if (write(fd, "x", 1) != 1)
        abort();
}

static int heard(int fd) {
    char byte;
    return (int)read(fd, &byte, 1);
}

static void write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        abort();
    close(fd);
}

/* User 0 of a namespace of its own, whose children are born in one of numbers. */
static void unshare_numbers(void) {
    char users[40], groups[40];
    sprintf(users, "0 %d 1", geteuid());
    sprintf(groups, "0 %d 1", getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID))
        abort();
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", users);
    write_file("/proc/self/gid_map", groups);
}

/* A new namespace, whose first process does something; the caller is not in it. */
static int first_process(void (*deed)(void)) {
    fflush(stdout);
    int child = fork();
    if (child == 0) {
        deed();
        fflush(stdout);
        _exit(0);
    }
    return child;
}

static void numbers_inside(void) {
    printf("inside: pid %d tid %ld ppid %d pgrp %d sid %d\n", getpid(), syscall(SYS_gettid), getppid(), getpgrp(),
           getsid(0));
    printf("setsid %d pgrp %d sid %d\n", setsid(), getpgrp(), getsid(0));
    for (int i = 0; i < 2; i++) {
        fflush(stdout);
        int child = fork();
        if (child == 0) {
            printf("child: pid %d ppid %d pgrp %d sid %d\n", getpid(), getppid(), getpgrp(), getsid(0));
            printf("setpgid %ld pgrp %d\n", call(SYS_setpgid, 0, 0), getpgrp());
            fflush(stdout);
            _exit(i + 1);
        }
        siginfo_t info = {0};
        printf("waitid %ld\n", call(SYS_waitid, P_PID, child, &info, WEXITED | WNOWAIT));
        printf("found %d status %d\n", info.si_pid, info.si_status);
        printf("waitpid(%d) = %d status %x\n", child, child, (unsigned)ended(child));
    }
    TRY(kill, 4000, 0);
    TRY(kill, 1, 0);
    TRY(kill, 3, 0);
    TRY(kill, -1, SIGTERM);
    TRY(getpgid, 1);
    TRY(getpgid, 12);
    TRY(sched_getscheduler, 1);
    TRY(sched_getscheduler, 12);
    TRY(getpriority, 0, 1);
    TRY(getpriority, 0, 12);
    TRY(tgkill, 1, 1, 0);
    TRY(tgkill, 1, 12, 0);
    printf("pidfd_open %d\n", call(SYS_pidfd_open, 1, 0) >= 0);
    TRY(pidfd_open, 12, 0);
    TRY(set_tid_address, 0);
}

static void numbers(void) {
    TRY(unshare, CLONE_NEWUSER | CLONE_NEWPID);
    TRY(unshare, CLONE_NEWPID);
    printf("not in it yet: %d\n", getpid() > 1);
    printf("a thread: %ld\n", call(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0));
    int child = first_process(numbers_inside);
    printf("known outside by another number: %d\n", child > 1);
    printf("ended %x\n", (unsigned)ended(child));
    printf("fork after the first has ended: %ld\n", call(SYS_fork));
}

static int to_first[2], from_first[2];

static void unwanted(void) {
    raise(SIGTERM);
    TRY(kill, 1, SIGKILL);
    TRY(kill, 1, SIGSTOP);
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    raise(SIGHUP);
    sigprocmask(SIG_SETMASK, &before, NULL);
    printf("alive\n");
    handle(SIGUSR1);
    raise(SIGUSR1);
    printf("from itself: pid %d code %d\n", last.si_pid, last.si_code);
    if (fork() == 0) {
        kill(1, SIGUSR1);
        _exit(0);
    }
    while (wait(NULL) < 0)
        ;
    printf("from its child: pid %d\n", last.si_pid);
    handle(SIGCHLD);
    if (fork() == 0)
        _exit(3);
    while (wait(NULL) < 0)
        ;
    printf("SIGCHLD of %d status %d\n", last.si_pid, last.si_status);
    sigset_t one;
    siginfo_t info;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, NULL);
    tell(from_first[1]);
    sigwaitinfo(&one, &info);
    printf("from above: pid %d code %d signal %d\n", info.si_pid, info.si_code, info.si_signo);
    fflush(stdout);
    tell(from_first[1]);
    pause();
}

static void signals(void) {
    if (pipe(to_first) || pipe(from_first))
        abort();
    unshare_numbers();
    int child = first_process(unwanted);
    heard(from_first[0]);
    kill(child, SIGTERM); /* not asked for */
    kill(child, SIGUSR1);
    heard(from_first[0]);
    kill(child, SIGKILL);
    printf("ended %x\n", (unsigned)ended(child));
}

static void faults(void) {
    *(volatile int *)8 = 1;
}

static void faulty(void) {
    unshare_numbers();
    prctl(PR_SET_DUMPABLE, 0);
    printf("ended %x\n", (unsigned)ended(first_process(faults)));
}

static void adopts(void) {
    int said[2];
    if (pipe(said))
        abort();
    int child = fork();
    if (child == 0) {
        if (fork() == 0) {
            close(said[1]);
            heard(said[0]); /* the parent has ended */
            printf("orphan %d of %d\n", getpid(), getppid());
            fflush(stdout);
            _exit(9);
        }
        _exit(0);
    }
    printf("child %d: %x\n", child, (unsigned)ended(child));
    fflush(stdout);
    close(said[1]);
    int status, found = wait(&status);
    printf("adopted %d: %x\n", found, status);
    fflush(stdout);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            setsid();
            if (fork())
                pause();
            tell(from_first[1]);
            pause();
        }
    heard(to_first[0]);
}

static void end_of_all(void) {
    if (pipe(to_first) || pipe(from_first))
        abort();
    unshare_numbers();
    int child = first_process(adopts);
    close(from_first[1]);
    for (int i = 0; i < 3; i++)
        heard(from_first[0]);
    close(to_first[1]);
    close(to_first[0]);
    kill(child, SIGKILL);
    printf("ended %x\n", (unsigned)ended(child));
    printf("all have ended with it: %d\n", heard(from_first[0]));
}

static int pair[2];

static void send_credentials(int fd, const struct ucred *who) {
    struct iovec part = {"x", 1};
    char control[CMSG_SPACE(sizeof *who)] = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (who) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_CREDENTIALS;
        head->cmsg_len = CMSG_LEN(sizeof *who);
        memcpy(CMSG_DATA(head), who, sizeof *who);
    }
    if (sendmsg(fd, &message, 0) < 0)
        printf("sendmsg: %d\n", errno);
}

static struct ucred receive_credentials(int fd) {
    char byte, control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct ucred who = {-2, 0, 0};
    if (recvmsg(fd, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
        memcpy(&who, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof who);
    return who;
}

static int file, owner;

static void others_numbers(void) {
    struct ucred who = receive_credentials(pair[1]);
    printf("credentials of who is above: pid %d\n", who.pid);
    send_credentials(pair[1], NULL);
    struct ucred mine = {1, getuid(), getgid()}, wrong = {17, getuid(), getgid()};
    send_credentials(pair[1], &mine);
    send_credentials(pair[1], &wrong);
    struct flock lock = {.l_type = F_WRLCK};
    fcntl(file, F_GETLK, &lock);
    printf("a lock from above: type %d pid %d\n", lock.l_type, lock.l_pid);
    lock = (struct flock){.l_type = F_WRLCK, .l_start = 10, .l_len = 1};
    printf("lock %d\n", fcntl(file, F_SETLK, &lock));
    fflush(stdout);
    if (fork() == 0) {
        lock = (struct flock){.l_type = F_WRLCK, .l_start = 10, .l_len = 1};
        fcntl(file, F_GETLK, &lock);
        printf("a lock of its parent: type %d pid %d\n", lock.l_type, lock.l_pid);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    printf("owner from above: %d\n", fcntl(owner, F_GETOWN));
    printf("setown %d\n", fcntl(owner, F_SETOWN, 1));
    printf("owner %d\n", fcntl(owner, F_GETOWN));
    printf("setown of nobody %ld\n", call(SYS_fcntl, owner, F_SETOWN, 77));
    fflush(stdout);
    tell(from_first[1]);
    heard(to_first[0]);
}

static void passed(void) {
    if (pipe(to_first) || pipe(from_first) || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
        abort();
    int one = 1;
    setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
    setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
    file = memfd_create("locked", 0);
    ftruncate(file, 100);
    struct flock lock = {.l_type = F_WRLCK, .l_start = 0, .l_len = 1};
    fcntl(file, F_SETLK, &lock);
    owner = dup(pair[0]);
    fcntl(owner, F_SETOWN, getpid());
    unshare_numbers();
    send_credentials(pair[0], NULL);
    int child = first_process(others_numbers);
    heard(from_first[0]);
    printf("credentials of who is below: %d %d\n", receive_credentials(pair[0]).pid == child,
           receive_credentials(pair[0]).pid == child);
    lock = (struct flock){.l_type = F_WRLCK, .l_start = 10, .l_len = 1};
    fcntl(file, F_GETLK, &lock);
    printf("a lock from below: %d\n", lock.l_pid == child);
    printf("owner below: %d\n", fcntl(owner, F_GETOWN) == child);
    tell(to_first[1]);
    ended(child);
}

static long clone_with(uint64_t flags, const int *numbers, int count) {
    struct clone_args_ args = {.flags = flags, .exit_signal = SIGCHLD, .set_tid = (uintptr_t)numbers, .set_tid_size = count};
    fflush(stdout);
    return call(SYS_clone3, &args, sizeof args);
}

static void chosen(int count, int number, int above) {
    int numbers[] = {number, above, 500};
    long child = clone_with(0, numbers, count);
    if (child == 0) {
        printf("chosen: %d\n", getpid());
        fflush(stdout);
        _exit(0);
    }
    printf("clone3 with %d numbers, %d: %ld\n", count, number, child);
    if (child > 0)
        ended((int)child);
}

static void chooses(void) {
    chosen(1, 20, 0);
    chosen(1, 21, 0);
    chosen(1, 1, 0);
    chosen(1, 0, 0);
    chosen(1, 1 << 30, 0);
    chosen(3, 22, 1 << 30);
    int next = fork();
    if (next == 0)
        _exit(0);
    printf("next %d\n", next);
    ended(next);
    printf("a sibling of the first: %ld\n", call(SYS_clone, CLONE_PARENT | SIGCHLD, 0));
}

static void set_tid(void) {
    unshare_numbers();
    int five = 5;
    printf("the first with another number: %ld\n", clone_with(0, &five, 1));
    ended(first_process(chooses));
}

static void names(const char *title) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, "NSpid:", 6)) {
            char *rest = strchr(line + 7, '\t');
            printf("%s: below the first %s", title, rest ? rest + 1 : "nothing\n");
        }
    fclose(status);
}

static void innermost(void) {
    names("innermost");
    printf("pid %d\n", getpid());
}

static void nested_first(void) {
    names("inner");
    printf("fork %d\n", ended(fork() ? -1 : (_exit(0), 0)) != 0);
    wait(NULL);
    TRY(unshare, CLONE_NEWPID);
    int child = first_process(innermost);
    printf("known as %d: %x\n", child, (unsigned)ended(child));
}

static void nested(void) {
    unshare_numbers();
    names("outside");
    ended(first_process(nested_first));
}

static void waits(void) {
    tell(from_first[1]);
    heard(to_first[0]);
}

static void entering(void) {
    char path[60];
    if (pipe(to_first) || pipe(from_first) || unshare(CLONE_NEWUSER))
        abort();
    int own = open("/proc/self/ns/pid", O_RDONLY), child = (int)call(SYS_clone, CLONE_NEWPID | SIGCHLD, 0);
    if (child == 0) {
        TRY(setns, own, CLONE_NEWPID);
        fflush(stdout);
        waits();
        _exit(0);
    }
    heard(from_first[0]);
    sprintf(path, "/proc/%d/ns/pid", child);
    int inner = open(path, O_RDONLY);
    TRY(setns, inner, CLONE_NEWNET);
    printf("setns %ld\n", call(SYS_setns, inner, CLONE_NEWPID));
    char a[60] = {0}, b[60] = {0};
    readlink("/proc/self/ns/pid", a, 59);
    readlink("/proc/self/ns/pid_for_children", b, 59);
    printf("its children are elsewhere: %d\n", strcmp(a, b) != 0);
    fflush(stdout);
    int entered = fork();
    if (entered == 0) {
        printf("entered as %d, parent %d\n", getpid(), getppid());
        fflush(stdout);
        tell(from_first[1]);
        pause();
    }
    heard(from_first[0]);
    printf("back %ld\n", call(SYS_setns, own, CLONE_NEWPID));
    tell(to_first[1]);
    printf("entered one ended %x\n", (unsigned)ended(entered)); /* before this the first one does not end */
    printf("first ended %x\n", (unsigned)ended(child));
}

static pthread_mutex_t mutex;
static volatile int stage;

static void *second(void *unused) {
    stage = 1;
    printf("second locks: %d\n", pthread_mutex_lock(&mutex));
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void locks(void) {
    pthread_mutexattr_t attributes;
    pthread_t other;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutex_lock(&mutex);
    printf("thread %d\n", pthread_create(&other, NULL, second, NULL));
    while (!stage)
        sched_yield();
    pthread_mutex_unlock(&mutex);
    pthread_join(other, NULL);
    fflush(stdout);
    execl("/proc/self/exe", "again", "again", NULL);
}

static void threads(void) {
    unshare_numbers();
    printf("ended %x\n", (unsigned)ended(first_process(locks)));
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        printf("another program: pid %d\n", getpid());
        return 4;
    }
    in_child("numbers", numbers);
    in_child("signals", signals);
    in_child("a fault", faulty);
    in_child("the end of all", end_of_all);
    in_child("passed on", passed);
    in_child("chosen numbers", set_tid);
    in_child("nested", nested);
    in_child("entering", entering);
    in_child("threads", threads);
    return 0;
}
