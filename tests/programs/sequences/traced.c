/*
 * traced SEED STEPS: random requests of ptrace(2) on a child that makes calls, takes signals, has children and runs programs:
 * what each request returns, what is then told of the child, and its registers.
 */
#include "sequence.h"

#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#ifdef __x86_64__
#define AX(regs) ((regs).rax)
#define ORIG_AX(regs) ((regs).orig_rax)
#define IP(regs) ((regs).rip)
#define SP(regs) ((regs).rsp)
#define SPARE(regs) ((regs).r15)
#define FLAGS(regs) ((regs).eflags)
#define CS(regs) ((regs).cs)
#else
#define AX(regs) ((unsigned long)(regs).eax)
#define ORIG_AX(regs) ((regs).orig_eax)
#define IP(regs) ((unsigned long)(regs).eip)
#define SP(regs) ((unsigned long)(regs).esp)
#define SPARE(regs) ((regs).edi)
#define FLAGS(regs) ((regs).eflags)
#define CS(regs) ((regs).xcs)
#endif

enum { SEIZE = 0x4206, INTERRUPT = 0x4207, LISTEN = 0x4208, PEEKSIGINFO = 0x4209, GETSIGMASK = 0x420a, SETSIGMASK = 0x420b, SYSCALL_INFO = 0x420e,
       SYSEMU = 31, SYSEMU_SINGLESTEP = 32, GETREGSET = 0x4204, SETREGSET = 0x4205 };

static const char *self;
static volatile struct {
    long word, handled;
    char text[32];
} *common;
static pid_t child;
static int listening, seized, attached;
static int continued; /* since it stopped: who listens hears of that at once */

/* -- who is traced ---------------------------------------------------------------------------------------------------- */

static void handler(int number) { common->handled = number; }

static void be_traced(int turn)
{
    struct sigaction action = {.sa_handler = handler};
    sigset_t blocked;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    signal(SIGWINCH, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    for (;; turn++) {
        syscall(SYS_getpid);
        common->word++;
        kill(getpid(), turn % 2 ? SIGUSR1 : SIGWINCH);
        syscall(SYS_dup, -1);
        if (turn % 4 == 1) {
            pid_t found = turn % 8 == 1 ? fork() : vfork();
            if (found == 0)
                _exit(3);
            waitpid(found, NULL, __WALL);
        }
        if (turn % 4 == 2)
            raise(SIGSTOP);
        if (turn % 8 == 7) {
            char number[12];
            snprintf(number, sizeof number, "%d", turn + 1);
            execl(self, self, "traced", number, NULL);
            _exit(4);
        }
    }
}

/* -- who traces ------------------------------------------------------------------------------------------------------- */

static long request(long number, pid_t pid, long address, long data)
{
    return syscall(SYS_ptrace, number, pid, address, data);
}

static char state_of(pid_t pid)
{
    char name[40], text[400], *end;
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    int file = open(name, O_RDONLY);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (size <= 0)
        return '-';
    text[size] = 0;
    end = strrchr(text, ')');
    return end ? end[2] : '?';
}

/* Waits until a child rests: not in a call of its own, for its children's ends are awaited too. */
static char settle(pid_t pid)
{
    for (;;) {
        char state = state_of(pid);
        if (strchr("tTZ-", state))
            return state;
        sched_yield();
    }
}

static int of_birth(long number)
{
    return number == SYS_fork || number == SYS_vfork || number == SYS_clone || number == SYS_wait4;
}

static void say_registers(void)
{
    struct user_regs_struct regs;
    if (request(PTRACE_GETREGS, child, 0, (long)&regs) < 0) {
        printf(" no registers: %d", errno);
        return;
    }
    long value = AX(regs);
    int known = (int)ORIG_AX(regs) == -1 || of_birth((long)ORIG_AX(regs)) || value == child || value == getpid() || value > 0x400 || value < -600;
    /* neither where the vDSO lies, nor what the flags say of a result and of a page that was not there */
    printf(" [ip %lx call %ld ax ", IP(regs) < 0x8000000 ? (unsigned long)IP(regs) : 0, (long)(int)ORIG_AX(regs));
    printf(known ? "?" : "%ld", value);
    printf(" flags %lx cs %lx]", (unsigned long)FLAGS(regs) & ~0x108d5UL, (unsigned long)CS(regs));
}

static void start(void);

/* Tells what wait(2) says of the child, once it rests. A child of its own is let go. */
static void news(void)
{
    int status = 0;
    char state = listening ? 't' : settle(child);
    /* one that listens is awaited by wait(2): before and after its news it is in the same state */
    pid_t found = waitpid(child, &status, listening ? __WALL : WNOHANG | __WALL | WUNTRACED | WCONTINUED);
    printf("  %c", state);
    if (found == 0) {
        printf(" nothing\n");
        return;
    }
    if (found < 0) {
        printf(" errno %d\n", errno);
        start();
        return;
    }
    printf(" status %x", status);
    if (!WIFSTOPPED(status)) {
        printf("\n");
        if (!WIFCONTINUED(status))
            start();
        return;
    }
    listening = continued = 0;
    int event = status >> 16;
    if (attached)
        say_registers();
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
        unsigned long born = 0;
        int how = 0;
        request(PTRACE_GETEVENTMSG, child, 0, (long)&born);
        settle(born);
        printf(" born %d", waitpid(born, &how, __WALL) == (pid_t)born);
        printf(" status %x detached %ld", how, request(PTRACE_DETACH, born, 0, 0));
    }
    printf("\n");
}

