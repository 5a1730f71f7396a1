/* Programs that take all there is of something, up to a limit of theirs: what they get is the same on every Linux.
 *
 * bombs KIND; each prints how far it came. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void limit(int resource, rlim_t most) {
    struct rlimit both = {most, most};
    if (setrlimit(resource, &both))
        printf("setrlimit: %d\n", errno);
}

/* Becomes a user that nobody else is, so that limits of users count this program alone. */
static void become(unsigned user) {
    if (syscall(SYS_setresuid, user, user, user))
        printf("setresuid: %d\n", errno);
}

static void told(const char *what, int status) {
    printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "killed by" : "exited", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int in_child(void (*deed)(void)) {
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        deed();
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

/* -- processes and threads -- */

static void processes(void) {
    become(54001);
    limit(RLIMIT_NPROC, 40);
    int made = 0, gate[2];
    pipe(gate);
    pid_t child;
    while ((child = fork()) > 0)
        made++;
    if (!child) {
        char byte;
        close(gate[1]);
        read(gate[0], &byte, 1);
        _exit(0);
    }
    printf("fork: %d after %d\n", errno, made);
    printf("again: %d %d\n", fork() < 0, errno);
    close(gate[1]);
    int ended = 0;
    while (wait(NULL) > 0)
        ended++;
    printf("ended %d, and there is room: %d\n", ended, (child = fork()) >= 0);
    if (!child)
        _exit(0);
    wait(NULL);
}

static void *waits_for_ever(void *argument) {
    for (;;)
        pause();
    return argument;
}

static void threads(void) {
    become(54002);
    limit(RLIMIT_NPROC, 30);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    pthread_t thread;
    int made = 0, error;
    while (!(error = pthread_create(&thread, &small, waits_for_ever, NULL)))
        made++;
    printf("pthread_create: %d after %d\n", error, made);
    printf("fork: %d %d\n", fork() < 0, errno);
}

/* Children that fork as their parents do, until nobody can. */
static void generations(void) {
    become(54003);
    limit(RLIMIT_NPROC, 64);
    for (int depth = 0; depth < 7; depth++)
        fork();
    sched_yield();
    while (wait(NULL) > 0)
        ;
    _exit(0);
}

/* Only user 0 may have more processes than its limit says. */
static void privileged(void) {
    limit(RLIMIT_NPROC, 1);
    pid_t child = fork();
    if (!child)
        _exit(0);
    printf("user 0 forks: %d\n", child > 0);
    wait(NULL);
}

/* -- signals -- */

static volatile sig_atomic_t seen;
static void count(int number) {
    (void)number;
    seen++;
}

static void signals(void) {
    become(54004);
    limit(RLIMIT_SIGPENDING, 50);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGRTMIN, count);
    signal(SIGRTMIN + 1, count);
    signal(SIGUSR1, count);
    int sent = 0;
    union sigval value = {.sival_int = 1};
    while (!sigqueue(getpid(), SIGRTMIN, value))
        sent++;
    printf("sigqueue: %d after %d\n", errno, sent);
    printf("tgkill: %ld %d\n", syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN + 1), errno);
    printf("kill: %d\n", kill(getpid(), SIGRTMIN + 1));
    printf("sigqueue of an old one: %d\n", sigqueue(getpid(), SIGUSR1, value));
    printf("kill of an old one: %d\n", kill(getpid(), SIGUSR1));
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        printf("child: %d %d\n", sigqueue(getpid(), SIGRTMIN, value), errno);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    int made = timer_create(CLOCK_MONOTONIC, &event, &timer);
    printf("timer_create: %d %d\n", made, made ? errno : 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    printf("delivered %d\n", seen);
    printf("sigqueue: %d, delivered %d\n", sigqueue(getpid(), SIGRTMIN, value), seen);
}

/* Touches the memory below its frame first: a stack that is all but full is full. */
static void raises(int number) {
    ((volatile char *)__builtin_frame_address(0))[-1024] = 0;
    raise(number);
}

static void nested(void) {
    struct sigaction action = {.sa_handler = raises, .sa_flags = SA_NODEFER};
    limit(RLIMIT_STACK, 1 << 20);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

/* The handler of the fault has no stack either. */
static void nested_and_handled(void) {
    signal(SIGSEGV, count);
    nested();
}

/* Handlers on an alternate stack, with nothing below it, raise until it is full. Were one to raise with less than a red
   zone left, its stack pointer would not count as on it, and the next frame would be the first again, for ever. */
static void nested_elsewhere(void) {
    char *space = mmap(NULL, 1 << 17, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = {.ss_sp = space + (1 << 16), .ss_size = 1 << 16};
    mprotect(stack.ss_sp, stack.ss_size, PROT_READ | PROT_WRITE);
    struct sigaction action = {.sa_handler = raises, .sa_flags = SA_NODEFER | SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

static void handlers(void) {
    told("nested handlers", in_child(nested));
    told("with a handler for the fault", in_child(nested_and_handled));
    told("on another stack", in_child(nested_elsewhere));
}

/* -- descriptors -- */

static void descriptors(void) {
    limit(RLIMIT_NOFILE, 100);
    int opened = 0, fd, ends[2];
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        opened++;
    printf("open: %d, last %d\n", errno, opened + 2);
    printf("pipe: %d %d\n", pipe(ends), errno);
    printf("dup: %d %d\n", dup(0), errno);
    printf("dup2: %d %d\n", dup2(0, 100), errno);
    printf("memfd_create: %d %d\n", (int)syscall(SYS_memfd_create, "x", 0), errno);
    close(50);
    printf("pipe: %d %d\n", pipe(ends), errno);
    printf("dup: %d\n", dup(0));
    limit(RLIMIT_NOFILE, 10);
    printf("open: %d %d\n", open("/dev/null", O_RDONLY), errno);
    printf("close of a high one: %d\n", close(99));
}

static void pipes(void) {
    int ends[2], filled = 0;
    pipe(ends);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    static char page[4096];
    while (write(ends[1], page, sizeof page) > 0)
        filled++;
    printf("write: %d after %d pages\n", errno, filled);
    printf("one byte: %zd %d\n", write(ends[1], page, 1), errno);
    read(ends[0], page, 4096);
    printf("one page: %zd\n", write(ends[1], page, 4096));
    printf("F_SETPIPE_SZ: %d\n", fcntl(ends[1], F_SETPIPE_SZ, 1 << 20));
    filled = 0;
    while (write(ends[1], page, sizeof page) > 0)
        filled++;
    printf("write: %d after %d more\n", errno, filled);
    printf("F_SETPIPE_SZ: %d %d\n", fcntl(ends[1], F_SETPIPE_SZ, 4096), errno);
    become(54005);
    printf("F_SETPIPE_SZ: %d %d\n", fcntl(ends[1], F_SETPIPE_SZ, 2 << 20), errno);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    printf("write: %zd %d\n", write(ends[1], page, 1), errno);
}

/* An ordinary user's pipes are small once they hold 16384 pages. */
static void many_pipes(void) {
    int last[2], made = 0;
    limit(RLIMIT_NOFILE, 2200);
    become(54006);
    while (made < 1030 && !pipe(last))
        made++;
    fcntl(last[1], F_SETFL, O_NONBLOCK);
    printf("pipe %d holds %d\n", made, fcntl(last[1], F_GETPIPE_SZ));
}

/* -- execve -- */

static char long_argument[(1 << 17) + 10];

static void arguments(void) {
    char *huge[] = {long_argument, NULL}, *none[] = {NULL};
    memset(long_argument, 'a', sizeof long_argument - 1);
    printf("one of 128 KiB: %d %d\n", execve("/proc/self/exe", huge, none), errno);
    printf("as environment: %d %d\n", execve("/proc/self/exe", none, huge), errno);
    long_argument[(1 << 17) - 1] = 0;
    char **many = calloc(1 << 20, sizeof *many);
    for (int i = 0; i < 100; i++)
        many[i] = long_argument;
    printf("many long ones: %d %d\n", execve("/proc/self/exe", many, none), errno);
    for (int i = 0; i < (1 << 20) - 1; i++)
        many[i] = (char *)"";
    printf("many short ones: %d %d\n", execve("/proc/self/exe", many, none), errno);
    limit(RLIMIT_STACK, 1 << 20);
    many[10] = NULL;
    for (int i = 0; i < 10; i++)
        many[i] = long_argument;
    printf("more than a quarter of the stack: %d %d\n", execve("/proc/self/exe", many, none), errno);
    printf("unmapped: %d %d\n", execve("/proc/self/exe", (char **)-4096L, none), errno);
    many[0] = (char *)-1L;
    printf("unmapped string: %d %d\n", execve("/proc/self/exe", many, none), errno);
    char *last[] = {(char *)"bombs", (char *)"nothing", NULL};
    printf("and then:\n");
    fflush(stdout);
    execve("/proc/self/exe", last, none);
}

static void nothing(void) { printf("nothing\n"); }

/* -- timers -- */

static void timers(void) {
    become(54007);
    limit(RLIMIT_SIGPENDING, 64);
    int made = 0;
    timer_t timer[100];
    signal(SIGRTMIN, count);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    while (made < 100 && !timer_create(CLOCK_MONOTONIC, &event, &timer[made]))
        made++;
    printf("timer_create: %d after %d\n", errno, made);
    struct itimerspec often = {{0, 1000000}, {0, 1000000}}, never = {{0, 0}, {0, 0}};
    for (int i = 0; i < made; i++)
        timer_settime(timer[i], 0, &often, NULL);
    while (seen < 2 * made)
        ;
    for (int i = 0; i < made; i++)
        timer_settime(timer[i], 0, &never, NULL);
    printf("expired: %d\n", seen >= 2 * made);
}

/* -- all there is: only where the machine is small -- */

static void touch_all(void) {
    for (;;) {
        char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            _exit(7);
        for (long i = 0; i < 1 << 20; i += 4096)
            at[i] = 1;
    }
}

static void heap_all(void) {
    char *at = (char *)syscall(SYS_brk, 0);
    while ((char *)syscall(SYS_brk, at + (1 << 20)) == at + (1 << 20)) {
        memset(at, 1, 1 << 20);
        at += 1 << 20;
    }
    _exit(7);
}

static void shared_all(void) {
    for (;;) {
        char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            _exit(7);
        memset(at, 1, 1 << 20);
    }
}

static void file_all(void) {
    static char block[65536];
    int fd = syscall(SYS_memfd_create, "all", 0);
    ssize_t done;
    while ((done = write(fd, block, sizeof block)) > 0)
        ;
    _exit(done < 0 && (errno == ENOMEM || errno == ENOSPC) ? 8 : 9);
}

static void locked_all(void) {
    mlockall(MCL_FUTURE);
    touch_all();
}

/* A family copies the same memory until there is none; some of it dies, the first lives. */
static void copies(void) {
    static char memory[4 << 20];
    memset(memory, 1, sizeof memory);
    int made = 0, killed = 0, status, gate[2];
    pipe(gate);
    pid_t child;
    while (made < 40 && (child = fork()) > 0)
        made++;
    if (!child) {
        char byte;
        memset(memory, 2, sizeof memory);
        close(gate[1]);
        read(gate[0], &byte, 1);
        _exit(0);
    }
    struct timespec moment = {1, 0};
    nanosleep(&moment, NULL);
    close(gate[1]);
    while (wait(&status) > 0)
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    printf("some are killed: %d, not all: %d\n", killed > 0, killed < made);
    fflush(stdout);
    _exit(memory[5]);
}

static void memory(void) {
    told("mappings", in_child(touch_all));
    told("heap", in_child(heap_all));
    told("shared", in_child(shared_all));
    told("file", in_child(file_all));
    told("locked", in_child(locked_all));
    told("copies", in_child(copies));
}

/* Forks without a limit of its own: the machine has one. */
static void unlimited(void) {
    int made = 0, gate[2];
    pid_t child;
    pipe(gate);
    while ((child = fork()) > 0)
        made++;
    if (!child) {
        char byte;
        close(gate[1]);
        read(gate[0], &byte, 1);
        _exit(0);
    }
    printf("fork: %d after some: %d\n", errno, made > 100);
    close(gate[1]);
    while (wait(NULL) > 0)
        made--;
    printf("left: %d\n", made);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*deed)(void);
    } kinds[] = {
        {"processes", processes}, {"threads", threads}, {"generations", generations}, {"privileged", privileged},
        {"signals", signals}, {"handlers", handlers}, {"descriptors", descriptors}, {"pipes", pipes},
        {"many_pipes", many_pipes}, {"arguments", arguments}, {"nothing", nothing}, {"timers", timers},
        {"memory", memory}, {"unlimited", unlimited},
    };
    for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(argv[1], kinds[i].name)) {
            kinds[i].deed();
            fflush(stdout);
            _exit(0);
        }
    return 1;
}
