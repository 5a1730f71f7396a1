/* What the system says of itself and of the process: uname in its sizes, personality, kcmp, getcpu, sysinfo. */
#include "call.h"
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

static void hide(char *from, const char *what) {
    /* the names of this machine are not to be compared */
    size_t length = strlen(what);
    if (length && strncmp(from, what, length) == 0)
        memset(from, '*', length);
}

static void dump(const char *title, const char *from, int fields, int size) {
    printf("%s:", title);
    for (int i = 0; i < fields; i++) {
        int tail = 0;
        for (int j = strlen(from + i * size); j < size; j++)
            tail |= from[i * size + j];
        printf(" [%s]%d", i == 0 || i == 4 ? from + i * size : from[i * size] ? "..." : "", tail);
    }
    printf("\n");
}

static void names(void) {
    static char raw[6 * 65 + 1];
    memset(raw, 'x', sizeof raw);
    TRY(uname, raw);
    dump("new", raw, 5, 65);
    printf("%c\n", raw[6 * 65]);
    TRY(uname, BAD);
#ifdef __i386__
    memset(raw, 'x', sizeof raw);
    TRY(olduname, raw);
    dump("old", raw, 5, 65);
    printf("%c\n", raw[5 * 65]);
    memset(raw, 'x', sizeof raw);
    TRY(oldolduname, raw);
    dump("oldest", raw, 5, 9);
    printf("%c\n", raw[5 * 9]);
    TRY(olduname, 0);
    TRY(oldolduname, 0);
    TRY(oldolduname, BAD);
#endif
    (void)hide;
}

static void personalities(void) {
    TRY(personality, -1);
    TRY(personality, 8);
    names();
    TRY(personality, 0x20000);
    char raw[6 * 65];
    TRY(uname, raw);
    printf("%.4s\n", raw + 2 * 65);
    TRY(personality, 0x20008);
    TRY(uname, raw);
    printf("%.4s %s\n", raw + 2 * 65, raw + 4 * 65);
    TRY(personality, 0x0400000);
    fflush(stdout);
    if (fork() == 0) {
        TRY(personality, -1);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    /* READ_IMPLIES_EXEC: a readable mapping can be executed */
    unsigned char *code = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\xb8\x2a\x00\x00\x00\xc3", 6);
    printf("%d\n", ((int (*)(void))code)());
    TRY(personality, 0);
    code = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\xb8\x2a\x00\x00\x00\xc3", 6);
    TRY(personality, 0x0400000);
    printf("%ld\n", call(SYS_mprotect, code, 4096, PROT_READ));
    printf("%d\n", ((int (*)(void))code)());
    TRY(personality, 0x12345678);
    TRY(personality, -1);
}

static char *self;

static void without_randomness(void) {
    call(SYS_personality, 0x40000);
    char *argv[] = {self, "where", "0123456789abcdef", 0}, *envp[] = {0};
    fflush(stdout);
    execve(self, argv, envp);
}

static void compare(void) {
    int sorted = 0;
    TRY(kcmp, 5000000, getpid(), 1);
    TRY(kcmp, getpid(), 5000000, 1);
    TRY(kcmp, 0, getpid(), 1);
    for (int kind = -1; kind < 9; kind++)
        if (kind != 7)
            printf("kcmp %d = %ld\n", kind, call(SYS_kcmp, getpid(), getpid(), kind, 1, 1));
    TRY(kcmp, getpid(), getpid(), 0, 1, 99);
    TRY(kcmp, getpid(), getpid(), 0, 99, 1);
    int copy = dup(1);
    TRY(kcmp, getpid(), getpid(), 0, 1, copy);
    long one = call(SYS_kcmp, getpid(), getpid(), 0, 0, 1), two = call(SYS_kcmp, getpid(), getpid(), 0, 1, 0);
    printf("%d\n", one + two == 3);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            call(SYS_sched_yield);
    for (int kind = 1; kind < 5; kind++) {
        one = call(SYS_kcmp, getpid(), child, kind);
        two = call(SYS_kcmp, child, getpid(), kind);
        sorted += one + two == 3;
    }
    printf("sorted %d\n", sorted);
    TRY(kcmp, getpid(), child, 0, 1, copy);
    if (geteuid() == 0) {
        fflush(stdout);
        if (fork() == 0) {
            setgid(1000);
            setuid(1000);
            TRY(kcmp, getpid(), child, 1);
            TRY(kcmp, child, child, 99);
            fflush(stdout);
            _exit(0);
        }
        waitpid(-1, 0, 0);
    }
    call(SYS_prctl, 4, 0);
    TRY(kcmp, child, child, 1);
    kill(child, SIGKILL);
    while (wait(0) > 0)
        ;
}

static void cpu(void) {
    unsigned cpu = 77, node = 77;
    TRY(getcpu, &cpu, &node, 0);
    printf("%d %d\n", cpu < 64, node < 8);
    TRY(getcpu, 0, 0, 0);
    TRY(getcpu, BAD, 0, 0);
    TRY(getcpu, 0, BAD, 0);
}

static void information(void) {
    unsigned char raw[200];
    memset(raw, 0x55, sizeof raw);
    TRY(sysinfo, raw);
    int size = sizeof(long) == 8 ? 112 : 64;
    long *words = (long *)raw;
    uint16_t *procs = (uint16_t *)(words + 10);
    unsigned unit = *(uint32_t *)((char *)procs + (sizeof(long) == 8 ? 24 : 12));
    printf("%d %d %d %d %x\n", words[4] > 0, words[5] > 0, *procs > 0, unit == 1 || unit == 4096, raw[size]);
    TRY(sysinfo, BAD);
}

static void robust_lists(void) {
    void *head = BAD;
    size_t size = 99;
    TRY(get_robust_list, 0, BAD, &size);
    TRY(get_robust_list, 0, &head, BAD);
    TRY(get_robust_list, 5000000, &head, &size);
    static long list[3];
    TRY(set_robust_list, list, sizeof list);
    TRY(set_robust_list, list, sizeof list + 1);
    TRY(get_robust_list, 0, &head, &size);
    printf("%d %zu\n", head == list, size);
    TRY(get_robust_list, getpid(), &head, &size);
    TRY(get_robust_list, -1, &head, &size);
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 1) {
        /* twice the same addresses: the second run compares them with those of the first */
        char here[17];
        snprintf(here, sizeof here, "%016llx", (unsigned long long)(uintptr_t)&argc + (uintptr_t)sbrk(0));
        char *again[] = {self, "again", here, 0}, *envp[] = {0};
        if (argv[1][0] == 'w')
            execve(self, again, envp);
        printf("same addresses %d\n", strcmp(here, argv[2]) == 0);
        return 0;
    }
    in_child("names", names);
    in_child("personalities", personalities);
    in_child("without randomness", without_randomness);
    in_child("compare", compare);
    in_child("cpu", cpu);
    in_child("information", information);
    in_child("robust lists", robust_lists);
    return 0;
}
