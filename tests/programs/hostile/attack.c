/* Attacks on the kernel by chance: each round a child does something that no program should, and is killed if it goes on.
 *
 * attack KIND SEED ROUNDS: the same seed does the same. What comes of it is not printed: the kernel has to stay alive. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096L

static uint64_t state;

static uint64_t any(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545F4914F6CDD1DULL;
}

static unsigned below(unsigned count) { return (any() >> 33) % count; }

static char *good, *edge, *readable, *code;
static int self;

static long word(void) {
    static const uint64_t nasty[] = {
        0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 24, 28, 32, 40, 64, 88, 100, 128, 255, 256, 511, 512, 1000, 1024, 4095, 4096,
        4097, 8192, 0x8000, 65535, 65536, 0x100000, 1 << 24, 0x7fffffff, 0x80000000, 0x80000001, 0xfffff000, 0xffffe000,
        0xfffffffe, 0xffffffff, 0x100000000, 0x7fffffffe000, 0x7fffffffefff, 0x7ffffffff000, 0x7fffffffffff,
        0x800000000000, 0xffff7fffffffffff, 0xffff800000000000, 0xffff888000000000, 0xffffffff81000000,
        0xffffffff82000000, 0xffffffffff600000, 0xfffffffffffff000, 0x7fffffffffffffff, 0x8000000000000000,
        0xfffffffffffffffe, 0xffffffffffffffff, 0xdeadbeefdeadbeef, 0x3fffffffffffffff, 0x4000000000000000,
    };
    switch (below(12)) {
    case 0: case 1: case 2:
        return (long)nasty[below(sizeof nasty / sizeof *nasty)];
    case 3: case 4:
        return (long)(good + (below(4) ? below(64) * 64 : below(PAGE)));
    case 5:
        return (long)(edge - below(3) * below(64)); /* just before the end of a mapping */
    case 6:
        return (long)(readable + below(64) * 8);
    case 7:
        return below(10);
    case 8:
        return -(long)below(300);
    case 9:
        return self;
    case 10:
        return 1L << below(sizeof(long) * 8);
    default:
        return (long)any();
    }
}

static long door(unsigned kind, long number, const long *a) {
    long result;
#ifdef __x86_64__
    if (kind) {
        register long r10 asm("r10") = a[3], r8 asm("r8") = a[4], r9 asm("r9") = a[5];
        asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    } else {
        asm volatile("push %%rbp; mov %%r9, %%rbp; int $0x80; pop %%rbp" : "=a"(result)
                     : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                     : "r8", "r9", "r10", "r11", "memory");
    }
#else
    static long entry;
    static long frame[8];
    entry = (long)getauxval(AT_SYSINFO);
    memcpy(frame, a, 6 * sizeof *frame);
    frame[6] = number;
    if (kind && entry)
        asm volatile("push %%ebx; push %%ebp; push %[entry]; mov %[frame], %%eax; mov (%%eax), %%ebx;"
                     "mov 4(%%eax), %%ecx; mov 8(%%eax), %%edx; mov 12(%%eax), %%esi; mov 16(%%eax), %%edi;"
                     "mov 20(%%eax), %%ebp; mov 24(%%eax), %%eax; call *(%%esp); add $4, %%esp; pop %%ebp; pop %%ebx"
                     : "=a"(result) : [frame] "a"(frame), [entry] "c"(entry) : "edx", "esi", "edi", "memory");
    else
        asm volatile("push %%ebx; push %%ebp; mov (%%eax), %%ebx;"
                     "mov 4(%%eax), %%ecx; mov 8(%%eax), %%edx; mov 12(%%eax), %%esi; mov 16(%%eax), %%edi;"
                     "mov 20(%%eax), %%ebp; mov 24(%%eax), %%eax; int $0x80; pop %%ebp; pop %%ebx"
                     : "=a"(result) : "a"(frame) : "ecx", "edx", "esi", "edi", "memory");
#endif
    return result;
}

static void calls(void) {
    pid_t mine = syscall(SYS_gettid);
    unsigned loved = below(470);
    for (int left = 40; left; left--) {
        long a[6];
        unsigned kind = below(3);
        for (int i = 0; i < 6; i++)
            a[i] = word();
        for (int i = 0; i < 32; i++)
            if (!below(3))
                *(long *)(good + 8 * below(500)) = word();
        long number = below(20) ? below(3) ? below(470) : loved : word();
        door(kind, number, a);
        if (syscall(SYS_gettid) != mine)
            _exit(0); /* a child of this one */
    }
}