static void start(void)
{
    fflush(stdout);
    int how = below(3);
    child = fork();
    if (child == 0) {
        setpgid(0, 0); /* a group that is no orphan, whoever has started this: it stops */
        if (how == 0)
            ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        be_traced(0);
    }
    settle(child);
    printf("start %d", how);
    listening = 0;
    seized = how == 2;
    attached = 1;
    if (how)
        printf(" %ld", request(seized ? SEIZE : PTRACE_ATTACH, child, 0, 0));
    printf("\n");
    settle(child);
    news();
}

static int some_signal(void)
{
    static const int all[] = {0, 0, 0, 0, SIGUSR1, SIGUSR2, SIGWINCH, SIGSTOP, SIGTSTP, SIGCONT, 65};
    return ONE_OF(all);
}

/* Whether it stands in a stop that ends by a request. */
static int stopped(void) { return attached && state_of(child) == 't'; }

static void do_resume(void)
{
    static const struct {
        const char *name;
        int number;
    } all[] = {{"CONT", PTRACE_CONT}, {"CONT", PTRACE_CONT}, {"SYSCALL", PTRACE_SYSCALL}, {"SYSCALL", PTRACE_SYSCALL}, {"SYSCALL", PTRACE_SYSCALL},
               {"SINGLESTEP", PTRACE_SINGLESTEP}, {"SINGLESTEP", PTRACE_SINGLESTEP}, {"SYSEMU", SYSEMU}, {"SYSEMU_SINGLESTEP", SYSEMU_SINGLESTEP}};
    unsigned which = below(COUNT(all));
    int number = some_signal();
    printf("%s %d", all[which].name, number);
    if (listening) {
        result(request(all[which].number, child, 0, number));
        return;
    }
    result(request(all[which].number, child, 0, number));
    news();
}

static void do_steps(void)
{
    unsigned count = 2 + below(20);
    if (!stopped() || listening)
        return;
    printf("steps\n");
    while (count-- && stopped() && !listening) {
        if (request(PTRACE_SINGLESTEP, child, 0, 0) < 0)
            break;
        news();
    }
}

static void do_registers(void)
{
    printf("registers");
    say_registers();
    printf("\n");
}

static void do_set_registers(void)
{
    struct user_regs_struct regs;
    int what = below(6);
    long value = below(2) ? SYS_getppid : -1;
    printf("SETREGS %d", what);
    if (request(PTRACE_GETREGS, child, 0, (long)&regs) < 0) {
        result(-1);
        return;
    }
    switch (what) {
    case 0: SPARE(regs) = value; break;
    case 1: ORIG_AX(regs) = value; printf(" call %ld", value); break;
    case 2: FLAGS(regs) = 0xfffaffff; break; /* without AC and RF */
    case 3: FLAGS(regs) = 0x202; break;
    case 4: CS(regs) = value == -1 ? 0 : CS(regs); break;
    default: break;
    }
    if (of_birth((long)ORIG_AX(regs)) && what == 1)
        what = 7;
    result(what == 7 ? 0 : request(PTRACE_SETREGS, child, 0, (long)&regs));
}

static void do_user(void)
{
    static const long places[] = {offsetof(struct user, regs), sizeof(struct user_regs_struct), offsetof(struct user, u_debugreg), sizeof(struct user), 1, -8,
                                  offsetof(struct user, u_debugreg) + 6 * sizeof(long), offsetof(struct user, u_debugreg) + 4 * sizeof(long)};
    long at = ONE_OF(places), got = 0;
    printf("PEEKUSER %ld", at);
    long done = request(PTRACE_PEEKUSER, child, at, (long)&got);
    if (done == 0 && at != (long)offsetof(struct user, regs))
        printf(" [%lx]", got);
    result(done);
}

