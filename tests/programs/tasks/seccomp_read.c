/* A tracer reads the filters of a stopped thread. */
#include "call.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#define GET_FILTER 0x420c
#define GET_METADATA 0x420d

static void filter(unsigned flags, unsigned short count) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {count, code + 3 - count};
    TRY(seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void read_filters(int child) {
    struct sock_filter code[8];
    uint64_t metadata[3];
    for (int number = 0; number < 3; number++) {
        long count = call(SYS_ptrace, GET_FILTER, child, number, code);
        printf("filter %d = %ld", number, count);
        for (int i = 0; i < count; i++) printf(" %x,%x,%x,%x", code[i].code, code[i].jt, code[i].jf, code[i].k);
        metadata[0] = number, metadata[1] = metadata[2] = -1;
        printf("; metadata = %ld", call(SYS_ptrace, GET_METADATA, child, sizeof metadata, metadata));
        printf(" %d %d\n", (int)metadata[1], (int)metadata[2]);
    }
    TRY(ptrace, GET_FILTER, child, 0, 0);
    TRY(ptrace, GET_FILTER, child, 0, BAD);
    TRY(ptrace, GET_METADATA, child, 7, BAD);
    TRY(ptrace, GET_METADATA, child, 8, BAD);
    metadata[0] = 1, metadata[1] = 7;
    TRY(ptrace, GET_METADATA, child, 8, metadata);
    printf("%d\n", (int)metadata[1]);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    int child = fork();
    if (!child) {
        call(SYS_ptrace, PTRACE_TRACEME);
        raise(SIGSTOP);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        filter(0, 1);
        filter(SECCOMP_FILTER_FLAG_LOG, 3);
        raise(SIGSTOP);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    read_filters(child);
    ptrace(PTRACE_CONT, child, 0, 0);
    waitpid(child, &status, 0);
    read_filters(child);
    filter(0, 1);
    read_filters(child);
    kill(child, SIGKILL);
    return 0;
}
