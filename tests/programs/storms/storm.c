/* Very much of one thing at once, each with a result that is known: storm KIND prints it, the same on every Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L

static char *self;
static uint64_t state = 88172645463325252ULL;

static unsigned below(unsigned count) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % count;
}

static void *shared(size_t size) {
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Trees of processes: each forks three below it, waits for them and adds up; leaves run this program anew. */
static int grow(int depth) {
    int sum = 1, status;
    if (!depth) {
        char *leaf[] = {self, (char *)"leaf", NULL}, *none[] = {NULL};
        execve("/proc/self/exe", leaf, none);
        _exit(99);
    }
    for (int i = 0; i < 3; i++)
        if (!fork())
            _exit(grow(depth - 1));
    while (wait(&status) > 0)
        sum += WEXITSTATUS(status);
    return sum;
}

static void trees(void) { printf("processes: %d\n", grow(4)); }

/* Hundreds of processes at once that pass a token around a ring of pipes, then end in any order. */
static void ring(void) {
    enum { MEMBERS = 120 };
    int first[2], before, sum = 0, status;
    pipe(first);
    before = first[0];
    for (int i = 0; i < MEMBERS; i++) {
        int next[2];
        pipe(next);
        if (!fork()) {
            int token;
            close(first[1]);
            close(next[0]);
            while (read(before, &token, sizeof token) == sizeof token) {
                token++;
                write(next[1], &token, sizeof token);
            }
            _exit(i & 7);
        }
        if (before != first[0])
            close(before);
        close(next[1]);
        before = next[0];
    }
    close(first[0]);
    for (int round = 0; round < 3; round++) {
        int token = 0;
        write(first[1], &token, sizeof token);
        read(before, &token, sizeof token);
        sum += token;
    }
    close(first[1]);
    for (int i = 0; wait(&status) > 0; i++)
        sum += WEXITSTATUS(status);
    printf("ring: %d\n", sum);
}

static volatile sig_atomic_t got, nested, deepest, children;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    (void)number;
    got += info->si_value.sival_int;
}

static void on_nested(int number) {
    nested++;
    if (++deepest < 12)
        raise(number == SIGUSR1 ? SIGUSR2 : SIGUSR1);
    deepest--;
}

static void on_child(int number) {
    int saved = errno, status;
    (void)number;
    while (waitpid(-1, &status, WNOHANG) > 0)
        children++;
    errno = saved;
}

/* Processes queue real-time signals to their parent, which takes them in handlers, on another stack, nested. */
static void signals(void) {
    enum { SENDERS = 10, EACH = 60 };
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigaltstack(&alternate, NULL);
    for (int i = 0; i < 5; i++)
        sigaction(SIGRTMIN + i, &action, NULL);
    action.sa_flags = SA_NODEFER | SA_RESTART;
    action.sa_handler = on_nested;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    action.sa_handler = on_child;
    action.sa_flags = SA_RESTART;
    sigaction(SIGCHLD, &action, NULL);
    pid_t parent = getpid();
    for (int i = 0; i < SENDERS; i++)
        if (!fork()) {
            for (int j = 0; j < EACH; j++)
                while (sigqueue(parent, SIGRTMIN + j % 5, (union sigval){.sival_int = j}) && errno == EAGAIN)
                    sched_yield();
            _exit(0);
        }
    for (int i = 0; i < 20; i++)
        raise(SIGUSR1);
    struct timespec moment = {0, 1000000};
    while (children < SENDERS || got < SENDERS * EACH * (EACH - 1) / 2)
        nanosleep(&moment, NULL);
    printf("signals: %d, nested %d, depth %d, children %d\n", got, nested, deepest, children);
}

