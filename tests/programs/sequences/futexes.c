/*
 * futexes SEED STEPS: random sequences of operations on words that threads wait at, with one that tells them what to do and
 * goes on when all of them rest.
 */
#include "sequence.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#ifdef SYS_futex_time64
#define SYS_futex SYS_futex_time64
#endif

enum { WORKERS = 6, WORDS = 6, LOCKS = 2, PRIVATE = 128, WAITV = 449, WAKE2 = 454, WAIT2 = 455, REQUEUE2 = 456 };
enum state { ASLEEP, TOLD, DONE, ENDED };

struct order {
    long number, arguments[6];
};

struct timespec64 {
    int64_t seconds, nanoseconds;
};

static struct worker {
    int orders[2];
    pid_t tid;
    volatile enum state state;
    volatile long value;
    volatile int error;
    long at;        /* the word it waits at, for who reads the output */
} workers[WORKERS];

/* The last words are locks; a robust list of each worker has them behind its head. */
static struct entry {
    struct entry *next;
    uint32_t word;
} *words;
static struct timespec64 past = {0, 1};
static pid_t me;

static struct robust {
    struct entry *first;
    long offset;
    struct entry *pending;
} heads[WORKERS];

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct robust *head = &heads[worker - workers];
    struct order order;
    worker->tid = syscall(SYS_gettid);
    head->first = (struct entry *)head;
    head->offset = offsetof(struct entry, word);
    syscall(SYS_set_robust_list, head, sizeof *head);
    while (read(worker->orders[0], &order, sizeof order) == sizeof order) {
        if (order.number == 0)
            break;
        worker->value = syscall(order.number, order.arguments[0], order.arguments[1], order.arguments[2], order.arguments[3], order.arguments[4],
                                order.arguments[5]);
        worker->error = errno;
        worker->state = DONE;
    }
    worker->state = ENDED;
    syscall(SYS_exit, 0);
    return NULL;
}

static void start(struct worker *worker)
{
    pthread_t thread;
    worker->state = ASLEEP;
    worker->tid = 0;
    if (pthread_create(&thread, NULL, work, worker))
        exit(2);
}

/* Whether a worker waits: for an order or in what it was told to do. */
static int rests(const struct worker *worker)
{
    char name[40], text[400], *end;
    snprintf(name, sizeof name, "/proc/self/task/%d/stat", worker->tid);
    int file = open(name, O_RDONLY);
    if (file < 0)
        return worker->state == ENDED;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    if (size <= 0)
        return worker->state == ENDED;
    text[size] = 0;
    end = strrchr(text, ')');
    return end && end[2] == 'S';
}

static void settle(void)
{
    for (int quiet = 0; quiet < 3;) {
        int resting = 1;
        for (int i = 0; i < WORKERS; i++)
            resting &= workers[i].tid && rests(&workers[i]);
        quiet = resting ? quiet + 1 : 0;
        sched_yield();
    }
}

static long owner(uint32_t tid)
{
    for (int i = 0; i < WORKERS; i++)
        if (workers[i].tid == (pid_t)tid)
            return 10 + i;
    return tid == (uint32_t)me ? 20 : tid ? 30 : 0;
}

/* Waits until all rest; tells who came back from what, and what the words hold. */
static void tell(void)
{
    settle();
    for (int i = 0; i < WORKERS; i++) {
        struct worker *worker = &workers[i];
        if (worker->state == DONE) {
            printf("  %d of %ld: %ld errno %d\n", i, worker->at, worker->value, worker->value < 0 ? worker->error : 0);
            worker->state = ASLEEP;
        } else if (worker->state == ENDED) {
            printf("  %d ended\n", i);
            heads[i] = (struct robust){0};
            start(worker);
            settle();
        }
    }
    printf("  words");
    for (int i = 0; i < WORDS; i++)
        printf(" %s%ld", words[i].word & FUTEX_WAITERS ? "w" : words[i].word & FUTEX_OWNER_DIED ? "d" : "",
               i < WORDS - LOCKS ? (long)(words[i].word & FUTEX_TID_MASK) : owner(words[i].word & FUTEX_TID_MASK));
    printf("\n");
}

static int give(struct worker *worker, long at, struct order order)
{
    if (worker->state != ASLEEP)
        return 0;
    worker->state = TOLD;
    worker->at = at;
    if (write(worker->orders[1], &order, sizeof order) != sizeof order)
        exit(3);
    return 1;
}

static struct worker *someone(void) { return &workers[below(WORKERS)]; }
static int word(void) { return below(WORDS - LOCKS); }
static int lock(void) { return WORDS - LOCKS + below(LOCKS); }
static long secret(void) { return chance(85) ? PRIVATE : 0; }
static uint32_t bits(void) { return chance(50) ? ~0u : 1u << below(3); }

