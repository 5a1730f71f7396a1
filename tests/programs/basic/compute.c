/* The benchmark's compute loop: shell sorts an array of a million and a half integers and prints a checksum. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void shell_sort(uint32_t *item, int count) {
    for (int gap = count / 2; gap > 0; gap /= 2)
        for (int i = gap; i < count; i++) {
            uint32_t moving = item[i];
            int j = i;
            for (; j >= gap && item[j - gap] > moving; j -= gap)
                item[j] = item[j - gap];
            item[j] = moving;
        }
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1500000;
    uint32_t *item = malloc((size_t)count * sizeof *item);
    uint32_t state = 1, checksum = 0;
    if (!item)
        return 1;
    for (int i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        item[i] = state;
    }
    shell_sort(item, count);
    for (int i = 0; i < count; i++)
        checksum = checksum * 31 + item[i];
    printf("checksum %08x\n", checksum);
    free(item);
    return 0;
}
