/* Capability sets: capget, capset, bounding set, ambient set, securebits, and what execve makes of them. */
#include "call.h"

static void show(void) {
    struct cap_header header = {CAPS_3, 0};
    struct cap_data data[2];
    call(SYS_capget, &header, data);
    unsigned ambient = 0, bounding = 0;
    for (int cap = 0; cap < 32; cap++) {
        ambient |= (unsigned)(call(SYS_prctl, 47, 1, cap) == 1) << cap;
        bounding |= (unsigned)(call(SYS_prctl, 23, cap) == 1) << cap;
    }
    printf("  e %x %x p %x %x i %x %x ambient %x bounding %x secure %lx\n", data[0].effective, data[1].effective,
           data[0].permitted, data[1].permitted, data[0].inheritable, data[1].inheritable, ambient, bounding,
           call(SYS_prctl, 27));
}

static void set(unsigned e, unsigned p, unsigned i) {
    struct cap_header header = {CAPS_3, 0};
    struct cap_data data[2] = {{e, p, i}};
    printf("capset %x %x %x = %ld\n", e, p, i, call(SYS_capset, &header, data));
    show();
}

static void headers(void) {
    struct cap_header header = {0x19980330, 0};
    struct cap_data data[2];
    memset(data, 0x55, sizeof data);
    TRY(capget, &header, data);
    printf("%x %x %x %x\n", data[0].effective, data[0].permitted, data[0].inheritable, data[1].effective);
    header.version = 0x20071026;
    TRY(capget, &header, data);
    printf("%x\n", data[1].effective);
    header.version = 7;
    TRY(capget, &header, data);
    printf("%x\n", header.version);
    header.version = 7;
    TRY(capget, &header, 0);
    printf("%x\n", header.version);
    TRY(capget, &header, 0);
    header.pid = -1;
    TRY(capget, &header, data);
    TRY(capget, &header, 0);
    header.pid = 5000000;
    TRY(capget, &header, data);
    header.pid = getpid();
    TRY(capget, &header, data);
    TRY(capget, &header, BAD);
    TRY(capget, BAD, data);
    TRY(capget, BAD, 0);
    header.version = 7;
    TRY(capset, &header, data);
    printf("%x\n", header.version);
    header.pid = 1;
    TRY(capset, &header, data);
    header.pid = -1;
    TRY(capset, &header, data);
    header.pid = 0;
    TRY(capset, &header, BAD);
    TRY(capset, BAD, data);
    header.version = 0x19980330;
    TRY(capset, &header, data);
    show();
}

static void sets(void) {
    set(0x1e3, 0x1e3, 0x1);
    set(0x1e3, 0x1e3, 0x1000001);
    set(0xc1, 0xe3, 0x3);
    set(0xc3, 0xc1, 0x3);
    set(0xc1, 0x1e3, 0x3);
    set(0xc1, 0xc1, 0x2);
    set(0xc1, 0xc1, 0x22);
    set(0, 0, 0);
    set(0xc1, 0xc1, 0);
}

static void bounding(void) {
    TRY(prctl, 23, 41);
    TRY(prctl, 23, -1);
    TRY(prctl, 24, 41);
    TRY(prctl, 24, 0);
    TRY(prctl, 24, 0);
    show();
    set(0x1e3, 0x1e3, 1);
    set(0xe2, 0xe2, 0);
    TRY(prctl, 24, 1);
    TRY(prctl, 24, 41);
}

static void ambient(void) {
    TRY(prctl, 47, 2, 0);
    set(0x1e3, 0x1e3, 0x3);
    TRY(prctl, 47, 2, 0);
    TRY(prctl, 47, 2, 5);
    TRY(prctl, 47, 2, 1, 0, 1);
    TRY(prctl, 47, 2, 1, 1, 0);
    TRY(prctl, 47, 2, 41);
    TRY(prctl, 47, 5, 1);
    TRY(prctl, 47, 5, 41);
    TRY(prctl, 47, 2, 1);
    show();
    TRY(prctl, 47, 3, 0);
    show();
    TRY(prctl, 47, 4, 0, 0, 1);
    TRY(prctl, 47, 4, 1);
    TRY(prctl, 47, 4);
    show();
    TRY(prctl, 47, 2, 1);
    set(0x1e3, 0x1e3, 0x1);
    TRY(prctl, 47, 2, 0);
    TRY(prctl, 28, 0x40);
    show();
    TRY(prctl, 47, 2, 0);
    TRY(prctl, 47, 1, 0);
}

static void securebits(void) {
    TRY(prctl, 28, 0x10000);
    TRY(prctl, 28, 0x1);
    TRY(prctl, 28, 0x3);
    TRY(prctl, 28, 0x0);
    TRY(prctl, 28, 0x2);
    TRY(prctl, 28, 0x13);
    TRY(prctl, 7);
    TRY(prctl, 8, 0);
    show();
    TRY(prctl, 28, 0x33);
    TRY(prctl, 8, 1);
    TRY(prctl, 8, 2);
    set(0xe3, 0xe3, 0);
    TRY(prctl, 28, 0x37);
    TRY(prctl, 28, 0x33);
    show();
}

static char *self;

static void run_self(void) {
    char *argv[] = {self, "show", 0}, *envp[] = {0};
    fflush(stdout);
    execve(self, argv, envp);
    printf("execve failed: %d\n", errno);
}

static void exec_root(void) {
    set(0x20, 0x23, 0);
    run_self();
}

static void exec_user_ambient(void) {
    call(SYS_prctl, 8, 1);
    setresuid(1000, 1000, 1000);
    set(0x3, 0x83, 0x3);
    TRY(prctl, 47, 2, 1);
    TRY(prctl, 2, 0);
    run_self();
}

static void exec_effective_root(void) {
    set(0x1e3, 0x1e3, 0x3);
    call(SYS_prctl, 47, 2, 1);
    setresuid(1000, 0, 0);
    show();
    run_self();
}

static void exec_no_root(void) {
    TRY(prctl, 28, 0x11);
    run_self();
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 1) {
        show();
        printf("keep %ld dumpable %ld\n", call(SYS_prctl, 7), call(SYS_prctl, 3));
        return 0;
    }
    few_capabilities();
    show();
    in_child("headers", headers);
    in_child("sets", sets);
    in_child("bounding", bounding);
    in_child("ambient", ambient);
    in_child("securebits", securebits);
    in_child("exec root", exec_root);
    in_child("exec user with ambient", exec_user_ambient);
    in_child("exec effective root", exec_effective_root);
    in_child("exec no root", exec_no_root);
    return 0;
}
