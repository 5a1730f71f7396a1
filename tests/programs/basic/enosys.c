/* Prints what numbers answer that no call has: beyond the table, holes, calls that went, and x32's numbers. */
#include <stdio.h>

#include "raw.h"

#ifdef __x86_64__
/* 156 _sysctl to 236 vserver went or never came; 337 follows uretprobe and uprobe, the newest below the hole; 423 is the last of the hole that aligns the tables of all machines;
   512 to 547 are x32's own calls, and bit 30 marks an x32 number: 39 getpid, 520 execve. */
static const long numbers[] = {
    156, 174, 177, 178, 180, 181, 182, 183, 184, 185, 205, 211, 214, 215, 236, 337, 380, 423, 512, 520, 547, 548, 1000,
    100000, 0x3fffffff, 0x40000000 | 39, 0x40000000 | 520, 0x40000000 | 600, 0x7fffffff, 0x80000000, 0xffffffff, -1, -2,
};
#else
/* 17 break to 285 are calls that never came or went; 387 to 392 is the hole before the numbers all machines share. */
static const long numbers[] = {
    17, 31, 32, 35, 44, 53, 56, 98, 127, 130, 137, 167, 188, 189, 222, 223, 251, 273, 285, 387, 392, 415, 1000,
    100000, 0x3fffffff, 0x40000014, 0x7fffffff, 0x80000000, -1, -2,
};
#endif

int main(void) {
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        printf("%ld: %ld\n", numbers[i], raw(numbers[i], 0, 0, 0));
    return 0;
}
