/* gcm N: encrypt N MiB of zeros by AES-128-GCM (NIST SP 800-38D); key and IV are 0. Prints the tag. */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>

#define INTRINSICS __attribute__((target("aes,pclmul,ssse3,sse4.1")))
#define ROUNDS 10
#define EXPAND(n, constant) keys[n] = expand(keys[n - 1], _mm_aeskeygenassist_si128(keys[n - 1], constant))

static __m128i keys[ROUNDS + 1], swap;

INTRINSICS static __m128i expand(__m128i key, __m128i assist) {
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, _mm_shuffle_epi32(assist, 0xff));
}

INTRINSICS static __m128i encrypt(__m128i block) {
    block = _mm_xor_si128(block, keys[0]);
    for (int i = 1; i < ROUNDS; i++)
        block = _mm_aesenc_si128(block, keys[i]);
    return _mm_aesenclast_si128(block, keys[ROUNDS]);
}

/* The product in GF(2^128) of two reflected blocks (Intel's carry-less multiplication paper, algorithm 5). */
INTRINSICS static __m128i multiply(__m128i a, __m128i b) {
    __m128i low = _mm_clmulepi64_si128(a, b, 0x00), high = _mm_clmulepi64_si128(a, b, 0x11);
    __m128i middle = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x10), _mm_clmulepi64_si128(a, b, 0x01));
    low = _mm_xor_si128(low, _mm_slli_si128(middle, 8));
    high = _mm_xor_si128(high, _mm_srli_si128(middle, 8));
    __m128i carry = _mm_srli_epi32(low, 31), carry_high = _mm_srli_epi32(high, 31);
    low = _mm_or_si128(_mm_slli_epi32(low, 1), _mm_slli_si128(carry, 4));
    high = _mm_or_si128(_mm_slli_epi32(high, 1), _mm_slli_si128(carry_high, 4));
    high = _mm_or_si128(high, _mm_srli_si128(carry, 12));
    __m128i fold = _mm_xor_si128(_mm_slli_epi32(low, 31), _mm_slli_epi32(low, 30));
    fold = _mm_xor_si128(fold, _mm_slli_epi32(low, 25));
    low = _mm_xor_si128(low, _mm_slli_si128(fold, 12));
    __m128i rest = _mm_xor_si128(_mm_srli_epi32(low, 1), _mm_srli_epi32(low, 2));
    rest = _mm_xor_si128(_mm_xor_si128(rest, _mm_srli_epi32(low, 7)), _mm_srli_si128(fold, 4));
    return _mm_xor_si128(high, _mm_xor_si128(low, rest));
}

INTRINSICS int main(int argc, char **argv) {
    unsigned long bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) << 20;
    swap = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    EXPAND(1, 0x01), EXPAND(2, 0x02), EXPAND(3, 0x04), EXPAND(4, 0x08), EXPAND(5, 0x10);
    EXPAND(6, 0x20), EXPAND(7, 0x40), EXPAND(8, 0x80), EXPAND(9, 0x1b), EXPAND(10, 0x36);
    __m128i hash = _mm_shuffle_epi8(encrypt(_mm_setzero_si128()), swap), tag = _mm_setzero_si128();
    __m128i counter = _mm_set_epi32(0, 0, 0, 1), one = counter;
    __m128i first = encrypt(_mm_shuffle_epi8(counter, swap));
    for (unsigned long done = 0; done < bytes; done += 16) {
        counter = _mm_add_epi32(counter, one);
        __m128i block = encrypt(_mm_shuffle_epi8(counter, swap));
        tag = multiply(_mm_xor_si128(tag, _mm_shuffle_epi8(block, swap)), hash);
    }
    tag = multiply(_mm_xor_si128(tag, _mm_set_epi64x(0, bytes * 8)), hash);
    tag = _mm_xor_si128(_mm_shuffle_epi8(tag, swap), first);
    for (int i = 0; i < 16; i++)
        printf("%02x", ((unsigned char *)&tag)[i]);
    puts("");
    return 0;
}