static void do_wait(void)
{
    struct worker *worker = someone();
    int at = word(), shown = chance(85);
    long how = secret();
    uint32_t mask = bits(), value = words[at].word + !shown;
    if (worker->state != ASLEEP)
        return;
    printf("%ld: wait %d private %ld bits %x right %d\n", (long)(worker - workers), at, how, mask, shown);
    give(worker, at, (struct order){SYS_futex, {(long)&words[at].word, FUTEX_WAIT_BITSET | how, value, 0, 0, mask}});
    tell();
}

static void do_wait_once(void)
{
    static const int operations[] = {FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI, 13, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, FUTEX_WAIT | FUTEX_CLOCK_REALTIME};
    int operation = ONE_OF(operations), at = (operation & 127) == FUTEX_LOCK_PI || operation == 13 ? lock() : word();
    struct timespec64 none = {0, 0};
    int relative = (operation & 127) == FUTEX_WAIT;
    uint32_t mask = chance(90) ? bits() : 0;
    printf("wait once %x at %d bits %x", operation, at, mask);
    if ((words[at].word & FUTEX_TID_MASK) == 0 && at >= WORDS - LOCKS) {
        printf(" free\n");
        return;
    }
    result(syscall(SYS_futex, &words[at].word, operation | secret(), words[at].word, relative ? &none : &past, 0, mask));
}

static void do_wake(void)
{
    int at = word(), count = chance(80) ? 1 + below(3) : chance(50) ? 0 : 0x7fffffff;
    long how = secret();
    uint32_t mask = chance(95) ? bits() : 0;
    printf("wake %d count %d private %ld bits %x", at, count, how, mask);
    result(syscall(SYS_futex, &words[at].word, FUTEX_WAKE_BITSET | how, count, NULL, NULL, mask));
    tell();
}

static void do_requeue(void)
{
    int from = word(), to = word(), wake = (int)below(3) - chance(3), move = (int)below(3) - chance(3), compare = chance(60), right = chance(90);
    printf("requeue %d -> %d wake %d move %d compare %d right %d", from, to, wake, move, compare, right);
    result(syscall(SYS_futex, &words[from].word, (compare ? FUTEX_CMP_REQUEUE : FUTEX_REQUEUE) | secret(), wake, (long)move, &words[to].word,
                   words[from].word + !right));
    tell();
}

static void do_wake_operation(void)
{
    int first = word(), second = word(), wake = below(3), other = below(3), operation = below(chance(95) ? 5 : 8), compare = below(chance(95) ? 6 : 9);
    int value = below(5), against = below(4);
    uint32_t encoded = (uint32_t)(operation | (chance(20) ? 8 : 0)) << 28 | compare << 24 | value << 12 | against;
    printf("wake operation %d %d wake %d %d encoded %x", first, second, wake, other, encoded);
    result(syscall(SYS_futex, &words[first].word, FUTEX_WAKE_OP | secret(), wake, (long)other, &words[second].word, encoded));
    tell();
}

static void do_set(void)
{
    int at = word(), value = below(4);
    printf("word %d is %d\n", at, value);
    words[at].word = value;
}

static void do_lock(void)
{
    static const int operations[] = {FUTEX_LOCK_PI, FUTEX_LOCK_PI, 13, FUTEX_TRYLOCK_PI};
    struct worker *worker = someone();
    int at = lock(), operation = ONE_OF(operations);
    if (worker->state != ASLEEP)
        return;
    printf("%ld: lock %d by %d\n", (long)(worker - workers), at, operation);
    give(worker, at, (struct order){SYS_futex, {(long)&words[at].word, operation | PRIVATE, 0, 0, 0, 0}});
    tell();
}

static void do_unlock(void)
{
    int at = lock();
    long holder = owner(words[at].word & FUTEX_TID_MASK) - 10;
    struct worker *worker = chance(90) && holder >= 0 && holder < WORKERS ? &workers[holder] : someone();
    if (worker->state != ASLEEP)
        return;
    printf("%ld: unlock %d\n", (long)(worker - workers), at);
    give(worker, at, (struct order){SYS_futex, {(long)&words[at].word, FUTEX_UNLOCK_PI | PRIVATE, 0, 0, 0, 0}});
    tell();
}

static void do_wait_requeue(void)
{
    struct worker *worker = someone();
    int from = word(), to = lock();
    if (worker->state != ASLEEP)
        return;
    printf("%ld: wait %d for lock %d\n", (long)(worker - workers), from, to);
    give(worker, from, (struct order){SYS_futex, {(long)&words[from].word, FUTEX_WAIT_REQUEUE_PI | PRIVATE, words[from].word, 0, (long)&words[to].word, 0}});
    tell();
}

