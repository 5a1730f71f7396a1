/* Waits for somebody who attaches to it and says go on. */
#include <stdio.h>

volatile int go_on;
int counted;
__thread int own = 5;

static int waits(int depth)
{
    while (!go_on) {
        counted++;
        counted &= 0xffff;
    }
    return depth;
}

int main(void)
{
    own = 6;
    puts("waiting");
    fflush(stdout);
    return waits(7) + go_on;
}
