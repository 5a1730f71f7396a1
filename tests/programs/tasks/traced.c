/* What a tracer is told and may do, in the order of ptrace(2): group stops, news of them, signals, steps, ends, registers.
 *
 * With a seed and a number: so many requests and signals as chance has it, each followed by what wait(2) reports. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANDLED_BYTES 4096

#ifndef PTRACE_LISTEN
#define PTRACE_LISTEN 0x4208
#endif

static const char *self;

static void rest(void) {
    struct timespec time = {0, 1000000};
    nanosleep(&time, 0);
}

/* Who was woken runs ('R' in proc(5)) until it stops or sleeps again, however long a loaded host leaves it waiting. */
static void settle(pid_t pid) {
    char path[32], state;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    do {
        rest();
        FILE *file = fopen(path, "r");
        if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = 'X';
        if (file)
            fclose(file);
    } while (state == 'R' || state == 'D');
}

static long request(int number, pid_t pid, unsigned long address, unsigned long data) {
    return syscall(SYS_ptrace, number, pid, address, data) < 0 ? -errno : 0;
}

/* What the victim's handler saw: told by the tracer at the next rest, so that the order of lines is no matter of chance. */
static char *handled;

/* What wait(2) has to say, once things have come to rest. */
static int news(pid_t pid, const char *title) {
    int status = 0;
    settle(pid);
    printf("%s", handled);
    handled[0] = 0;
    pid_t found = waitpid(pid, &status, WNOHANG | __WALL);
    printf(" %s %d %x", title, found == pid ? 1 : found, found == pid ? status & ~0x80 : 0);
    return found == pid ? status : 0;
}

static void handler(int signal, siginfo_t *info, void *context) {
    size_t used = strlen(handled);
    snprintf(handled + used, HANDLED_BYTES - used, "[handled %d code %d value %d]", signal, info->si_code, info->si_value.sival_int);
}

static pid_t victim(void) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
        sigaction(SIGUSR1, &action, 0);
        for (;;)
            pause();
    }
    settle(child);
    return child;
}

static void end(pid_t child) {
    int status;
    kill(child, SIGKILL);
    while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status))
        ptrace(PTRACE_CONT, child, 0, 0);
    printf(" ended %x\n", status);
}

static void group_stops(int seize) {
    siginfo_t info;
    pid_t child = victim();
    printf("%s: %ld", seize ? "seized" : "attached", request(seize ? PTRACE_SEIZE : PTRACE_ATTACH, child, 0, 0));
    news(child, "first");
    if (!seize)
        request(PTRACE_CONT, child, 0, 0);
    kill(child, SIGSTOP);
    news(child, "signal");
    printf(" info %ld", request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info));
    printf(" go on %ld", request(PTRACE_CONT, child, 0, SIGSTOP));
    news(child, "group");
    printf(" info %ld", request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info));
    printf(" listen %ld", request(PTRACE_LISTEN, child, 0, 0));
    news(child, "listening");
    printf(" asked %ld", request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info));
    kill(child, SIGCONT);
    news(child, "continued");
    request(PTRACE_CONT, child, 0, 0);
    news(child, "signal");
    request(PTRACE_CONT, child, 0, 0);
    printf(" interrupt %ld", request(PTRACE_INTERRUPT, child, 0, 0));
    news(child, "interrupted");
    end(child);
    child = victim();
    kill(child, SIGSTOP);
    settle(child);
    printf("one that is stopped: %ld", request(seize ? PTRACE_SEIZE : PTRACE_ATTACH, child, 0, 0));
    news(child, "first");
    printf(" info %ld", request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info));
    printf(" detach %ld", request(PTRACE_DETACH, child, 0, 0));
    news(child, "stays");
    end(child);
}

