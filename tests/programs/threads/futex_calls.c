/* futex_calls: the answers of futex(2), futex_waitv and the calls of one operation each, errors first, alone and with
   threads that wait. Prints one line a case. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __i386__
#define SYS_futex_here 240 /* the one with 32-bit times */
struct spec { int32_t seconds, nanoseconds; };
#else
#define SYS_futex_here SYS_futex
struct spec { int64_t seconds, nanoseconds; };
#endif
#define FUTEX_LOCK_PI2_ 13
#define NR_waitv 449
#define NR_wake 454
#define NR_wait 455
#define NR_requeue 456

static uint32_t one, two;

static long fx(uint32_t *word, int op, uint32_t value, void *time, uint32_t *other, uint32_t third) {
    long result = syscall(SYS_futex_here, word, op, value, time, other, third);
    return result < 0 ? -errno : result;
}

static long call(long number, long a, long b, long c, long d, long e, long f) {
    long result = syscall(number, a, b, c, d, e, f);
    return result < 0 ? -errno : result;
}

#define SHOW(text, expression) printf("%-44s %ld\n", text, (long)(expression))

struct waiter {
    pthread_t thread;
    uint32_t *word, *other;
    int op;
    uint32_t bits;
    int started;
    long result;
};

static void *wait_for_it(void *argument) {
    struct waiter *it = argument;
    __atomic_store_n(&it->started, (int)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    it->result = fx(it->word, it->op, *it->word, NULL, it->other, it->bits);
    return NULL;
}

/* Sleeps until the thread sleeps, as far as /proc tells. */
static void until_asleep(int tid) {
    char name[64], text[256];
    for (;;) {
        snprintf(name, sizeof name, "/proc/self/task/%d/stat", tid);
        FILE *file = fopen(name, "r");
        size_t got = file ? fread(text, 1, sizeof text - 1, file) : 0;
        if (file)
            fclose(file);
        text[got] = 0;
        char *end = strrchr(text, ')');
        if (end && end[2] == 'S')
            return;
        usleep(1000);
    }
}

/* Sleeps until a thread is no more: pthread_join comes back before. */
static void until_gone(int tid) {
    while (!syscall(SYS_tgkill, getpid(), tid, 0))
        usleep(100);
}

static void start(struct waiter *it, uint32_t *word, int op, uint32_t bits, uint32_t *other) {
    *it = (struct waiter){.word = word, .op = op, .bits = bits, .other = other};
    pthread_create(&it->thread, NULL, wait_for_it, it);
    while (!__atomic_load_n(&it->started, __ATOMIC_SEQ_CST))
        usleep(100);
    until_asleep(it->started);
}

static long end(struct waiter *it) {
    pthread_join(it->thread, NULL);
    return it->result;
}

static void errors(void) {
    struct spec zero = {0, 0}, wrong = {0, 1000000000}, negative = {-1, 0}, past = {1, 0}, soon = {0, 1000000};
    uint32_t *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t *readable = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SHOW("wait, another value", fx(&one, FUTEX_WAIT, 1, NULL, NULL, 0));
    SHOW("wait, private, another value", fx(&one, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
    SHOW("wait, not aligned", fx((uint32_t *)((char *)&one + 1), FUTEX_WAIT, 0, NULL, NULL, 0));
    SHOW("wait, not mapped", fx(none, FUTEX_WAIT, 0, NULL, NULL, 0));
    SHOW("wait, private, not mapped", fx(none, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
    SHOW("wait, read only", fx(readable, FUTEX_WAIT, 0, &zero, NULL, 0));
    SHOW("wait, private, read only", fx(readable, FUTEX_WAIT_PRIVATE, 0, &zero, NULL, 0));
    SHOW("wait, shared read only", fx(shared, FUTEX_WAIT, 0, &zero, NULL, 0));
    SHOW("wait, timeout not valid", fx(&one, FUTEX_WAIT, 0, &wrong, NULL, 0));
    SHOW("wait, timeout not valid, another value", fx(&one, FUTEX_WAIT, 1, &wrong, NULL, 0));
    SHOW("wait, negative timeout", fx(&one, FUTEX_WAIT, 0, &negative, NULL, 0));
    SHOW("wait, timeout not mapped", fx(&one, FUTEX_WAIT, 0, none, NULL, 0));
    SHOW("wait, timeout 0", fx(&one, FUTEX_WAIT, 0, &zero, NULL, 0));
    SHOW("wait, timeout", fx(&one, FUTEX_WAIT, 0, &soon, NULL, 0));
    SHOW("wait by the wall clock", fx(&one, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &soon, NULL, 0));
    SHOW("wait for bits, none", fx(&one, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
    SHOW("wait for bits, past", fx(&one, FUTEX_WAIT_BITSET, 0, &past, NULL, 1));
    SHOW("wait for bits by the wall clock, past",
         fx(&one, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &past, NULL, 1));
    SHOW("wake, nobody", fx(&one, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW("wake, not mapped", fx(none, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW("wake, private, not mapped", fx(none, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    SHOW("wake, private, kernel's memory", fx((uint32_t *)-4096L, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    SHOW("wake, not aligned", fx((uint32_t *)((char *)&one + 2), FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    SHOW("wake by the wall clock", fx(&one, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0));
    SHOW("wake bits, none", fx(&one, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
    SHOW("fd", fx(&one, FUTEX_FD, 0, NULL, NULL, 0));
    SHOW("no such operation", fx(&one, 14, 0, NULL, NULL, 0));
    SHOW("no such flag", fx(&one, FUTEX_WAKE | 512, 0, NULL, NULL, 0));
    SHOW("requeue, negative", fx(&one, FUTEX_REQUEUE, -1, (void *)1, &two, 0));
    SHOW("requeue, negative count", fx(&one, FUTEX_REQUEUE, 1, (void *)-1L, &two, 0));
    SHOW("requeue, another value", fx(&one, FUTEX_CMP_REQUEUE, 1, (void *)1, &two, 5));
    SHOW("requeue, nobody", fx(&one, FUTEX_CMP_REQUEUE, 1, (void *)1, &two, 0));
    SHOW("requeue to memory not mapped", fx(&one, FUTEX_CMP_REQUEUE, 1, (void *)1, none, 0));
    SHOW("wake op, no such operation", fx(&one, FUTEX_WAKE_OP, 1, (void *)1, &two, 7u << 28));
    SHOW("wake op, no such comparison", fx(&one, FUTEX_WAKE_OP, 1, (void *)1, &two, 9 << 24 | 5 << 12));
    SHOW("  but stored", two);
    two = 10;
    SHOW("wake op, add", fx(&one, FUTEX_WAKE_OP, 1, (void *)1, &two, FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 10)));
    SHOW("  stored", two);
    fx(&one, FUTEX_WAKE_OP, 1, (void *)1, &two, FUTEX_OP(FUTEX_OP_OR | 8, 6, FUTEX_OP_CMP_LT, 10));
    SHOW("wake op, or 1 << 6", two);
    fx(&one, FUTEX_WAKE_OP, 1, (void *)1, &two, FUTEX_OP(FUTEX_OP_ANDN, 3, FUTEX_OP_CMP_LT, 10));
    SHOW("wake op, and not 3", two);
    fx(&one, FUTEX_WAKE_OP, 1, (void *)1, &two, FUTEX_OP(FUTEX_OP_XOR, 0xfff, FUTEX_OP_CMP_LT, 10));
    SHOW("wake op, xor -1", (int)two);
    fx(&one, FUTEX_WAKE_OP, 1, (void *)1, &two, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_LT, 10));
    SHOW("wake op, set", two);
    SHOW("wake op, read only", fx(&one, FUTEX_WAKE_OP, 1, (void *)1, readable, 0));
    SHOW("wait to be requeued to itself", fx(&one, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &one, 0));
    SHOW("wait to be requeued, another value", fx(&one, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &two, 0));
    SHOW("wait to be requeued, past", fx(&one, FUTEX_WAIT_REQUEUE_PI, 0, &past, &two, 0));
    SHOW("requeue to a lock, two at once", fx(&one, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, &two, 0));
    SHOW("requeue to a lock, nobody", fx(&one, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &two, 0));
}

static void locks(void) {
    struct spec past = {1, 0};
    int tid = (int)syscall(SYS_gettid);
    one = 0;
    SHOW("lock", fx(&one, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW("  the word is the owner's number", (int)one == tid);
    SHOW("lock again", fx(&one, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW("try it again", fx(&one, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW("unlock", fx(&one, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW("  the word", one);
    SHOW("unlock again", fx(&one, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW("try", fx(&one, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW("unlock", fx(&one, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    one = FUTEX_OWNER_DIED | FUTEX_WAITERS;
    SHOW("lock after its owner died", fx(&one, FUTEX_LOCK_PI2_, 0, NULL, NULL, 0));
    SHOW("  the word says so still", one == (FUTEX_OWNER_DIED | (uint32_t)tid));
    SHOW("unlock", fx(&one, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    one = 0x3ffffff0;
    SHOW("lock of nobody", fx(&one, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW("  the word", one == (0x3ffffff0 | FUTEX_WAITERS));
    SHOW("lock, not aligned", fx((uint32_t *)((char *)&one + 1), FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW("lock by the wall clock", fx(&one, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
    (void)past;
}

static void with_threads(void) {
    struct waiter waiters[4];
    one = two = 0;
    for (int i = 0; i < 4; i++)
        start(&waiters[i], &one, FUTEX_WAIT_PRIVATE, 0, NULL);
    SHOW("wake -1 wakes", fx(&one, FUTEX_WAKE_PRIVATE, -1, NULL, NULL, 0));
    SHOW("  the first", end(&waiters[0]));
    SHOW("shared ones are others", fx(&one, FUTEX_WAKE, 9, NULL, NULL, 0));
    SHOW("requeue 1 and 1", fx(&one, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &two, 0));
    SHOW("  the second", end(&waiters[1]));
    SHOW("wake the other word", fx(&two, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
    SHOW("  the third", end(&waiters[2]));
    SHOW("wake op, where it does not hold",
         fx(&two, FUTEX_WAKE_OP_PRIVATE, 1, (void *)9, &one, FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_NE, 0)));
    SHOW("wake op, where it holds",
         fx(&two, FUTEX_WAKE_OP_PRIVATE, 1, (void *)9, &one, FUTEX_OP(FUTEX_OP_SET, 8, FUTEX_OP_CMP_EQ, 7)));
    SHOW("  the fourth", end(&waiters[3]));
    one = 0;
    start(&waiters[0], &one, FUTEX_WAIT_BITSET_PRIVATE, 1, NULL);
    start(&waiters[1], &one, FUTEX_WAIT_BITSET_PRIVATE, 6, NULL);
    start(&waiters[2], &one, FUTEX_WAIT_BITSET_PRIVATE, 4, NULL);
    SHOW("wake bit 4", fx(&one, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4));
    SHOW("wake bit 8", fx(&one, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 8));
    SHOW("wake any", fx(&one, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
    for (int i = 0; i < 3; i++)
        end(&waiters[i]);
    for (int i = 0; i < 4; i++)
        start(&waiters[i], &one, FUTEX_WAIT_PRIVATE, 0, NULL);
    SHOW("requeue 2 and 9", fx(&one, FUTEX_REQUEUE_PRIVATE, 2, (void *)9, &two, 0));
    SHOW("wake the first word", fx(&one, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
    SHOW("wake the other word", fx(&two, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
    for (int i = 0; i < 4; i++)
        end(&waiters[i]);
    /* locks */
    one = (uint32_t)syscall(SYS_gettid);
    start(&waiters[0], &one, FUTEX_LOCK_PI_PRIVATE, 0, NULL);
    SHOW("somebody waits", one == ((uint32_t)syscall(SYS_gettid) | FUTEX_WAITERS));
    SHOW("wake at a lock", fx(&one, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
    SHOW("requeue from a lock", fx(&one, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, &two, 0));
    SHOW("try", fx(&one, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    SHOW("unlock", fx(&one, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    SHOW("  the next one has it", end(&waiters[0]));
    SHOW("  the word is his", one == ((uint32_t)waiters[0].started | FUTEX_WAITERS));
    until_gone(waiters[0].started); /* a lock whose owner ended, and nobody else waits */
    SHOW("lock of one who ended", fx(&one, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    /* from a condition to a lock */
    one = 0;
    two = 0;
    for (int i = 0; i < 3; i++)
        start(&waiters[i], &one, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, &two);
    SHOW("wake who waits for a lock", fx(&one, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    SHOW("requeue to another word", fx(&one, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)9, &two + 1, 0));
    SHOW("requeue to the lock", fx(&one, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)1, &two, 0));
    SHOW("  he has it", end(&waiters[0]));
    SHOW("  he ended with it, and the second has it", end(&waiters[1]));
    SHOW("  the word is his", two == (FUTEX_OWNER_DIED | FUTEX_WAITERS | (uint32_t)waiters[1].started));
}

static void numbered(void) {
    struct { int64_t seconds, nanoseconds; } past = {1, 0}, wrong = {-1, 0};
    struct { uint64_t value, address; uint32_t flags, reserved; } vector[3];
    struct waiter waiters[2];
    memset(vector, 0, sizeof vector);
    one = two = 0;
    long a = (long)&one;
    SHOW("futex_wake, size 8", call(NR_wake, a, 1, 1, 0, 0, 0));
    SHOW("futex_wake, size 64", call(NR_wake, a, 1, 1, 3, 0, 0));
    SHOW("futex_wake, no mask", call(NR_wake, a, 0, 1, 2, 0, 0));
    SHOW("futex_wake, no such flag", call(NR_wake, a, 1, 1, 2 | 64, 0, 0));
    SHOW("futex_wake, nobody", call(NR_wake, a, 1, 1, 2, 0, 0));
    SHOW("futex_wake, not aligned", call(NR_wake, a + 1, 1, 1, 2, 0, 0));
    SHOW("futex_wait, another value", call(NR_wait, a, 1, 1, 2 | 128, 0, 0));
    SHOW("futex_wait, no mask", call(NR_wait, a, 0, 0, 2 | 128, 0, 0));
    SHOW("futex_wait, past", call(NR_wait, a, 0, -1 & 0xffffffff, 2 | 128, (long)&past, CLOCK_MONOTONIC));
    SHOW("futex_wait, wrong clock", call(NR_wait, a, 0, 1, 2 | 128, (long)&past, CLOCK_BOOTTIME));
    SHOW("futex_wait, wrong time", call(NR_wait, a, 0, 1, 2 | 128, (long)&wrong, CLOCK_REALTIME));
    start(&waiters[0], &one, FUTEX_WAIT_PRIVATE, 0, NULL);
    SHOW("futex_wake 0", call(NR_wake, a, 1, 0, 2 | 128, 0, 0));
    SHOW("futex_wake 1", call(NR_wake, a, 1, 1, 2 | 128, 0, 0));
    SHOW("  woken", end(&waiters[0]));
    vector[0].address = (uintptr_t)&one;
    vector[1].address = (uintptr_t)&two;
    vector[0].flags = vector[1].flags = 2 | 128;
    SHOW("futex_requeue, flags", call(NR_requeue, (long)vector, 1, 1, 1, 0, 0));
    SHOW("futex_requeue, nowhere", call(NR_requeue, 0, 0, 1, 1, 0, 0));
    SHOW("futex_requeue, nobody", call(NR_requeue, (long)vector, 0, 1, 1, 0, 0));
    vector[0].value = 4;
    SHOW("futex_requeue, another value", call(NR_requeue, (long)vector, 0, 1, 1, 0, 0));
    SHOW("waitv, another value", call(NR_waitv, (long)vector, 2, 0, 0, 0, 0));
    vector[0].value = 0;
    SHOW("futex_requeue, negative", call(NR_requeue, (long)vector, 0, -1, 1, 0, 0));
    SHOW("waitv, none", call(NR_waitv, (long)vector, 0, 0, 0, 0, 0));
    SHOW("waitv, 129", call(NR_waitv, (long)vector, 129, 0, 0, 0, 0));
    SHOW("waitv, flags", call(NR_waitv, (long)vector, 2, 1, 0, 0, 0));
    SHOW("waitv, nowhere", call(NR_waitv, 0, 2, 0, 0, 0, 0));
    SHOW("waitv, past", call(NR_waitv, (long)vector, 2, 0, (long)&past, CLOCK_REALTIME, 0));
    SHOW("waitv, wrong clock", call(NR_waitv, (long)vector, 2, 0, (long)&past, 7, 0));
    SHOW("waitv, flags of the third", call(NR_waitv, (long)vector, 3, 0, (long)&past, 1, 0));
    vector[1].reserved = 1;
    SHOW("waitv, reserved", call(NR_waitv, (long)vector, 2, 0, (long)&past, 1, 0));
    vector[1].reserved = 0;
    vector[1].value = 1ull << 32;
    SHOW("waitv, large value", call(NR_waitv, (long)vector, 2, 0, (long)&past, 1, 0));
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    errors();
    locks();
    if (argc > 1 && !strcmp(argv[1], "numbered"))
        numbered();
    else
        with_threads();
    return 0;
}
