/* shellsort N: sort N pseudo-random ints (4 Mi at most): loads and stores over 4 N bytes, no system call inside.
   Prints "sorted"; status 1 if the result is out of order or has other numbers in it. */
#include <stdio.h>
#include <stdlib.h>

#define MOST (4 << 20)

static int numbers[MOST];

static void sort(long count) {
    for (long gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (long i = gap; i < count; i++) {
            int value = numbers[i];
            long j = i;
            for (; j >= gap && numbers[j - gap] > value; j -= gap)
                numbers[j] = numbers[j - gap];
            numbers[j] = value;
        }
}

int main(int argc, char **argv) {
    long count = argc > 1 ? atol(argv[1]) : 1000;
    unsigned state = 12345, sum = 0;
    if (count < 1 || count > MOST)
        return 2;
    for (long i = 0; i < count; i++) {
        state = state * 1103515245u + 12345u;
        numbers[i] = (int)(state >> 1);
        sum += (unsigned)numbers[i];
    }
    sort(count);
    for (long i = 0; i < count; i++) {
        sum -= (unsigned)numbers[i];
        if (i && numbers[i - 1] > numbers[i])
            return 1;
    }
    return sum != 0 || puts("sorted") < 0;
}