/* Runs bytes by chance, with flags and segments by chance. */
static void bytes(void) {
    static const char *const pieces[] = {
        "\x0f\x05", "\x0f\x34", "\xcd\x80", "\xcc", "\xf1", "\xcf", "\x48\xcf", "\xcb", "\x0f\x07", "\x0f\x35", "\x9d",
        "\x8e\xd0", "\x8e\xd8", "\x8e\xe0", "\x8e\xe8", "\xfc", "\xfd", "\xf4", "\x0f\x0b", "\x0f\xae\x08", "\xdb\xe2",
        "\xc9", "\x17", "\x07", "\x0f\xa1", "\x0f\xa9", "\xea", "\x9a", "\xff\x28", "\xff\x18", "\x64\x8b", "\x65\x8b",
    };
    char *at = code + below(4000);
    long size = 1 + below(64);
    for (long i = 0; i < size; i++)
        at[i] = (char)any();
    for (int i = below(6); i; i--) {
        const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
        memcpy(at + below(48), piece, strlen(piece));
    }
    unsigned long flags = any() & 0x3fffd7, values[8];
    if (below(2))
        flags &= ~0x100UL;
    for (int i = 0; i < 8; i++)
        values[i] = word();
#ifdef __x86_64__
    unsigned long stack = below(3) ? (unsigned long)good + 2048 : values[6];
    asm volatile("mov %[stack], %%rsp; pushq %[flags]; popfq; jmp *%[at]"
                 : : [stack] "r"(stack), [flags] "r"(flags), [at] "r"(at), "a"(values[0]), "b"(values[1]), "c"(values[2]),
                 "d"(values[3]), "S"(values[4]), "D"(values[5]));
#else
    asm volatile("push %[flags]; popfl; jmp *%[at]"
                 : : [flags] "S"(flags), [at] "D"(at), "a"(values[0]), "b"(values[1]), "c"(values[2]), "d"(values[3]));
#endif
    __builtin_unreachable();
}

/* Comes back from handlers that never ran: frames of chance, or real ones with wrong words. */
static void spoil(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    long *words = context;
    for (int i = 1 + below(4); i; i--) {
        long at = below(sizeof(void *) == 8 ? 120 : 200);
        words[at] = below(3) ? word() : words[at] ^ 1L << below(sizeof(long) * 8);
    }
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    char *fpu = (char *)machine->fpregs; /* unless the loop above has changed it */
    if (!below(3) && labs(fpu - (char *)context) < PAGE)
        for (int i = 0; i < 24; i++)
            fpu[below(508)] = (char)any();
}

static void frames(void) {
    struct sigaction action = {.sa_sigaction = spoil, .sa_flags = SA_SIGINFO | SA_NODEFER};
    for (int left = 6; left; left--) {
        sigaction(SIGUSR1, &action, NULL);
        if (below(2)) {
            raise(SIGUSR1);
            continue;
        }
        for (long i = 0; i < PAGE / (long)sizeof(long); i++)
            ((long *)good)[i] = word();
#ifdef __x86_64__
        long number = below(3) ? 15 : 119;
        long *registers = (long *)(good + 1024 + 40);
        registers[18] = below(2) ? 0x33 | 0x2bL << 48 : (long)any();
        registers[17] = below(2) ? 0x202 : word();
        registers[16] = below(2) ? (long)code : word();
        asm volatile("mov %[stack], %%rsp; syscall; ud2" : : [stack] "r"(good + 1024), "a"(number));
#else
        long number = below(2) ? 173 : 119;
        asm volatile("mov %[stack], %%esp; int $0x80; ud2" : : [stack] "r"(good + 1024), "a"(number));
#endif
        __builtin_unreachable();
    }
}

