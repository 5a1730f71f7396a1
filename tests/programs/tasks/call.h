/* System calls whose raw results are printed: the error number, negative, where a call failed. */
#ifndef CALL_H
#define CALL_H

#define _GNU_SOURCE
#include "../in_child.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL6(number, a, b, c, d, e, f, ...) \
    raw_result(syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))

/* call(SYS_x, ...): up to six arguments, the others are 0 */
#define call(...) CALL6(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* TRY(x, ...): makes the call x and prints it with its result */
#define TRY(name, ...) printf("%s(%s) = %ld\n", #name, #__VA_ARGS__, call(SYS_##name, ##__VA_ARGS__))

static inline long raw_result(long result) { return result == -1 ? -errno : result; }

#define BAD ((void *)8)

struct cap_header {
    uint32_t version;
    int pid;
};
struct cap_data {
    uint32_t effective, permitted, inheritable;
};

#define CAPS_3 0x20080522
/* CHOWN, DAC_OVERRIDE, KILL, SETGID, SETUID, SETPCAP: what also a container's user 0 has */
#define FEW_CAPS 0x1e3u

/* Leaves user 0 a few capabilities, the same on every host. */
static inline void few_capabilities(void) {
    for (int cap = 0; cap <= 40; cap++)
        if (cap > 8 || !(FEW_CAPS >> cap & 1))
            call(SYS_prctl, 24 /* PR_CAPBSET_DROP */, cap);
    struct cap_header header = {CAPS_3, 0};
    struct cap_data data[2];
    call(SYS_capget, &header, data);
    for (int i = 0; i < 2; i++) {
        data[i].effective &= i ? 0 : FEW_CAPS;
        data[i].permitted &= i ? 0 : FEW_CAPS;
        data[i].inheritable = 0;
    }
    call(SYS_capset, &header, data);
}

#endif