/* Random mmap, munmap, mprotect, mremap and stores, checked against what a page should hold. */
static void mappings(void) {
    enum { PAGES = 96 };
    static unsigned char holds[PAGES], allowed[PAGES]; /* 0: not mapped; 1: read, 3: read and write */
    char *base = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(base, PAGES * PAGE);
    unsigned long checked = 0, wrong = 0, moved = 0;
    for (int step = 0; step < 3000; step++) {
        unsigned page = below(PAGES), count = 1 + below(12);
        if (page + count > PAGES)
            count = PAGES - page;
        char *at = base + page * PAGE;
        switch (below(8)) {
        case 0: case 1:
            if (mmap(at, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at)
                wrong++;
            memset(holds + page, 0, count);
            memset(allowed + page, 3, count);
            break;
        case 2:
            munmap(at, count * PAGE);
            memset(allowed + page, 0, count);
            break;
        case 3: {
            int prot = below(2) ? 1 : 3, whole = !memchr(allowed + page, 0, count);
            if (!mprotect(at, count * PAGE, prot) != whole)
                wrong++;
            for (unsigned i = 0; i < count && allowed[page + i]; i++)
                allowed[page + i] = prot;
            break;
        }
        case 4: { /* a run of the same rights moves elsewhere */
            unsigned run = 0, to = below(PAGES);
            while (run < count && allowed[page + run] && allowed[page + run] == allowed[page])
                run++;
            if (!run || to + run > PAGES || (to < page + run && page < to + run))
                break;
            char *there = mremap(at, run * PAGE, run * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base + to * PAGE);
            if (there == MAP_FAILED) {
                if (errno != EFAULT) /* more than one mapping */
                    wrong++;
                break;
            }
            memcpy(holds + to, holds + page, run);
            memcpy(allowed + to, allowed + page, run);
            memset(allowed + page, 0, run);
            moved++;
            break;
        }
        case 5:
            for (unsigned i = 0; i < count; i++)
                if (allowed[page + i] && !madvise(at + i * PAGE, PAGE, MADV_DONTNEED))
                    holds[page + i] = 0;
            break;
        default:
            for (unsigned i = 0; i < count; i++)
                if (allowed[page + i] == 3)
                    at[i * PAGE] = at[i * PAGE + PAGE - 1] = (char)(holds[page + i] = (unsigned char)(1 + below(255)));
        }
        if (step % 100 == 50) { /* a copy has the same, and what it stores stays its own */
            int status;
            fflush(stdout);
            if (!fork()) {
                for (int i = 0; i < PAGES; i++)
                    if (allowed[i] && (unsigned char)base[i * PAGE] != holds[i])
                        _exit(1);
                for (int i = 0; i < PAGES; i++)
                    if (allowed[i] == 3)
                        base[i * PAGE] = 'c';
                _exit(0);
            }
            wait(&status);
            wrong += status != 0;
        }
        unsigned i = below(PAGES);
        if (allowed[i]) {
            checked++;
            wrong += (unsigned char)base[i * PAGE] != holds[i] || (unsigned char)base[i * PAGE + PAGE - 1] != holds[i];
        }
    }
    printf("mappings: wrong %lu, checked %d, moved %d\n", wrong, checked > 500, moved > 20);
}

static long futex(uint32_t *word, int operation, uint32_t value, void *more, uint32_t *other, uint32_t last) {
    return syscall(SYS_futex, word, operation, value, more, other, last);
}

struct meeting {
    pthread_mutex_t plain, inheriting, robust;
    pthread_cond_t changed;
    uint32_t gate, hall, arrived;
    int counts[3], recovered;
};

static void mutex(pthread_mutex_t *lock, int protocol, int robust) {
    pthread_mutexattr_t how;
    pthread_mutexattr_init(&how);
    pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setprotocol(&how, protocol);
    pthread_mutexattr_setrobust(&how, robust);
    pthread_mutex_init(lock, &how);
}

static void *meets(void *argument) {
    struct meeting *m = argument;
    for (int i = 0; i < 12; i++) {
        pthread_mutex_lock(&m->plain);
        m->counts[0]++;
        if (i == 6)
            pthread_cond_broadcast(&m->changed);
        pthread_mutex_unlock(&m->plain);
        pthread_mutex_lock(&m->inheriting);
        m->counts[1]++;
        if (!(i & 3))
            sched_yield();
        pthread_mutex_unlock(&m->inheriting);
        if (pthread_mutex_lock(&m->robust) == EOWNERDEAD) {
            __atomic_add_fetch(&m->recovered, 1, __ATOMIC_SEQ_CST);
            pthread_mutex_consistent(&m->robust);
        }
        m->counts[2]++;
        pthread_mutex_unlock(&m->robust);
    }
    __atomic_add_fetch(&m->arrived, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&m->hall, __ATOMIC_SEQ_CST))
        if (futex(&m->gate, FUTEX_WAIT, 0, NULL, NULL, 0) < 0 && errno == EAGAIN)
            break;
    return NULL;
}