static void signals(void) {
    siginfo_t info;
    pid_t child = victim();
    request(PTRACE_SEIZE, child, 0, 0);
    kill(child, SIGUSR1);
    news(child, "signal");
    request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    info.si_code = -1;
    info.si_value.sival_int = 4711;
    printf(" set %ld", request(PTRACE_SETSIGINFO, child, 0, (unsigned long)&info));
    request(PTRACE_CONT, child, 0, SIGUSR1);
    news(child, "after it");
    kill(child, SIGUSR1);
    news(child, "signal");
    request(PTRACE_SINGLESTEP, child, 0, SIGUSR1);
    news(child, "in the handler");
    request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    printf(" code %d", info.si_code);
    request(PTRACE_SINGLESTEP, child, 0, 0);
    news(child, "a step");
    request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
    printf(" code %d", info.si_code);
    struct user_regs_struct regs;
    ptrace(PTRACE_GETREGS, child, 0, &regs);
    printf(" trap flag %d", !!(regs.eflags & 0x100));
    end(child);
    child = victim();
    printf("a stranger: kill %ld interrupt %ld cont %ld", request(PTRACE_KILL, child, 0, 0), request(PTRACE_INTERRUPT, child, 0, 0),
           request(PTRACE_CONT, child, 0, 0));
    news(child, "lives");
    end(child);
}

static void *execs(void *unused) {
    rest();
    execl(self, self, "execd", (char *)0);
    return unused;
}
static void *waits(void *unused) {
    for (;;)
        pause();
    return unused;
}

static void ends(int how) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        pthread_t thread;
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        if (how == 2)
            pthread_create(&thread, 0, execs, 0);
        if (how == 1)
            _exit(3);
        waits(0);
    }
    int status;
    waitpid(child, &status, 0);
    request(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
    request(PTRACE_CONT, child, 0, 0);
    printf("end %d:", how);
    if (how == 0) {
        settle(child);
        kill(child, SIGKILL);
    }
    for (int i = 0; i < 12; i++) {
        pid_t who = waitpid(-1, &status, __WALL);
        if (who < 0)
            break;
        unsigned long message = 0;
        if (status >> 16)
            ptrace(PTRACE_GETEVENTMSG, who, 0, &message);
        printf(" %s %x", who == child ? "first" : "other", status);
        if (status >> 16 == PTRACE_EVENT_EXIT)
            printf(" message %lx", message);
        int signal = WSTOPSIG(status);
        ptrace(PTRACE_CONT, who, 0, signal == SIGTRAP || signal == SIGSTOP ? 0 : signal);
    }
    printf("\n");
}

static void registers(void) {
    pid_t child = victim();
    struct user_regs_struct regs;
    request(PTRACE_SEIZE, child, 0, 0);
    request(PTRACE_INTERRUPT, child, 0, 0);
    news(child, "stop");
    char room[1024];
    static const struct {
        int kind, length;
    } sets[] = {{NT_PRSTATUS, 16}, {NT_PRSTATUS, 13}, {NT_PRSTATUS, 0}, {NT_PRSTATUS, 400}, {NT_386_IOPERM, 64}, {0x1234, 64}};
    for (unsigned i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct iovec vector = {room, sets[i].length};
        long result = request(PTRACE_GETREGSET, child, sets[i].kind, (unsigned long)&vector);
        printf(" set %x of %d: %ld %d", sets[i].kind, sets[i].length, result, (int)vector.iov_len);
    }
    ptrace(PTRACE_GETREGS, child, 0, &regs);
    regs.eflags |= 0x200000;
    request(PTRACE_SETREGS, child, 0, (unsigned long)&regs);
    ptrace(PTRACE_GETREGS, child, 0, &regs);
    printf(" ID %d", !!(regs.eflags & 0x200000));
    unsigned long word = sizeof(long), end_of_user = sizeof(struct user);
    unsigned long value = 0, breakpoints = offsetof(struct user, u_debugreg);
    printf(" user: %ld %ld %ld", request(PTRACE_PEEKUSER, child, end_of_user - word, (unsigned long)&value),
           request(PTRACE_PEEKUSER, child, end_of_user, (unsigned long)&value), request(PTRACE_PEEKUSER, child, 1, (unsigned long)&value));
    printf(" DR4 %ld", request(PTRACE_POKEUSER, child, breakpoints + 4 * word, 0));
    printf(" DR6 %ld", request(PTRACE_PEEKUSER, child, breakpoints + 6 * word, (unsigned long)&value));
    printf(" %lx", value);
#ifdef __x86_64__
    struct user_fpregs_struct fp;
    ptrace(PTRACE_GETFPREGS, child, 0, &fp);
    fp.mxcsr |= 1u << 20;
    printf(" mxcsr %ld", request(PTRACE_SETFPREGS, child, 0, (unsigned long)&fp));
    printf(" base %ld", request(PTRACE_ARCH_PRCTL, child, (unsigned long)&value, 0x1003));
    printf(" %d", value == regs.fs_base);
    printf(" beyond %ld", request(PTRACE_ARCH_PRCTL, child, 1ul << 62, 0x1002));
#endif
    end(child);
}

