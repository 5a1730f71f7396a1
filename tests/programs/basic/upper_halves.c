/* Prints what 64-bit calls answer when the upper halves of rax and of their 32-bit arguments are not zero.

   int and unsigned int arguments and the number itself are their lower halves; pointers and sizes are not. */
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "raw.h"

#define UPPER 0xdead00000000

int main(void) {
    char line[] = "written\n";
    long buffer = (long)line;
    setbuf(stdout, NULL);
    printf("write(fd|): %ld\n", raw(SYS_write, 1 | UPPER, buffer, 8));
    printf("number|: %ld\n", raw(SYS_write | UPPER, 1, buffer, 8));
    printf("number| negative: %ld\n", raw(SYS_write | (long)0xffffffff00000000, 1, buffer, 8));
    printf("number -1|: %ld\n", raw(0xffffffff | UPPER, 1, buffer, 8));
    printf("write(fd -1|): %ld\n", raw(SYS_write, 0xffffffff | UPPER, buffer, 8));
    printf("write(, buffer|): %ld\n", raw(SYS_write, 1, buffer | 0x4000000000000000, 8));
    printf("write(,, count|): %ld\n", raw(SYS_write, 1, buffer, 8 | UPPER));
    printf("close(99|): %ld\n", raw(SYS_close, 99 | UPPER, 0, 0));
    printf("ioctl(fd|, TIOCGWINSZ|): %ld\n", raw(SYS_ioctl, 1 | UPPER, TIOCGWINSZ | UPPER, buffer));
    raw(SYS_exit_group, 7 | UPPER, 0, 0);
    return 1;
}
