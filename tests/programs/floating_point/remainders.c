/* fmod, remainder and strtod of random numbers: on i386 the C library computes them with fprem and with 80 bits. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 88172645463325252;

static double number(int scale)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ldexp((double)(state >> 11), (int)(state % (uint64_t)scale) - 53);
}

int main(void)
{
    for (int i = 0; i < 500; i++) {
        volatile double x = number(70), y = number(30);
        char text[64];
        snprintf(text, sizeof text, "%.20g", x);
        printf("%a %a %a %a %a %a %a %a\n", x, y, fmod(x, y), remainder(x, y), strtod(text, NULL), log(x), exp(y / x), atan2(x, y));
    }
    return 0;
}
