/*
 * getpid N: N calls of Solaris that do as much as Linux's getpid: lwp_self, because Solaris's getpid answers the parent's
 * number as well. Status 1 if an answer is no number, or not the same each time.
 */
extern long strtol(const char *, char **, int);

static inline long lwp_self(void) {
    long lwp = 164; /* SYS_lwp_self */
    __asm__ volatile("syscall" : "+a"(lwp) : : "rcx", "rdx", "r11", "memory");
    return lwp;
}

int main(int argc, char **argv) {
    long calls = argc > 1 ? strtol(argv[1], 0, 10) : 1;
    long first = lwp_self();
    int wrong = first <= 0;
    while (calls-- > 0)
        wrong |= lwp_self() != first;
    return wrong;
}
