/* Calls getppid(2) below three functions of its own. */
static volatile long seen;

static long getppid_raw(void) {
#ifdef __x86_64__
    long result = 110;
    __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
#else
    long result = 64;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
#endif
    return result;
}

static void leave(void) {
#ifdef __x86_64__
    __asm__ volatile("syscall" : : "a"(231), "D"(0));
#else
    __asm__ volatile("int $0x80" : : "a"(252), "b"(0));
#endif
}

__attribute__((noinline)) static void inner(void) { seen += getppid_raw(); }
__attribute__((noinline)) static void middle(void) { inner(); seen++; }
__attribute__((noinline)) static void outer(void) { middle(); seen++; }

void _start(void) {
    outer();
    leave();
}
