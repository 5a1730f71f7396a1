/* Who runs when: with one CPU, sched_yield and the real-time policies decide it completely. Prints the turns taken. */
#include "call.h"
#include <sched.h>
#include <sys/mman.h>

static struct {
    volatile int count, go;
    char turns[200];
} *shared;

static void turn(char letter) { shared->turns[shared->count++] = letter; }

static void set(int policy, int priority) {
    struct sched_param param = {priority};
    if (call(SYS_sched_setscheduler, 0, policy, &param))
        turn('!');
}

static void show(const char *what) {
    while (wait(0) > 0)
        ;
    printf("%s: %s\n", what, shared->turns);
    memset(shared, 0, sizeof *shared);
    fflush(stdout);
}

static void taking_turns(int yields) {
    for (char letter = 'a'; letter < 'd'; letter++)
        if (fork() == 0) {
            for (int i = 0; i < 5; i++) {
                turn(letter);
                if (yields)
                    call(SYS_sched_yield);
            }
            _exit(0);
        }
}

static void by_priority(int policy) {
    /* the parent goes first, so that all children are there before any runs */
    set(1, 50);
    for (char letter = 'a'; letter < 'e'; letter++)
        if (fork() == 0) {
            set(policy, 10 + (letter == 'c' ? 10 : 0) + (letter == 'd' ? 5 : 0));
            for (int i = 0; i < 3; i++) {
                turn(letter);
                call(SYS_sched_yield);
            }
            _exit(0);
        }
    turn('P');
    set(0, 0);
    turn('p');
}

static void woken(void) {
    /* a child of a higher priority runs as soon as it is woken */
    int pipes[2];
    if (pipe(pipes))
        turn('!');
    set(1, 10);
    if (fork() == 0) {
        char byte;
        set(1, 20);
        for (int i = 0; i < 3; i++)
            if (read(pipes[0], &byte, 1) == 1)
                turn('h');
        _exit(0);
    }
    call(SYS_sched_yield);
    struct sched_param low = {5};
    call(SYS_sched_setscheduler, 0, 1, &low); /* the child is set up now */
    for (int i = 0; i < 3; i++) {
        turn('l');
        if (write(pipes[1], "x", 1) != 1)
            turn('!');
        turn('m');
    }
}

static void lowered(void) {
    /* who lowers itself below a waiting one gives the CPU up at once */
    set(1, 30);
    if (fork() == 0) {
        set(1, 20);
        turn('c');
        _exit(0);
    }
    turn('p');
    set(1, 10);
    turn('q');
}

int main(void) {
    unsigned long first = 1;
    call(SYS_sched_setaffinity, 0, sizeof first, &first);
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    taking_turns(1);
    show("yielding");
    taking_turns(0);
    show("one after the other");
    by_priority(1);
    show("fifo");
    by_priority(2);
    show("rr");
    set(0, 0);
    woken();
    set(0, 0);
    show("woken");
    lowered();
    set(0, 0);
    show("lowered");
    return 0;
}
