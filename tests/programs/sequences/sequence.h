/*
 * Random sequences of calls that mostly succeed: what each returns is a line. A program that includes this has a table of
 * operations; `main` takes a seed and how many to do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ONE_OF(array) ((array)[below(COUNT(array))])

static uint64_t state;

/* A number below another one (xorshift64*). */
static unsigned below(unsigned limit)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545F4914F6CDD1DULL) >> 33) % limit;
}

static int chance(unsigned percent)
{
    return below(100) < percent;
}

/* The end of a line: what a call has returned. */
static long result(long value)
{
    if (value < 0)
        printf(" = -1 errno %d\n", errno);
    else
        printf(" = %ld\n", value);
    fflush(stdout);
    return value;
}

static unsigned sum(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    unsigned value = 0;
    for (size_t i = 0; i < size; i++)
        value = value * 31 + bytes[i];
    return value;
}

struct operation {
    unsigned weight;
    void (*run)(void);
};

static void run_all(int argc, char **argv, const struct operation *operations, size_t count)
{
    unsigned total = 0, steps = argc > 2 ? atoi(argv[2]) : 100;
    state = (argc > 1 ? strtoull(argv[1], NULL, 0) : 1) * 0x9E3779B97F4A7C15ULL + 1;
    for (size_t i = 0; i < count; i++)
        total += operations[i].weight;
    while (steps--) {
        unsigned at = below(total);
        const struct operation *operation = operations;
        for (; at >= operation->weight; operation++)
            at -= operation->weight;
        operation->run();
    }
}