/* Threads of several processes at the same locks; some die with one in their hands; all wait, are requeued and woken. */
static void futexes(void) {
    enum { PROCESSES = 6, THREADS = 5, DEATHS = 8 };
    struct meeting *m = shared(sizeof *m);
    mutex(&m->plain, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    mutex(&m->inheriting, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    mutex(&m->robust, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    pthread_condattr_t how;
    pthread_condattr_init(&how);
    pthread_condattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&m->changed, &how);
    fflush(stdout);
    for (int i = 0; i < PROCESSES; i++)
        if (!fork()) {
            pthread_t threads[THREADS];
            for (int j = 0; j < THREADS; j++)
                pthread_create(&threads[j], NULL, meets, m);
            for (int j = 0; j < THREADS; j++)
                pthread_join(threads[j], NULL);
            _exit(0);
        }
    for (int i = 0; i < DEATHS; i++) {
        pid_t child = fork();
        if (!child) {
            if (pthread_mutex_lock(&m->robust) == EOWNERDEAD) {
                __atomic_add_fetch(&m->recovered, 1, __ATOMIC_SEQ_CST);
                pthread_mutex_consistent(&m->robust);
            }
            raise(SIGKILL);
        }
        waitpid(child, NULL, 0);
    }
    struct timespec moment = {0, 1000000};
    while (__atomic_load_n(&m->arrived, __ATOMIC_SEQ_CST) < PROCESSES * THREADS)
        nanosleep(&moment, NULL);
    while (futex(&m->gate, FUTEX_CMP_REQUEUE, 0, (void *)3L, &m->hall, 0) > 0)
        ;
    __atomic_store_n(&m->hall, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&m->gate, 1, __ATOMIC_SEQ_CST);
    int ended = 0;
    while (ended < PROCESSES) {
        futex(&m->gate, FUTEX_WAKE, 1000, NULL, NULL, 0);
        futex(&m->hall, FUTEX_WAKE, 1000, NULL, NULL, 0);
        if (waitpid(-1, NULL, WNOHANG) > 0)
            ended++;
        else
            nanosleep(&moment, NULL);
    }
    if (pthread_mutex_lock(&m->robust) == EOWNERDEAD) {
        m->recovered++;
        pthread_mutex_consistent(&m->robust);
    }
    pthread_mutex_unlock(&m->robust);
    printf("futexes: %d %d %d, recovered %d\n", m->counts[0], m->counts[1], m->counts[2], m->recovered);
}

/* Many writers and many readers at few pipes; every byte arrives once. */
static void pipes(void) {
    enum { PIPES = 4, WRITERS = 24, READERS = 12, EACH = 30 };
    struct { unsigned long sum, count; } *total = shared(4096);
    int ends[PIPES][2];
    for (int i = 0; i < PIPES; i++)
        pipe(ends[i]);
    for (int i = 0; i < WRITERS + READERS; i++)
        if (!fork()) {
            unsigned char block[512];
            int at = i % PIPES, writer = i < WRITERS;
            for (int j = 0; j < PIPES; j++)
                close(ends[j][writer ? 0 : 1]);
            ssize_t size;
            if (writer)
                for (int j = 0; j < EACH; j++) {
                    memset(block, i + j, sizeof block);
                    write(ends[at][1], block, sizeof block);
                }
            else
                while ((size = read(ends[at][0], block, sizeof block)) > 0)
                    for (ssize_t k = 0; k < size; k += 64) {
                        __atomic_add_fetch(&total->sum, block[k], __ATOMIC_SEQ_CST);
                        __atomic_add_fetch(&total->count, 1, __ATOMIC_SEQ_CST);
                    }
            _exit(0);
        }
    for (int i = 0; i < PIPES; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    while (wait(NULL) > 0)
        ;
    printf("pipes: %lu %lu\n", total->count, total->sum);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*deed)(void);
    } kinds[] = {{"trees", trees},       {"ring", ring},       {"signals", signals},
                 {"mappings", mappings}, {"futexes", futexes}, {"pipes", pipes}};
    self = argv[0];
    if (argc > 1 && !strcmp(argv[1], "leaf"))
        return 1;
    for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(argv[1], kinds[i].name))
            kinds[i].deed();
    fflush(stdout);
    _exit(0);
}
