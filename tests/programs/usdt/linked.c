/* Calls of probes as the header of dtrace -h makes them: in a local function, as the last thing, and a question. */
extern void __dtrace_shop___item__sold(int, const char *);
extern void __dtrace_shop___closed(int);
extern int __dtraceenabled_shop___closed(void);

#ifdef __x86_64__
#define EXIT "mov %0, %%edi\nmov $60, %%eax\nsyscall"
#else
#define EXIT "mov %0, %%ebx\nmov $1, %%eax\nint $0x80"
#endif

__attribute__((noinline)) static void sell(int price) {
    __dtrace_shop___item__sold(price, "apple");
    __dtrace_shop___item__sold(price + 1, "pear");
}

__attribute__((noinline)) void close_shop(int sold) { __dtrace_shop___closed(sold); }

void _start(void) {
    int enabled = __dtraceenabled_shop___closed();
    sell(5);
    close_shop(2);
    __asm__ volatile(EXIT : : "r"(enabled) : "memory");
    __builtin_unreachable();
}
