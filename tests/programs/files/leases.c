/* Leases: which files can have them, who breaks them, and how the holder is told. */
#include "try.h"

#include <signal.h>
#include <sys/time.h>

#ifndef F_SETLEASE
#define F_SETLEASE 1024
#define F_GETLEASE 1025
#endif

static volatile sig_atomic_t signalled, told_fd, told_code;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    signalled = number;
    told_fd = info->si_fd;
    told_code = info->si_code;
}

static void on_alarm(int number) { (void)number; }

static void kinds(void) {
    int reader = open("f", O_RDONLY), writer, both, dir = open(".", O_RDONLY), ends[2];
    pipe(ends);
    SHOW(fcntl(reader, F_GETLEASE));
    SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(reader, F_GETLEASE));
    SHOW(fcntl(reader, F_SETLEASE, F_WRLCK));
    SHOW(fcntl(reader, F_GETLEASE));
    SHOW(fcntl(reader, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(reader, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(reader, F_SETLEASE, 7));
    SHOW(fcntl(dir, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(ends[0], F_SETLEASE, F_RDLCK));
    SHOW(fcntl(ends[0], F_GETLEASE));
    SHOW(fcntl(77, F_SETLEASE, F_RDLCK));
    both = open("f", O_RDWR);
    SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(both, F_SETLEASE, F_WRLCK));
    close(reader);
    SHOW(fcntl(both, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(both, F_SETLEASE, F_WRLCK));
    close(both);
    writer = open("f", O_WRONLY);
    SHOW(fcntl(writer, F_SETLEASE, F_WRLCK));
    close(writer);
    int one = open("f", O_RDONLY), two = open("f", O_RDONLY);
    SHOW(fcntl(one, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(two, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(one, F_SETLEASE, F_WRLCK));
    close(two);
    SHOW(fcntl(one, F_SETLEASE, F_WRLCK));
    close(one);
    int path = open("f", O_PATH);
    SHOW(fcntl(path, F_GETLEASE));
    close(path);
}

/* a child that has a lease and gives way, or not; the parent opens */
static void broken(int kind, int flags, int answer, int truncate_it) {
    int ready[2];
    char byte;
    pipe(ready);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        int fd = open("f", O_RDONLY);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        fcntl(fd, F_SETSIG, SIGUSR1);
        fcntl(fd, F_SETLEASE, kind);
        write(ready[1], "", 1);
        siginfo_t info;
        sigwaitinfo(&set, &info);
        printf("told by signal %d code %d band %lx of fd %d; the lease is to be %d\n", info.si_signo == SIGUSR1, info.si_code,
               (long)info.si_band, info.si_fd == fd, fcntl(fd, F_GETLEASE));
        fflush(stdout);
        if (answer < 0)
            close(fd);
        else
            fcntl(fd, F_SETLEASE, answer);
        pause();
        _exit(0);
    }
    read(ready[0], &byte, 1);
    int nonblocking = open("f", flags | O_NONBLOCK);
    int error = errno;
    int result = truncate_it ? truncate("f", 3) : open("f", flags);
    printf("at once %d, then %d\n", nonblocking < 0 ? -error : 0, result < 0 ? -errno : 0);
    if (!truncate_it)
        close(result);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

static void interrupted(void) {
    struct sigaction action = {.sa_handler = on_alarm}, told = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    struct itimerval soon = {{0, 0}, {0, 50000}};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGIO, &told, NULL);
    int fd = open("f", O_RDWR);
    SHOW(fcntl(fd, F_SETLEASE, F_WRLCK));
    SHOW(fcntl(fd, F_GETOWN) == getpid());
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(open("f", O_RDONLY));
    SHOW(signalled == SIGIO);
    SHOW(fcntl(fd, F_GETLEASE));
    SHOW(fcntl(fd, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(fd, F_SETLEASE, F_UNLCK));
    close(fd);
}

int main(void) {
    close(open("f", O_CREAT | O_WRONLY, 0666));
    kinds();
    broken(F_RDLCK, O_WRONLY, F_UNLCK, 0);
    broken(F_RDLCK, O_RDWR, -1, 0);
    broken(F_WRLCK, O_RDONLY, F_RDLCK, 0);
    broken(F_WRLCK, O_RDONLY, F_UNLCK, 0);
    broken(F_WRLCK, O_WRONLY | O_TRUNC, F_UNLCK, 0);
    broken(F_RDLCK, O_WRONLY, F_UNLCK, 1);
    interrupted();
    return 0;
}
