/* prctl: every option that can be tried on any host, with its checks. */
#include "call.h"
#include <signal.h>

#ifndef SYS_prctl
#define SYS_prctl 172
#endif

static int value;
static long word;
#define GET(option) (value = 0x55555555, TRY(prctl, option, &value), printf("  %x\n", (unsigned)value))

static void names(void) {
    char name[32];
    memset(name, 'x', sizeof name);
    TRY(prctl, 15, "a name that is much too long");
    TRY(prctl, 16, name);
    printf("[%.16s] %d %c\n", name, name[15], name[16]);
    TRY(prctl, 15, "short");
    TRY(prctl, 16, name);
    printf("[%s] %d\n", name, memcmp(name + 6, "\0\0\0\0\0\0\0\0\0\0x", 11));
    TRY(prctl, 15, "");
    TRY(prctl, 16, name);
    printf("[%s]\n", name);
    TRY(prctl, 15, BAD);
    TRY(prctl, 16, BAD);
    TRY(prctl, 15, "caf\xc3\xa9 \xff");
    TRY(prctl, 16, name);
    for (int i = 0; i < 16; i++)
        printf("%02x", (unsigned char)name[i]);
    printf("\n");
    if (fork() == 0) {
        call(SYS_prctl, 16, name);
        printf("child %02x\n", (unsigned char)name[6]);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
}

static void deaths(void) {
    GET(2);
    TRY(prctl, 1, 65);
    TRY(prctl, 1, -1);
    TRY(prctl, 1, 64);
    GET(2);
    TRY(prctl, 2, BAD);
    fflush(stdout);
    if (fork() == 0) {
        GET(2);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    TRY(prctl, 1, 0);
    GET(37);
    TRY(prctl, 36, 7);
    GET(37);
    TRY(prctl, 37, BAD);
    fflush(stdout);
    if (fork() == 0) {
        GET(37);
        fflush(stdout);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            for (int i = 0; getppid() != 0 && i < 1000; i++)
                call(SYS_sched_yield);
            _exit(9);
        }
        _exit(8);
    }
    int status;
    for (int i = 0; i < 2; i++)
        printf("%d\n", wait(&status) > 0);
    printf("%d\n", wait(&status) == -1 && errno == ECHILD);
    TRY(prctl, 36, 0);
}

static void rights(void) {
    TRY(prctl, 3);
    TRY(prctl, 4, 0);
    TRY(prctl, 3);
    TRY(prctl, 4, 2);
    TRY(prctl, 4, -1);
    TRY(prctl, 4, 1);
    TRY(prctl, 7);
    TRY(prctl, 8, 2);
    TRY(prctl, 39);
    TRY(prctl, 39, 1);
    TRY(prctl, 39, 0, 0, 0, 1);
    TRY(prctl, 38, 0);
    TRY(prctl, 38, 1, 1);
    TRY(prctl, 38, 1, 0, 0, 1);
    TRY(prctl, 38, 1);
    TRY(prctl, 39);
    TRY(prctl, 38, 0);
    fflush(stdout);
    if (fork() == 0) {
        TRY(prctl, 39);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    TRY(prctl, 21);
    TRY(prctl, 22, 0);
    TRY(prctl, 22, 3);
}

static void others_processors(void) {
    static const int options[] = {0,  5,  6,  9,  10, 11, 12, 17, 18, 19, 20, 43, 44, 45, 46, 48,
                                  49, 50, 51, 54, 55, 56, 60, 61, 62, 63, 64, 69, 70, 79, 999, -1};
    for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
        printf("prctl(%d) = %ld\n", options[i], call(SYS_prctl, options[i], 0));
    TRY(prctl, 13);
    TRY(prctl, 14, 0);
    TRY(prctl, 14, 1);
    TRY(prctl, 31);
    TRY(prctl, 32);
}

static void times(void) {
    TRY(prctl, 30);
    TRY(prctl, 29, 1000);
    TRY(prctl, 30);
    fflush(stdout);
    if (fork() == 0) {
        TRY(prctl, 30);
        TRY(prctl, 29, 77);
        TRY(prctl, 30);
        TRY(prctl, 29, 0);
        TRY(prctl, 30);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    TRY(prctl, 29, 0);
    TRY(prctl, 30);
    TRY(prctl, 26, 3);
    TRY(prctl, 26, 0);
    TRY(prctl, 25, BAD);
    GET(25);
}

static void machine_checks(void) {
    TRY(prctl, 34);
    TRY(prctl, 34, 1);
    TRY(prctl, 33, 1, 3);
    TRY(prctl, 33, 1, 1, 1);
    TRY(prctl, 33, 2, 1);
    TRY(prctl, 33, 1, 1);
    TRY(prctl, 34);
    TRY(prctl, 33, 1, 0);
    TRY(prctl, 34);
    TRY(prctl, 33, 1, 2);
    TRY(prctl, 34);
    TRY(prctl, 33, 0, 1);
    TRY(prctl, 33, 0, 0);
    TRY(prctl, 34);
}

static void memory(void) {
    TRY(prctl, 42);
    TRY(prctl, 42, 1);
    TRY(prctl, 41, 1, 0, 1);
    TRY(prctl, 41, 1);
    TRY(prctl, 42);
    TRY(prctl, 41, 0, 0, 0, 1);
    TRY(prctl, 41, 0);
    TRY(prctl, 42);
    TRY(prctl, 66);
    TRY(prctl, 66, 1);
    TRY(prctl, 65, 4);
    TRY(prctl, 65, 2);
    TRY(prctl, 65, 1, 1);
    TRY(prctl, 65, 0);
    TRY(prctl, 65, 3);
    TRY(prctl, 66);
    TRY(prctl, 65, 1);
    TRY(prctl, 65, 0);
    fflush(stdout);
    if (fork() == 0) {
        TRY(prctl, 66);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    TRY(prctl, 68);
    TRY(prctl, 68, 1);
    TRY(prctl, 67, 1, 1);
    TRY(prctl, 67, 1);
    TRY(prctl, 68);
    TRY(prctl, 67, 0);
    TRY(prctl, 68);
    value = 0;
    TRY(prctl, 35, 15, &value);
    printf("%d\n", value);
    TRY(prctl, 35, 15, BAD);
    TRY(prctl, 35, 15, &value, 0, 1);
    TRY(prctl, 35, 7, &value, 1);
    TRY(prctl, 35, 7, &value, 0, 1);
    TRY(prctl, 0x53564d41, 1);
}

static void plain_user(void) {
    if (geteuid() == 0) {
        setgid(1000);
        setuid(1000);
    }
    TRY(prctl, 57, 1);
    TRY(prctl, 57, 1, 1);
    TRY(prctl, 58);
    TRY(prctl, 35, 7, &value);
    TRY(prctl, 35, 99, &value);
    TRY(prctl, 24, 1);
    TRY(prctl, 24, 99);
    TRY(prctl, 28, 0);
    TRY(prctl, 28, 1);
    TRY(prctl, 28, 0x100);
    TRY(prctl, 27);
    TRY(prctl, 28, 0x100);
    TRY(prctl, 28, 0x300);
    TRY(prctl, 28, 0x200);
    TRY(prctl, 8, 1);
    TRY(prctl, 7);
    TRY(prctl, 27);
}

static void tid_address(void) {
    static int place;
    call(SYS_set_tid_address, &place);
    uint64_t found = 0x5555555555555555;
    TRY(prctl, 40, &found);
    printf("%d %x\n", found == (uintptr_t)&place, (unsigned)(found >> 32 & 0xf0000000));
    TRY(prctl, 40, BAD);
}

static void caught(int signal) {
    printf("signal %d\n", signal);
    fflush(stdout);
    _exit(3);
}

static unsigned long long stamp(void) {
    unsigned low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long long)high << 32 | low;
}

static void tsc(void) {
    signal(SIGSEGV, caught);
    printf("%d\n", stamp() != 0);
    TRY(prctl, 26, 2);
    GET(25);
    fflush(stdout);
    if (fork() == 0) {
        GET(25);
        stamp();
        _exit(0);
    }
    int status;
    wait(&status);
    printf("%x\n", status);
    TRY(prctl, 26, 1);
    printf("%d\n", stamp() != 0);
    TRY(prctl, 26, 2);
    stamp();
}

int main(void) {
    (void)word;
    in_child("names", names);
    in_child("deaths", deaths);
    in_child("rights", rights);
    in_child("others' processors", others_processors);
    in_child("times", times);
    in_child("machine checks", machine_checks);
    in_child("memory", memory);
    in_child("plain user", plain_user);
    in_child("tid address", tid_address);
    in_child("tsc", tsc);
    return 0;
}
