/* Prints floating-point results that depend on the x87 control word and MXCSR a program starts with. */
#include <float.h>
#include <stdint.h>
#include <stdio.h>

int main(void) {
    uint16_t control;
    uint32_t mxcsr;
    asm("fnstcw %0" : "=m"(control));
    asm("stmxcsr %0" : "=m"(mxcsr));
    printf("x87 control word %#x, mxcsr %#x\n", control, mxcsr);

    volatile long double one = 1, three = 3, tiny = LDBL_EPSILON, huge = LDBL_MAX;
    printf("%.25Lg %La\n", one / three, one / three);
    printf("%La %La\n", one + tiny, huge * 2);
    volatile double tenth = 0.1, fifth = 0.2, least = DBL_MIN;
    printf("%.17g %a %a\n", tenth + fifth, tenth + fifth, least / 4);
    volatile float single = 16777216.0f;
    printf("%a %.9g\n", single + 1.0f, single / 3.0f);
    volatile long double rounded = 2.5L;
    int nearest;
    asm("fistpl %0" : "=m"(nearest) : "t"(rounded) : "st");
    printf("2.5 rounds to %d\n", nearest);
    return 0;
}