static void do_requeue_lock(void)
{
    int from = word(), to = lock(), move = below(3), wake = chance(95) ? 1 : 0;
    printf("requeue %d -> lock %d move %d wake %d", from, to, move, wake);
    result(syscall(SYS_futex, &words[from].word, FUTEX_CMP_REQUEUE_PI | PRIVATE, wake, (long)move, &words[to].word, words[from].word));
    tell();
}

/* A worker ends; what its robust list names is given free. */
static void do_end(void)
{
    struct worker *worker = someone();
    struct robust *head = &heads[worker - workers];
    int listed = below(3), at = lock();
    if (worker->state != ASLEEP)
        return;
    head->first = (struct entry *)head;
    head->pending = NULL;
    if (listed == 1) {
        int plain = word();
        words[plain].next = (struct entry *)head;
        words[plain].word = worker->tid | (chance(60) ? FUTEX_WAITERS : 0);
        head->first = &words[plain];
        printf("%ld: end with %d\n", (long)(worker - workers), plain);
    } else if (listed == 2) {
        head->pending = (struct entry *)((uintptr_t)&words[at] | 1);
        printf("%ld: end, %d pending\n", (long)(worker - workers), at);
    } else
        printf("%ld: end\n", (long)(worker - workers));
    give(worker, -1, (struct order){0});
    tell();
    for (int i = 0; i < WORDS - LOCKS; i++) /* no number of a thread that is gone */
        if (words[i].word & (FUTEX_OWNER_DIED | FUTEX_WAITERS))
            words[i].word = 0;
}

struct waitv {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static struct waitv lists[WORKERS][3];

static void do_waitv(void)
{
    struct worker *worker = someone();
    struct waitv *list = lists[worker - workers];
    int count = 1 + below(3), wrong = chance(10);
    if (worker->state != ASLEEP)
        return;
    printf("%ld: waitv", (long)(worker - workers));
    for (int i = 0; i < count; i++) {
        int at = word();
        list[i] = (struct waitv){words[at].word + (wrong && i == 1), (uintptr_t)&words[at].word, 2 | PRIVATE, chance(3)};
        printf(" %d", at);
    }
    printf(" wrong %d\n", wrong);
    give(worker, 90, (struct order){WAITV, {(long)list, count, 0, 0, 0, 0}});
    tell();
}

static void do_second(void)
{
    int at = word(), to = word(), count = below(3), flags = chance(90) ? 2 | PRIVATE : (int)below(256);
    if (chance(50)) {
        printf("futex_wake %d count %d flags %x", at, count, flags);
        result(syscall(WAKE2, &words[at].word, (long)bits(), count, flags));
    } else {
        struct waitv pair[2] = {{words[at].word, (uintptr_t)&words[at].word, 2 | PRIVATE, 0}, {0, (uintptr_t)&words[to].word, 2 | PRIVATE, 0}};
        printf("futex_requeue %d -> %d wake %d", at, to, count);
        result(syscall(REQUEUE2, pair, 0, count, (long)below(3)));
    }
    tell();
}

static void do_odd(void)
{
    static const int operations[] = {FUTEX_FD, 14, 15, 99, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, FUTEX_WAKE, FUTEX_UNLOCK_PI,
                                     FUTEX_CMP_REQUEUE_PI, FUTEX_WAIT_REQUEUE_PI, FUTEX_TRYLOCK_PI};
    int operation = ONE_OF(operations), off = below(4), at = word();
    uint32_t before = words[at].word;
    words[at].word = 12345678; /* nobody's number: the upper bits would be flags */
    printf("odd %x at %d + %d", operation, at, off);
    result(syscall(SYS_futex, (char *)&words[at].word + off, operation | PRIVATE, 1, &past, (char *)&words[at].word + off, 0));
    words[at].word = before;
}

static void do_list(void)
{
    struct worker *worker = someone();
    void *head = NULL;
    size_t size = 0;
    printf("get_robust_list %ld", (long)(worker - workers));
    long got = syscall(SYS_get_robust_list, chance(95) ? worker->tid : 4000000, &head, &size);
    if (got == 0)
        printf(" %d %zu", head == &heads[worker - workers], size / sizeof(long));
    result(got);
}

static const struct operation operations[] = {
    {20, do_wait}, {6, do_wait_once}, {12, do_wake}, {10, do_requeue}, {8, do_wake_operation}, {4, do_set}, {14, do_lock}, {14, do_unlock},
    {8, do_wait_requeue}, {6, do_requeue_lock}, {3, do_end}, {6, do_waitv}, {6, do_second}, {3, do_odd}, {1, do_list},
};

int main(int argc, char **argv)
{
    me = getpid();
    words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < WORKERS; i++) {
        if (pipe(workers[i].orders))
            return 2;
        start(&workers[i]);
    }
    settle();
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
