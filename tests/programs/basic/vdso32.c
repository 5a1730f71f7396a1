/* Prints the i386 vDSO's symbols, and how AT_SYSINFO and the bytes of __kernel_vsyscall fit them. */
#include <stdio.h>

#include "vdso.h"

static const char *const names[] = {
    "__kernel_vsyscall",  "__kernel_sigreturn",   "__kernel_rt_sigreturn",    "__vdso_time",   "__vdso_gettimeofday",
    "__vdso_clock_gettime", "__vdso_clock_getres", "__vdso_clock_gettime64", "__vdso_getcpu",
};

/* Whether the functions that tell the time agree, and keep the registers that a function has to. */
static int times_agree(const struct vdso *vdso) {
    int (*time)(int *) = vdso_symbol(vdso, "__vdso_time");
    int (*gettimeofday)(int *, int *) = vdso_symbol(vdso, "__vdso_gettimeofday");
    int (*clock_gettime)(int, int *) = vdso_symbol(vdso, "__vdso_clock_gettime");
    int (*clock_getres)(int, int *) = vdso_symbol(vdso, "__vdso_clock_getres");
    int (*clock_gettime64)(int, long long *) = vdso_symbol(vdso, "__vdso_clock_gettime64");
    int (*getcpu)(unsigned *, unsigned *, void *) = vdso_symbol(vdso, "__vdso_getcpu");
    int now, day[2], zone[2], spec[2] = {0}, resolution[2] = {-1, -1};
    long long wide[2] = {0};
    unsigned cpu = 99999, node = 99999;
    if (time(&now) < now || gettimeofday(day, zone) || clock_gettime(0, spec) || clock_gettime64(0, wide))
        return 0;
    if (clock_getres(0, resolution) || resolution[0] || clock_gettime(77, spec) != -22 || getcpu(&cpu, &node, 0))
        return 0;
    return cpu < 99999 && node == 0 && day[0] - now < 5 && spec[0] - day[0] < 5 && wide[0] - spec[0] < 5;
}

int main(void) {
    struct vdso vdso;
    if (!vdso_open(&vdso))
        return 1;
    printf("soname %s\n", vdso.soname);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        printf("%s %s\n", names[i], vdso_symbol(&vdso, names[i]) ? "found" : "MISSING");
    const unsigned char *entry = vdso_symbol(&vdso, "__kernel_vsyscall");
    printf("AT_SYSINFO %s __kernel_vsyscall\n", (unsigned long)entry == getauxval(AT_SYSINFO) ? "is" : "IS NOT");

    long pid, raw_pid;
    asm volatile("call *%1" : "=a"(pid) : "r"(entry), "0"(20) : "memory");
    asm volatile("int $0x80" : "=a"(raw_pid) : "0"(20) : "memory");
    printf("getpid through it %s\n", pid == raw_pid ? "is the pid" : "IS ANOTHER");
    printf("the times %s\n", times_agree(&vdso) ? "agree" : "DO NOT AGREE");
    return 0;
}