static void do_poke_user(void)
{
    static const long values[] = {0, 1, -1, 0x401, 0x10000, 0xd0101, 0x2b};
    long at = offsetof(struct user, u_debugreg) + below(8) * sizeof(long), value = below(3) ? ONE_OF(values) : (long)&self;
    if (value & 0xff && at == (long)(offsetof(struct user, u_debugreg) + 7 * sizeof(long)))
        value = 0x400; /* nothing is watched: the steps are looked at, not the debug registers */
    printf("POKEUSER %ld %d", at, value == (long)&self ? 77 : (int)value);
    result(request(PTRACE_POKEUSER, child, at, value));
    request(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg) + 7 * sizeof(long), 0);
}

static void do_memory(void)
{
    long got = 0, at = chance(80) ? (long)common + below(40) : chance(50) ? 16 : (long)(uintptr_t)do_memory;
    int poke = at != (long)(uintptr_t)do_memory && chance(40);
    printf("%s %ld", poke ? "POKE" : "PEEK", at == 16 ? 16 : at == (long)(uintptr_t)do_memory ? 99 : at - (long)common);
    if (poke) {
        result(request(PTRACE_POKEDATA, child, at, 0));
        return;
    }
    long done = request(PTRACE_PEEKDATA, child, at, (long)&got);
    printf(" %lx", got);
    result(done);
}

static void do_regset(void)
{
    static const int all[] = {NT_PRSTATUS, NT_PRSTATUS, NT_PRFPREG, 77};
    static char data[8192];
    int set = ONE_OF(all), write = chance(30);
    size_t size = chance(40) ? sizeof data : below(30) * 4;
    struct iovec part = {data, size};
    printf("regset %x %zu", set, size);
    long got = request(GETREGSET, child, set, (long)&part);
    if (got == 0)
        printf(" %zu %x", part.iov_len, sizeof(long) == 4 && set == NT_PRFPREG ? sum(data, part.iov_len) : 0);
    result(got);
    if (got == 0 && write) {
        printf("  back");
        got = request(SETREGSET, child, set, (long)&part);
        printf(" %zu", part.iov_len);
        result(got);
    }
}

static void do_options(void)
{
    static const int all[] = {0, PTRACE_O_TRACESYSGOOD, PTRACE_O_TRACESYSGOOD, PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK, PTRACE_O_TRACECLONE,
                              PTRACE_O_TRACEEXEC, PTRACE_O_TRACEVFORKDONE, PTRACE_O_TRACEEXIT, 0x80};
    int options = ONE_OF(all) | ONE_OF(all) | ONE_OF(all);
    if (chance(80))
        options &= ~0x80;
    printf("SETOPTIONS %x", options);
    result(request(PTRACE_SETOPTIONS, child, 0, options));
}

static void say_info(const siginfo_t *info)
{
    printf(" signal %d code %x by %d", info->si_signo, info->si_code, info->si_code <= 0 ? info->si_pid == child ? 1 : info->si_pid == getpid() ? 2 : 3 : 0);
}

static void do_siginfo(void)
{
    siginfo_t info = {0};
    printf("GETSIGINFO");
    long got = request(PTRACE_GETSIGINFO, child, 0, (long)&info);
    if (got == 0)
        say_info(&info);
    result(got);
    if (got == 0 && chance(30)) {
        if (info.si_signo == SIGUSR1 && chance(50))
            info.si_signo = SIGUSR2;
        printf("SETSIGINFO %d", info.si_signo);
        result(request(PTRACE_SETSIGINFO, child, 0, (long)&info));
    }
}

static void do_peek_signals(void)
{
    struct {
        uint64_t off;
        uint32_t flags;
        int32_t count;
    } arguments = {below(2), below(2) | (chance(5) ? 2 : 0), (int)below(4)};
    siginfo_t found[4];
    printf("PEEKSIGINFO %d %x %d", (int)arguments.off, arguments.flags, arguments.count);
    long got = request(PEEKSIGINFO, child, (long)&arguments, (long)found);
    for (long i = 0; i < got; i++)
        say_info(&found[i]);
    result(got);
}

