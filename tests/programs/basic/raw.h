/* The raw system call of each width, without a C library: what the kernel left in the result register comes back. */
#ifndef RAW_H
#define RAW_H

#ifdef __x86_64__

static inline long raw(long number, long first, long second, long third) {
    long result;
    asm volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
    return result;
}

#else

static inline long raw(long number, long first, long second, long third) {
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory");
    return result;
}

#endif
#endif
