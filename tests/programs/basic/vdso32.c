/* Prints the i386 vDSO's symbols of the kernel, and how AT_SYSINFO and the bytes of __kernel_vsyscall fit them. */
#include <stdio.h>

#include "vdso.h"

static const char *const names[] = {"__kernel_vsyscall", "__kernel_sigreturn", "__kernel_rt_sigreturn"};

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
    return 0;
}