static void do_mask(void)
{
    uint64_t mask = 0;
    int size = chance(90) ? 8 : 4;
    printf("GETSIGMASK");
    long got = request(GETSIGMASK, child, size, (long)&mask);
    printf(" %llx", (unsigned long long)mask);
    result(got);
    if (got == 0 && chance(30)) {
        mask = 1 << (SIGCHLD - 1) | (chance(50) ? 1 << (SIGUSR1 - 1) : 0) | (chance(20) ? 1 << (SIGKILL - 1) : 0);
        printf("SETSIGMASK %llx", (unsigned long long)mask);
        result(request(SETSIGMASK, child, 8, (long)&mask));
    }
}

static void do_call_info(void)
{
    unsigned char info[96] = {0};
    long size = chance(70) ? (long)sizeof info : below(90);
    printf("GET_SYSCALL_INFO %ld", size);
    long got = request(SYSCALL_INFO, child, size, (long)info);
    if (got > 0)
        printf(" op %d", size ? info[0] : 0);
    if (got > 0 && size >= 32 && info[0] == 1)
        printf(" call %d", *(int *)(info + 24));
    result(got);
}

static void do_message(void)
{
    unsigned long message = 0;
    printf("GETEVENTMSG");
    long got = request(PTRACE_GETEVENTMSG, child, 0, (long)&message);
    printf(message < 5 || message >= 128 * 256 ? " %lx" : " ?", message < 5 ? message : 0);
    result(got);
}

static void do_interrupt(void)
{
    printf("INTERRUPT");
    long got = request(INTERRUPT, child, 0, 0);
    result(got);
    if (got == 0 && listening)
        news();
}

static void do_listen(void)
{
    if (continued)
        return;
    printf("LISTEN");
    long got = request(LISTEN, child, 0, 0);
    listening |= got == 0;
    result(got);
}

static void do_kill(void)
{
    static const int all[] = {SIGUSR1, SIGUSR2, SIGWINCH, SIGSTOP, SIGTSTP, SIGCONT, SIGCONT, 0};
    int number = ONE_OF(all), was_listening = listening;
    printf("kill %d", number);
    result(kill(child, number));
    continued |= number == SIGCONT;
    if (number == SIGCONT && was_listening)
        news();
}

static void do_end(void)
{
    printf("KILL %c", state_of(child));
    result(kill(child, SIGKILL));
    listening = 0;
    settle(child);
    int status = 0;
    pid_t found = waitpid(child, &status, __WALL);
    printf("  %d status %x\n", found == child, status);
    if (WIFSTOPPED(status)) {
        request(PTRACE_CONT, child, 0, 0);
        waitpid(child, &status, __WALL);
        printf("  status %x\n", status);
    }
    start();
}

static void do_detach(void)
{
    int number = chance(50) ? SIGSTOP : 0;
    if (!stopped() || listening)
        return;
    printf("DETACH %d", number);
    long got = request(PTRACE_DETACH, child, 0, number);
    result(got);
    if (got < 0)
        return;
    attached = 0;
    news(); /* it stops by itself within some turns */
    seized = chance(50);
    printf("again %d", seized);
    got = request(seized ? SEIZE : PTRACE_ATTACH, child, 0, seized && chance(50) ? PTRACE_O_TRACESYSGOOD : 0);
    result(got);
    attached = got == 0;
    if (seized && got == 0) {
        printf("INTERRUPT");
        result(request(INTERRUPT, child, 0, 0));
    }
    while (attached && state_of(child) != 't')
        sched_yield();
    news();
}

static const struct operation operations[] = {
    {30, do_resume}, {5, do_steps}, {5, do_registers}, {5, do_set_registers}, {3, do_user}, {2, do_poke_user}, {4, do_memory}, {4, do_regset}, {8, do_options},
    {6, do_siginfo}, {3, do_peek_signals}, {3, do_mask}, {5, do_call_info}, {3, do_message}, {4, do_interrupt}, {4, do_listen}, {6, do_kill}, {1, do_end},
    {2, do_detach},
};

int main(int argc, char **argv)
{
    static int file;
    self = argv[0];
    if (argc > 2 && !strcmp(argv[1], "traced")) {
        common = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 100, 0);
        be_traced(atoi(argv[2]));
    }
    file = syscall(SYS_memfd_create, "common", 0);
    if (ftruncate(file, 4096) || dup2(file, 100) != 100)
        return 2;
    common = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 100, 0);
    state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    state = state * 0x9E3779B97F4A7C15ULL + 1;
    start();
    run_all(argc, argv, operations, COUNT(operations));
    kill(child, SIGKILL);
    return 0;
}
