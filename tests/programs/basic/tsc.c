/* What instructions give that no kernel is asked for: the time-stamp counter, which rises, and CPUID's word on rdrand. */
#include <stdio.h>

int main(void) {
    unsigned long long before = 0;
    int rises = 1;
    for (int i = 0; i < 50; i++) {
        unsigned low, high, cpu = ~0u;
        if (i & 1)
            __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(cpu));
        else
            __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        unsigned long long now = (unsigned long long)high << 32 | low;
        printf("%llu %d\n", now, i & 1 ? (int)(cpu & 0xfff) < 4096 : 0);
        rises &= now > before;
        before = now;
    }
    unsigned eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    printf("rises %d rdrand %u sse2 %u\n", rises, ecx >> 30 & 1, edx >> 26 & 1);
    return 0;
}
