/* POSIX message queues: priorities, limits, errors, time limits, signals when a message comes, poll and permissions. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TELL(what)                                                    \
    do {                                                              \
        errno = 0;                                                    \
        long result = (what);                                         \
        printf("%s: %ld %d\n", #what, result, result < 0 ? errno : 0); \
        fflush(stdout);                                               \
    } while (0)

static volatile int told, code, value, sender;

static void handler(int signal, siginfo_t *info, void *context) {
    told++;
    code = info->si_code;
    value = info->si_value.sival_int;
    sender = info->si_pid;
}

static int state(mqd_t queue) {
    struct pollfd one = {queue, POLLIN | POLLOUT, 0};
    poll(&one, 1, 0);
    return one.revents;
}

int main(void) {
    char name[64], text[128];
    unsigned priority = 0;
    struct mq_attr size = {.mq_maxmsg = 3, .mq_msgsize = 16}, none = {.mq_maxmsg = 0, .mq_msgsize = 16}, now;
    struct timespec past = {1, 0}, bad = {1, -1};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 4711};
    struct sigevent silent = {.sigev_notify = SIGEV_NONE}, odd = {.sigev_notify = 77}, high = {.sigev_signo = 99};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct stat status;
    sigaction(SIGUSR1, &action, 0);
    setvbuf(stdout, 0, _IOLBF, 0);
    snprintf(name, sizeof name, "/ring3-test-%d", getpid());
    TELL(mq_open(name, O_RDWR));
    TELL(mq_open("/a/b", O_RDWR | O_CREAT, 0600, &size));
    TELL(mq_open("/", O_RDWR));
    TELL(mq_open(name, O_RDWR | O_CREAT, 0600, &none));
    umask(022);
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0666, &size);
    TELL(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &size));
    mqd_t reader = mq_open(name, O_RDONLY | O_NONBLOCK);
    TELL(fcntl(queue, F_GETFD));
    TELL(fstat(queue, &status));
    printf("mode %o size %d links %d\n", status.st_mode, (int)status.st_size, (int)status.st_nlink);
    TELL(state(queue));
    TELL(mq_receive(reader, text, 16, &priority));
    TELL(mq_receive(reader, text, 15, &priority));
    TELL(mq_send(reader, "x", 1, 0));
    TELL(mq_send(queue, "12345678901234567", 17, 0));
    TELL(mq_send(queue, "x", 1, 32768));
    TELL(mq_send(1, "x", 1, 0));
    TELL(mq_send(queue, "low", 4, 1));
    TELL(mq_send(queue, "high", 5, 32767));
    TELL(mq_send(queue, "", 0, 1));
    TELL(state(queue));
    TELL(mq_timedsend(queue, "more", 5, 1, &past));
    TELL(mq_timedsend(queue, "more", 5, 1, &bad));
    TELL(mq_getattr(reader, &now));
    printf("flags %lo of %ld messages of %ld bytes %ld\n", now.mq_flags, now.mq_maxmsg, now.mq_msgsize, now.mq_curmsgs);
    TELL(mq_receive(reader, text, 16, &priority));
    printf("%s %u\n", text, priority);
    TELL(mq_receive(reader, text, 16, &priority));
    printf("%s %u\n", text, priority);
    TELL(mq_receive(reader, text, 16, 0));
    TELL(mq_timedreceive(queue, text, 16, &priority, &past));
    now.mq_flags = O_NONBLOCK | O_APPEND;
    TELL(mq_setattr(queue, &now, 0));
    now.mq_flags = O_NONBLOCK;
    TELL(mq_setattr(queue, &now, &size));
    printf("flags %lo\n", size.mq_flags);
    TELL(mq_receive(queue, text, 16, &priority));
    now.mq_flags = 0;
    TELL(mq_setattr(queue, &now, 0));

    TELL(mq_notify(queue, &odd));
    TELL(mq_notify(queue, &high));
    TELL(mq_notify(queue, &event));
    TELL(mq_notify(reader, &silent));
    pid_t child = fork();
    if (!child) {
        int other = mq_notify(queue, &event) < 0 ? errno : 0;
        mq_send(queue, "from the child", 15, 3);
        mq_send(queue, "again", 6, 3);
        _exit(other);
    }
    int ended;
    waitpid(child, &ended, 0);
    printf("child %x, told %d code %d value %d from it %d\n", ended, told, code, value, sender == child);
    TELL(mq_notify(queue, &silent));
    TELL(mq_notify(queue, 0));
    TELL(mq_receive(queue, text, 16, &priority));
    TELL(mq_receive(queue, text, 16, &priority));

    child = fork();
    if (!child)
        _exit(mq_receive(queue, text, 16, &priority) == 6 && priority == 9 ? 0 : 1);
    TELL(mq_send(queue, "wakes", 6, 9));
    waitpid(child, &ended, 0);
    printf("child %x\n", ended);
    TELL(mq_unlink(name));
    TELL(mq_unlink(name));
    TELL(mq_send(queue, "still", 6, 0));
    TELL(mq_close(queue));
    TELL(mq_close(queue));
    return 0;
}
