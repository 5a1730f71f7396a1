/* process_vm_readv and process_vm_writev between a parent and its child, and i386's sgetmask and ssetmask. */
#include "call.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>

static void masks(void) {
#ifdef __i386__
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, 10);
    sigaddset(&set, 40);
    sigprocmask(SIG_BLOCK, &set, 0);
    TRY(sgetmask);
    TRY(ssetmask, -1);
    TRY(sgetmask);
    TRY(ssetmask, 5);
    sigprocmask(SIG_BLOCK, 0, &set);
    printf("%d %d\n", sigismember(&set, 40), sigismember(&set, 1));
    TRY(ssetmask, 0);
#endif
}

static char *memory;
static char mine[3 * 4096];

#define COPY(call_, ...) \
    (printf("%s(%s)", #call_, #__VA_ARGS__), copy(SYS_##call_, __VA_ARGS__))

static pid_t child;
static void copy(long number, void *local, long local_size, void *remote, long remote_size) {
    struct iovec from[2] = {{local, local_size / 2}, {(char *)local + local_size / 2, local_size - local_size / 2}};
    struct iovec to[2] = {{remote, remote_size / 3}, {(char *)remote + remote_size / 3, remote_size - remote_size / 3}};
    printf(" = %ld\n", call(number, child, from, 2, to, 2, 0));
}

static void sum(const char *from, int size) {
    unsigned total = 0;
    for (int i = 0; i < size; i++)
        total = total * 31 + (unsigned char)from[i];
    printf("  %08x\n", total);
}

static void copies(void) {
    memory = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3 * 4096; i++)
        memory[i] = i * 7;
    mprotect(memory + 8192, 4096, PROT_NONE);
    fflush(stdout);
    pid_t parent = getpid();
    child = fork();
    if (child == 0) {
        while (getppid() == parent)
            call(SYS_sched_yield);
        _exit(0);
    }
    memset(memory, 0, 8192);
    COPY(process_vm_readv, mine, 100, memory + 50, 100);
    sum(mine, 100);
    COPY(process_vm_readv, mine, 5000, memory + 50, 100);
    COPY(process_vm_readv, mine, 100, memory + 4000, 5000);
    sum(mine, 100);
    COPY(process_vm_readv, mine, 3 * 4096, memory, 3 * 4096);
    sum(mine, 3 * 4096);
    COPY(process_vm_readv, mine, 100, memory + 8192, 100);
    COPY(process_vm_readv, mine, 0, memory, 100);
    COPY(process_vm_readv, mine, 100, memory, 0);
    COPY(process_vm_readv, mine, 100, 0, 100);
    COPY(process_vm_readv, 0, 100, memory, 100);
    memset(mine, 5, sizeof mine);
    COPY(process_vm_writev, mine, 77, memory + 4090, 77);
    COPY(process_vm_writev, mine, 300, memory + 8192 - 100, 300);
    COPY(process_vm_writev, mine, 300, memory + 8192, 300);
    COPY(process_vm_writev, mine, 300, copies, 300);
    memset(mine, 0, sizeof mine);
    COPY(process_vm_readv, mine, 8192, memory, 8192);
    sum(mine, 8192);
    sum(memory, 8192);
    struct iovec one = {mine, 10}, wrong = {mine, -1};
    TRY(process_vm_readv, child, &one, 1, &one, 1, 1);
    TRY(process_vm_readv, child, &one, 1025, &one, 1, 0);
    TRY(process_vm_readv, child, &one, 1, &one, 1025, 0);
    TRY(process_vm_readv, child, BAD, 1, &one, 1, 0);
    TRY(process_vm_readv, child, &one, 1, BAD, 1, 0);
    TRY(process_vm_readv, child, &wrong, 1, &one, 1, 0);
    TRY(process_vm_readv, child, &one, 1, &wrong, 1, 0);
    TRY(process_vm_readv, 5000000, &one, 1, &one, 1, 0);
    TRY(process_vm_readv, 5000000, &one, 0, &one, 1, 0);
    TRY(process_vm_readv, 5000000, &one, 1, &one, 0, 0);
    TRY(process_vm_readv, getpid(), &one, 1, &one, 1, 0);
    if (geteuid() == 0) {
        setgid(1000);
        setuid(1000);
        TRY(process_vm_readv, child, &one, 1, &one, 1, 0);
        TRY(process_vm_writev, child, &one, 1, &one, 1, 0);
        TRY(process_vm_readv, getpid(), &one, 1, &one, 1, 0);
    }
}

int main(void) {
    in_child("masks", masks);
    in_child("copies", copies);
    return 0;
}
