/*
 * Known numbers of calls, on Linux and on Solaris, without a libc: what scripts are to count. Its work: 3 files are opened
 * and one that is not there, read 5 times 16 bytes, written 3 times 4; 10 getpid, 2 stat, 2 kill, 1 setuid, 1 mmap; a child
 * becomes the same program. With "spin" it computes, with "rest" it sleeps for more than a second, with "kill" it is killed,
 * with "fault" it reads where nothing is.
 */

#ifdef SOLARIS
enum { EXIT = 1, READ = 3, WRITE = 4, OPEN = 5, CLOSE = 6, STAT = 18, GETPID = 20, SETUID = 23, KILL = 37, EXECVE = 59,
       WAIT = 107, MMAP = 115, FORK = 142, NANOSLEEP = 199, SIGCHLD = 18, P_ALL = 7, WEXITED = 1 };
#else
enum { EXIT = 231, READ = 0, WRITE = 1, OPEN = 2, CLOSE = 3, STAT = 4, GETPID = 39, SETUID = 105, KILL = 62, EXECVE = 59,
       WAIT = 247, MMAP = 9, FORK = 57, NANOSLEEP = 35, CREAT = 85, SIGCHLD = 17, P_ALL = 0, WEXITED = 4 };
#endif

static long second;

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    register long r9 asm("r9") = f;
    long result, other;
    unsigned char carry;
    asm volatile("clc; syscall; setc %2"
                 : "=a"(result), "=d"(other), "=q"(carry), "+r"(r10), "+r"(r8), "+r"(r9)
                 : "0"(number), "D"(a), "S"(b), "1"(c)
                 : "rcx", "r11", "memory");
    second = other;
    return result;
}

#define CALL(number, a, b, c) call(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

static long room[512];
volatile unsigned long sum;

__attribute__((noinline)) void spin(long rounds) {
    for (long i = 0; i < rounds; i++)
        sum += i * i;
}

__attribute__((noinline)) static int is_child(void) {
    long pid = CALL(FORK, 0, 0, 0);
#ifdef SOLARIS
    return pid >= 0 && second == 1;
#else
    return pid == 0;
#endif
}

static void work(char **argv, char **envp) {
    long fd = 0;
    for (int i = 0; i < 3; i++) {
        fd = CALL(OPEN, argv[0], 0, 0);
        if (i < 2)
            CALL(CLOSE, fd, 0, 0);
    }
    CALL(OPEN, "/nonexistent", 0, 0);
    for (int i = 0; i < 5; i++)
        CALL(READ, fd, room, 16);
    for (int i = 0; i < 3; i++)
        CALL(WRITE, 1, "abc\n", 4);
    for (int i = 0; i < 10; i++)
        CALL(GETPID, 0, 0, 0);
    for (int i = 0; i < 2; i++)
        CALL(STAT, argv[0], room, 0);
    for (int i = 0; i < 2; i++)
        CALL(KILL, CALL(GETPID, 0, 0, 0), SIGCHLD, 0);
    CALL(SETUID, 0, 0, 0);
    call(MMAP, 0, 4096, 1, 2, fd, 0);
#ifndef SOLARIS
    CALL(CREAT, "created", 0600, 0);
#endif
    spin(1000);
    spin(1000);
    if (is_child()) {
        char *child[] = {argv[0], "child", 0};
        CALL(EXECVE, argv[0], child, envp);
        CALL(EXIT, 127, 0, 0);
    }
    call(WAIT, P_ALL, 0, (long)room, WEXITED, 0, 0);
}

__attribute__((used)) void begin(long *stack) {
    char **argv = (char **)(stack + 1), **envp = argv + stack[0] + 1;
    long pause[] = {1, 200000000};
    char what = stack[0] > 1 ? argv[1][0] : 'w';
    switch (what) {
    case 'w':
        work(argv, envp);
        break;
    case 's':
        spin(30000000);
        break;
    case 'r':
        spin(1000000);
        CALL(NANOSLEEP, pause, 0, 0);
        break;
    case 'f':
        spin(*(volatile long *)(room[0] + 8)); /* a page that is never there */
        break;
    case 'k':
        CALL(KILL, CALL(GETPID, 0, 0, 0), 11, 0);
        break;
    }
    CALL(EXIT, what == 'c' ? 3 : 0, 0, 0);
}

asm(".globl _start\n_start: movq %rsp, %rdi\nandq $-16, %rsp\nxorl %ebp, %ebp\ncall begin\n");
