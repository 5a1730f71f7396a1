// Crashes behind four comparisons of single bytes that stand in each other, and does nothing else.
#include <unistd.h>

__attribute__((noinline)) static void crash(volatile int *at) { *at = 1; }

int main(void) {
    volatile unsigned char text[4] = {0};
    if (read(0, (void *)text, sizeof text) < 1)
        return 1;
    if (text[0] == 'R')
        if (text[1] == '3')
            if (text[2] == 0xfe)
                if (text[3] == '!')
                    crash(0);
    return 0;
}
