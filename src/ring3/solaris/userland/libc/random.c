/* Numbers that look random: rand(3C), drand48(3C), random(3C); and arc4random(3C), which the kernel's random bytes are for. */

#include "solaris.h"

static unsigned rand_state = 1;

void srand(unsigned seed)
{
	rand_state = seed;
}

int rand_r(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return (int)(*state >> 16 & 0x7fff);
}

int rand(void)
{
	return rand_r(&rand_state);
}

/* 48 bits: X = a X + c. */
static uint64_t state48 = 0x1234abcd330eull, factor48 = 0x5deece66dull;
static uint16_t addend48 = 0xb;

static uint64_t step48(uint16_t words[3])
{
	uint64_t *state = &state48, own;
	if (words) {
		own = words[0] | (uint64_t)words[1] << 16 | (uint64_t)words[2] << 32;
		state = &own;
	}
	*state = (*state * factor48 + addend48) & 0xffffffffffffull;
	for (int n = 0; words && n < 3; n++)
		words[n] = (uint16_t)(own >> 16 * n);
	return *state;
}

double erand48(uint16_t words[3])
{
	return (double)step48(words) * 0x1p-48;
}

double drand48(void)
{
	return erand48(NULL);
}

long nrand48(uint16_t words[3])
{
	return (long)(step48(words) >> 17);
}

long lrand48(void)
{
	return nrand48(NULL);
}

long jrand48(uint16_t words[3])
{
	return (int32_t)(step48(words) >> 16);
}

long mrand48(void)
{
	return jrand48(NULL);
}

void srand48(long seed)
{
	state48 = (uint64_t)(uint32_t)seed << 16 | 0x330e;
	factor48 = 0x5deece66dull;
	addend48 = 0xb;
}

uint16_t *seed48(const uint16_t words[3])
{
	static uint16_t old[3];
	for (int n = 0; n < 3; n++)
		old[n] = (uint16_t)(state48 >> 16 * n);
	state48 = words[0] | (uint64_t)words[1] << 16 | (uint64_t)words[2] << 32;
	factor48 = 0x5deece66dull;
	addend48 = 0xb;
	return old;
}

/* Additive feedback over 31 words (x^31 + x^3 + 1), filled by a multiplicative generator. */
#define WORDS 31
#define GAP 3
static int32_t feedback[WORDS], *words31 = feedback;
static int front = GAP, rear, is_seeded;

long random(void);

void srandom(unsigned seed)
{
	words31[0] = (int32_t)(seed ? seed : 1);
	for (int n = 1; n < WORDS; n++) {
		int64_t value = 16807ll * words31[n - 1] % 2147483647;
		words31[n] = (int32_t)(value < 0 ? value + 2147483647 : value);
	}
	front = GAP;
	rear = 0;
	is_seeded = 1;
	for (int n = 0; n < 10 * WORDS; n++)
		random();
}

long random(void)
{
	if (!is_seeded)
		srandom(1);
	words31[front] = (int32_t)((uint32_t)words31[front] + (uint32_t)words31[rear]);
	long value = (uint32_t)words31[front] >> 1;
	front = (front + 1) % WORDS;
	rear = (rear + 1) % WORDS;
	return value;
}

/* The caller's memory holds the state from now on; what is smaller than all words is not used. */
char *setstate(const char *state)
{
	char *old = (char *)words31;
	words31 = (int32_t *)(uintptr_t)state;
	return old;
}

char *initstate(unsigned seed, char *state, size_t size)
{
	char *old = (char *)words31;
	if (size < 8)
		return NULL;
	words31 = size >= sizeof feedback ? (int32_t *)(void *)state : feedback;
	srandom(seed);
	return old;
}

extern ssize_t getrandom(void *, size_t, unsigned);

void arc4random_buf(void *to, size_t size)
{
	for (ssize_t done; size; to = (char *)to + done, size -= (size_t)done)
		if ((done = getrandom(to, size < 256 ? size : 256, 0)) <= 0)
			abort();
}

uint32_t arc4random(void)
{
	uint32_t value;
	arc4random_buf(&value, sizeof value);
	return value;
}

uint32_t arc4random_uniform(uint32_t limit)
{
	uint32_t least = limit ? -limit % limit : 0, value;
	do
		value = arc4random();
	while (value < least);
	return limit ? value % limit : 0;
}

int getentropy(void *to, size_t size)
{
	if (size > 256) {
		errno = EIO;
		return -1;
	}
	return getrandom(to, size, 0) == (ssize_t)size ? 0 : -1;
}