/* Gives another process registers that it cannot have. */
static void pokes(void) {
    pid_t child = fork();
    if (!child) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        for (int i = 0; i < 10; i++)
            syscall(SYS_getpid);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    for (int left = 12; left && WIFSTOPPED(status); left--) {
        for (int i = 1 + below(3); i; i--)
            switch (below(4)) {
            case 0: case 1:
                ptrace(PTRACE_POKEUSER, child, (void *)(long)(below(8) ? below(120) * sizeof(long) : (unsigned long)word()),
                       (void *)word());
                break;
            case 2: {
                struct iovec io = {good, below(3) ? 216 : (unsigned long)word()};
                long set = below(2) ? 1 : below(2) ? 2 : word();
                ptrace(PTRACE_GETREGSET, child, (void *)set, &io);
                ((long *)good)[below(28)] = word();
                ptrace(PTRACE_SETREGSET, child, (void *)set, &io);
                break;
            }
            default:
                syscall(SYS_ptrace, below(2) ? (long)below(32) : 0x4200 + (long)below(20), child, word(), word());
            }
        static const int ways[] = {PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SINGLESTEP, 31, 32};
        if (syscall(SYS_ptrace, ways[below(5)], child, 0, below(4) ? 0 : word()) < 0)
            break;
        if (waitpid(child, &status, __WALL) < 0)
            break;
    }
    kill(child, SIGKILL);
}

/* Fills the LDT with descriptors of chance and loads, uses and calls them. */
static void segments(void) {
    for (int left = 12; left; left--) {
        struct user_desc entry;
        memset(&entry, 0, sizeof entry);
        for (size_t i = 0; i < sizeof entry / 4; i++)
            ((unsigned *)&entry)[i] = (unsigned)any();
        entry.entry_number = below(8) ? below(16) : (unsigned)word();
        if (below(3))
            entry.base_addr = entry.limit = entry.limit_in_pages = 0;
        else if (below(2))
            entry.limit = 0xfffff, entry.limit_in_pages = 1;
        if (below(2))
            ((unsigned *)&entry)[3] &= 0x7f; /* not lm, and no bits that mean nothing */
        syscall(SYS_modify_ldt, below(8) ? below(2) ? 1 : 0x11 : (unsigned)word(), &entry, below(8) ? sizeof entry : below(64));
#ifdef __i386__
        if (below(2))
            entry.entry_number = below(3) ? 12 + below(4) : -1u, syscall(SYS_set_thread_area, &entry);
#endif
        unsigned selector = below(3) ? (below(16) << 3) | 4 | (below(4) ? 3 : below(4)) : (unsigned)any() & 0xffff;
        switch (below(6)) {
        case 0:
            asm volatile("mov %w0, %%ds" : : "r"(selector));
            break;
        case 1:
            asm volatile("mov %w0, %%es" : : "r"(selector));
            break;
        case 2:
            asm volatile("mov %w0, %%fs" : : "r"(selector));
            break;
        case 3:
            asm volatile("mov %w0, %%gs" : : "r"(selector));
            break;
        case 4:
            asm volatile("mov %w0, %%ss" : : "r"(selector));
            break;
        default: {
            struct { unsigned long offset; unsigned short selector; } __attribute__((packed)) far = {(unsigned long)code, selector};
            *code = (char)0xcb;
            asm volatile("lcall *%0" : : "m"(far) : "memory");
        }
        }
        syscall(SYS_getpid);
    }
}

static void (*const kinds[])(void) = {calls, bytes, frames, pokes, segments};
static const char *const names[] = {"calls", "bytes", "frames", "pokes", "segments"};

static void pause_for(long nanoseconds) {
    struct timespec time = {0, nanoseconds};
    nanosleep(&time, NULL);
}

int main(int argc, char **argv) {
    unsigned kind = 0;
    while (kind < 5 && strcmp(argv[1], names[kind]))
        kind++;
    uint64_t seed = argc > 3 ? (uint64_t)atoll(argv[2]) : 1;
    int rounds = argc > 3 ? atoi(argv[3]) : 1;
    good = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    readable = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + PAGE, PAGE);
    edge += PAGE;
    self = getpid();
    struct rlimit few = {60, 60};
    setrlimit(RLIMIT_NPROC, &few);
    for (int round = 0; round < rounds; round++) {
        state = (seed * 1000 + (unsigned)round) * 0x9E3779B97F4A7C15ULL | 1;
        any();
        memcpy(good, "/etc/passwd", 12);
        pid_t child = fork();
        if (!child) {
            setpgid(0, 0);
            kinds[kind]();
            _exit(0);
        }
        if (child < 0) {
            printf("fork: %d\n", errno);
            break;
        }
        int wait = 0, status;
        while (wait++ < 10 && !waitpid(child, &status, WNOHANG))
            pause_for(1000000);
        kill(-child, SIGKILL);
        kill(child, SIGKILL);
        while (waitpid(-1, &status, WNOHANG | __WALL) > 0)
            ;
    }
    printf("alive\n");
    return 0;
}
