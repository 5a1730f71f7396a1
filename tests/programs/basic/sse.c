/* Prints what SSE and SSE2 instructions give, and whether the stack is aligned as their operands need it. */
#include <emmintrin.h>
#include <stdint.h>
#include <stdio.h>

static void print_words(const char *name, __m128i value) {
    uint32_t word[4];
    _mm_storeu_si128((__m128i *)word, value);
    printf("%s %08x %08x %08x %08x\n", name, word[0], word[1], word[2], word[3]);
}

static void print_singles(const char *name, __m128 value) { print_words(name, _mm_castps_si128(value)); }

int main(void) {
    volatile int seed = 7;
    __m128i a = _mm_set_epi32(seed, seed << 8, -seed, 0x7fffffff), b = _mm_set1_epi32(seed * 3);
    print_words("paddd", _mm_add_epi32(a, b));
    print_words("pmuludq", _mm_mul_epu32(a, b));
    print_words("packssdw", _mm_packs_epi32(a, b));
    print_words("pshufd", _mm_shuffle_epi32(a, 0x1b));
    print_words("psrldq", _mm_srli_si128(a, 5));
    print_words("pcmpgtd", _mm_cmpgt_epi32(a, b));

    __m128 x = _mm_set_ps((float)seed, 0.1f, -2.5f, 1e30f), y = _mm_set1_ps(3.0f);
    print_singles("addps", _mm_add_ps(x, y));
    print_singles("divps", _mm_div_ps(x, y));
    print_singles("sqrtps", _mm_sqrt_ps(y));
    print_singles("minps", _mm_min_ps(x, y));
    print_words("cvtps2dq", _mm_cvtps_epi32(_mm_min_ps(x, y)));
    printf("divsd %a\n", _mm_cvtsd_f64(_mm_div_sd(_mm_set_sd(seed), _mm_set_sd(3.0))));

    _Alignas(16) volatile char aligned[16] = {0};
    printf("stack %s\n", (uintptr_t)aligned % 16 == 0 ? "aligned" : "MISALIGNED");
    return 0;
}