/* A child is told when the thread that made it ends, and not only the whole process. */
static int ready[2];
static pid_t orphan;
static void *makes(void *unused) {
    char byte;
    orphan = fork();
    if (!orphan) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    read(ready[0], &byte, 1);
    return unused;
}
static void parents(void) {
    int status;
    pthread_t thread;
    pipe(ready);
    fflush(stdout);
    pthread_create(&thread, 0, makes, 0);
    pthread_join(thread, 0);
    waitpid(orphan, &status, 0);
    printf("a thread was the parent: %x\n", status);
}

static unsigned state;
static unsigned chance(unsigned below) {
    state = state * 1103515245 + 12345;
    return (state >> 16) % below;
}

static void at_random(int count) {
    static const char *names[] = {"STOP", "CONT", "USR1", "cont", "cont with it", "interrupt", "listen", "info", "syscall"};
    pid_t child = victim();
    int signal = 0;
    printf("seize %ld\n", request(PTRACE_SEIZE, child, 0, PTRACE_O_TRACESYSGOOD));
    for (int i = 0; i < count; i++) {
        siginfo_t info;
        unsigned what = chance(9);
        long result = 0;
        printf("%s", names[what]);
        switch (what) {
        case 0: kill(child, SIGSTOP); break;
        case 1: kill(child, SIGCONT); break;
        case 2: kill(child, SIGUSR1); break;
        case 3: result = request(PTRACE_CONT, child, 0, 0); break;
        case 4: result = request(PTRACE_CONT, child, 0, signal); break;
        case 5: result = request(PTRACE_INTERRUPT, child, 0, 0); break;
        case 6: result = request(PTRACE_LISTEN, child, 0, 0); break;
        case 7:
            result = request(PTRACE_GETSIGINFO, child, 0, (unsigned long)&info);
            if (!result)
                printf(" signo %d code %x", info.si_signo, info.si_code);
            break;
        case 8: result = request(PTRACE_SYSCALL, child, 0, 0); break;
        }
        printf(" %ld", result);
        fflush(stdout);
        int status = news(child, "news");
        if (WIFSTOPPED(status))
            signal = status >> 16 || (status >> 8 & 0x7f) == SIGTRAP ? 0 : WSTOPSIG(status);
        printf("\n");
        fflush(stdout);
    }
    end(child);
}

int main(int argc, char **argv) {
    self = argv[0];
    handled = mmap(0, HANDLED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc > 1 && !strcmp(argv[1], "execd"))
        return 4;
    setvbuf(stdout, 0, _IOLBF, 0);
    if (argc > 2) {
        state = strtoul(argv[1], 0, 0);
        at_random(atoi(argv[2]));
        return 0;
    }
    group_stops(0);
    group_stops(1);
    signals();
    for (int how = 0; how < 3; how++)
        ends(how);
    registers();
    parents();
    return 0;
}
