/* Allocates, fills, grows and frees blocks of every size class in a fixed pseudo-random order, and prints a checksum. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256, ROUNDS = 20000 };

static uint32_t state = 12345;

static uint32_t next_random(void) {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

int main(void) {
    static unsigned char *block[SLOTS];
    static size_t size[SLOTS];
    uint32_t checksum = 0;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned slot = next_random() % SLOTS;
        size_t wanted = 1 + next_random() % (round % 64 == 0 ? 300000 : 2000);
        if (block[slot])
            checksum = checksum * 31 + block[slot][size[slot] - 1] + block[slot][0];
        block[slot] = realloc(block[slot], wanted);
        if (!block[slot]) {
            puts("out of memory");
            return 1;
        }
        memset(block[slot], (unsigned char)round, wanted);
        size[slot] = wanted;
    }
    for (int slot = 0; slot < SLOTS; slot++)
        free(block[slot]);
    printf("checksum %08x\n", checksum);
    return 0;
}
