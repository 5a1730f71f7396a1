/* What limits memory: the stack's size, RLIMIT_AS, RLIMIT_DATA, the number of mappings. */
#include "memory.h"

static __attribute__((noinline)) long deep(long depth) {
    volatile char room[1024];
    room[0] = (char)depth;
    room[1023] = 1;
    return depth ? deep(depth - 1) + room[1023] : room[0];
}

static void stack_within(void) {
    unlimit(RLIMIT_STACK, 1 << 20);
    SHOW(deep(800));
    unlimit(RLIMIT_STACK, 4 << 20);
    SHOW(deep(3000));
}

static void stack_beyond(void) {
    unlimit(RLIMIT_STACK, 1 << 20);
    SHOW(deep(3000));
}

static void stack_caught(void) {
    unlimit(RLIMIT_STACK, 1 << 20);
    if (!sigsetjmp(back, 1)) {
        expected = 1;
        SHOW(deep(30000));
    } else {
        char here;
        SHOW(fault_signal);
        SHOW(fault_code);
        SHOW(&here - fault_address > 900 << 10 && &here - fault_address < 1100 << 10);
    }
    SHOW(deep(100));
}

static void stack_far_below(void) {
    char here;
    TOUCH(&here - (100 << 10), 1);
    TOUCH(&here - (1 << 20), 1);
    TOUCH(&here - (64 << 20), 1);
}

static long megabytes(int prot, int flags) {
    long count = 0;
    while (count < 200 && mmap(NULL, 1 << 20, prot, flags, -1, 0) != MAP_FAILED)
        count++;
    printf("%s after %d\n", count == 200 ? "never" : strerror(errno), count >= 58 && count <= 66);
    return count;
}

static void space(void) {
    limit(RLIMIT_AS, 64 << 20);
    megabytes(PROT_NONE, ANON | MAP_NORESERVE);
    MAP(0, 1 << 20, PROT_READ, SHARED, -1, 0);
    SHOW(malloc(1 << 20) == NULL);
    fflush(stdout);
    pid_t child = fork();
    if (!child)
        _exit(0);
    SHOW(child > 0);
    waitpid(child, NULL, 0);
}

static void data(void) {
    limit(RLIMIT_DATA, 64 << 20);
    megabytes(RW, ANON);
    SHOW(megabytes(PROT_READ, ANON));
    SHOW(megabytes(RW, SHARED));
}

static void nothing_left(void) {
    limit(RLIMIT_AS, 0);
    MAP(0, PAGE, PROT_READ, ANON, -1, 0);
    char here;
    SHOW(touch(&here - 65536, 1));
}

static void inherited(void) {
    limit(RLIMIT_AS, 64 << 20);
    fflush(stdout);
    if (!fork()) {
        megabytes(PROT_NONE, ANON | MAP_NORESERVE);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static void more_than_there_is(void) {
    SHOW(mmap(NULL, sizeof(long) == 8 ? (size_t)1 << 46 : (size_t)7 << 29, RW, ANON, -1, 0) == MAP_FAILED ? errno : 0);
}

int main(void) {
    catch_faults();
    reserve();
    munmap(base - 512 * PAGE, 512 * PAGE);
    munmap(AT(REGION_PAGES), 512 * PAGE);
    in_child("stack within", stack_within);
    in_child("stack beyond", stack_beyond);
    in_child("stack caught", stack_caught);
    in_child("stack far below", stack_far_below);
    in_child("space", space);
    in_child("data", data);
    in_child("nothing left", nothing_left);
    in_child("inherited", inherited);
    in_child("more than there is", more_than_there_is);
    return 0;
}
