/* policy: on which nodes memory is to lie, on a machine with one of them: what is refused, remembered and told. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long result) { printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done"); }

static void told(const char *what, void *address, unsigned long flags) {
    int mode = -1;
    unsigned long long nodes[2] = {99, 99};
    long result = syscall(SYS_get_mempolicy, &mode, nodes, 8 * sizeof nodes, address, flags);
    say(what, result);
    if (result >= 0)
        printf("  %d %llx %llx\n", mode, nodes[0], nodes[1]);
}

int main(void) {
    unsigned long long one = 1, two = 2, none = 0;
    char *page = mmap(0, 3 * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   
    told("at first", 0, 0);
    told("allowed", 0, 4);
    told("allowed and node", 0, 5);
    told("flags", 0, 8);
    told("address without flag", page, 0);
    told("of a page", page, 2);
    told("node of a page", page, 3);
    told("nowhere", (void *)4096, 2);
    told("node of nothing", 0, 1);
    say("policy 7", syscall(SYS_set_mempolicy, 7, &one, 64));
    say("bind nothing", syscall(SYS_set_mempolicy, 2, &none, 64));
    say("bind", syscall(SYS_set_mempolicy, 2, &one, 64));
    told("bound", 0, 0);
    say("bind what is not", syscall(SYS_set_mempolicy, 2, &two, 64));
    say("default with nodes", syscall(SYS_set_mempolicy, 0, &one, 64));
    say("static and relative", syscall(SYS_set_mempolicy, 0xc002, &one, 64));
    say("bad nodes", syscall(SYS_set_mempolicy, 2, (void *)8, 64));
    say("too many", syscall(SYS_set_mempolicy, 2, &one, 1 << 20));
    say("static", syscall(SYS_set_mempolicy, 0x8002, &one, 64));
    told("static", 0, 0);
    say("interleave", syscall(SYS_set_mempolicy, 3, &one, 64));
    told("interleaved", 0, 0);
    told("next node", 0, 1);
    say("preferred", syscall(SYS_set_mempolicy, 1, NULL, 0));
    told("preferred", 0, 0);
    fflush(stdout);
    if (!fork()) {
        told("in child", 0, 0);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    say("default", syscall(SYS_set_mempolicy, 0, NULL, 0));
    told("default", 0, 0);
    say("mbind", syscall(SYS_mbind, page, 4096, 2, &one, 64, 0));
    say("mbind flags", syscall(SYS_mbind, page, 4096, 2, &one, 64, 8));
    say("mbind odd", syscall(SYS_mbind, page + 1, 4096, 2, &one, 64, 0));
    say("mbind nothing", syscall(SYS_mbind, page, 0, 2, &one, 64, 0));
    munmap(page + 4096, 4096);
    say("mbind hole", syscall(SYS_mbind, page, 3 * 4096, 2, &one, 64, 0));
    say("mbind over", syscall(SYS_mbind, page, -4096l, 2, &one, 64, 0));
    page[0] = 1;
    void *pages[3] = {page, page + 2 * 4096, (void *)4096}
    ;
    int status[3] = {7, 7, 7}
    , nodes[3] = {0, 0, 0}
    ;
    say("where", syscall(SYS_move_pages, 0, 3, pages, NULL, status, 0));
    printf("%d %d %d\n", status[0], status[1], status[2]);
    nodes[0] = 5;
    say("move to what is not", syscall(SYS_move_pages, 0, 1, pages, nodes, status, 2));
    say("move flags", syscall(SYS_move_pages, 0, 1, pages, nodes, status, 1));
    say("no process", syscall(SYS_move_pages, 999999, 1, pages, NULL, status, 0));
    say("migrate", syscall(SYS_migrate_pages, 0, 64, &one, &one));
    say("migrate to what is not", syscall(SYS_migrate_pages, 0, 64, &one, &two));
    say("migrate nobody", syscall(SYS_migrate_pages, 999999, 64, &one, &one));
    return 0;
}
