/*
 * modes: code that changes under a processor's feet, and its mode: calls from the other width's code segment, code that is
 * written, mapped twice, taken away while it runs, and storms of faults. Each line says what came of it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define TIMES 300
#define LOW ((void *)0x20000000) /* what both widths have, and no sign extension changes */

static sigjmp_buf back;
static volatile unsigned faults;

static void caught(int number)
{
	faults++;
	siglongjmp(back, number);
}

static uint8_t *page(int protection, int flags)
{
	return mmap(LOW, PAGE, protection, MAP_ANONYMOUS | flags, -1, 0);
}

static int run(void *code)
{
	return ((int (*)(void))code)();
}

/* mov $value, %eax; ret */
static void put(uint8_t *code, uint32_t value)
{
	code[0] = 0xb8;
	memcpy(code + 1, &value, 4);
	code[5] = 0xc3;
}

struct bytes {
	uint8_t *at;
};

static void add(struct bytes *code, const void *bytes, size_t size)
{
	memcpy(code->at, bytes, size);
	code->at += size;
}

static void add_address(struct bytes *code, const char *before, size_t size, const void *address)
{
	uint32_t low = (uintptr_t)address;

	add(code, before, size);
	add(code, &low, 4);
}

/* From this width's code segment into the other one's, where a call is made, and back: what the call gave. */
static int other_width(uint32_t number)
{
	uint8_t *page_of_it = page(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
	uint8_t *home = page_of_it + 64, *there = page_of_it + 128;
	struct bytes code = {page_of_it}, back_home = {home}, other = {there};

	add(&other, "\xb8", 1); /* mov $number, %eax */
	add(&other, &number, 4);
#ifdef __x86_64__
	add_address(&code, "\x48\x89\x24\x25", 4, page_of_it + 256); /* mov %rsp, where it is kept: the other width has half of it */
	add_address(&code, "\x6a\x23\x68", 3, there); /* push $0x23; push $there; lretq */
	add(&code, "\x48\xcb", 2);
	add(&other, "\xcd\x80", 2); /* int $0x80 */
	add_address(&other, "\xea", 1, home); /* ljmp $0x33, $home */
	add(&other, "\x33\x00", 2);
	add_address(&back_home, "\x48\x8b\x24\x25", 4, page_of_it + 256);
#else
	add_address(&code, "\xea", 1, there); /* ljmp $0x33, $there */
	add(&code, "\x33\x00", 2);
	add(&other, "\x0f\x05", 2); /* syscall */
	add_address(&other, "\x6a\x23\x68", 3, home); /* push $0x23; push $home; lretq */
	add(&other, "\x48\xcb", 2);
#endif
	add(&back_home, "\xc3", 1);
	return run(page_of_it);
}

static unsigned rewritten(void)
{
	uint8_t *code = page(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
	unsigned n, sum = 0;

	for (n = 0; n < TIMES; n++) {
		put(code + n % 64 * 8, n);
		sum += run(code + n % 64 * 8);
	}
	return sum;
}

static unsigned by_another_mapping(void)
{
	uint8_t *code = page(PROT_READ | PROT_WRITE, MAP_SHARED);
	uint8_t *alias = mremap(code, 0, PAGE, MREMAP_MAYMOVE);
	unsigned n, sum = 0;

	mprotect(alias, PAGE, PROT_READ | PROT_EXEC);
	for (n = 0; n < TIMES; n++) {
		put(code, n);
		sum += run(alias);
	}
	return sum;
}

static unsigned rights_to_and_fro(void)
{
	uint8_t *code = page(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned n, sum = 0;

	for (n = 0; n < TIMES; n++) {
		put(code, n);
		mprotect(code, PAGE, PROT_READ | PROT_EXEC);
		sum += run(code);
		if (!sigsetjmp(back, 1))
			*(volatile uint8_t *)code = 0;
		mprotect(code, PAGE, PROT_READ | PROT_WRITE);
		if (!sigsetjmp(back, 1))
			run(code);
	}
	return sum;
}

static void storm(void)
{
	uint8_t *none = mmap(NULL, TIMES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile unsigned n;

	for (n = 0; n < TIMES; n++)
		if (!sigsetjmp(back, 1))
			n % 2 ? (void)run(none + n * PAGE + n) : (void)(*(volatile uint8_t *)(none + n * PAGE + n) = 1);
}

/* A call that takes away the page that makes it. */
static void taken_away(void)
{
	uint8_t *code = page(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);

#ifdef __x86_64__
	static const uint8_t call[] = {0x0f, 0x05, 0xc3};
	memcpy(code, call, sizeof call);
	__asm__ volatile("call *%3" : : "a"(SYS_munmap), "D"(code), "S"(PAGE), "r"(code) : "rcx", "r11", "memory");
#else
	static const uint8_t call[] = {0xcd, 0x80, 0xc3};
	memcpy(code, call, sizeof call);
	__asm__ volatile("call *%3" : : "a"(SYS_munmap), "b"(code), "c"(PAGE), "r"(code) : "memory");
#endif
}

int main(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
	volatile int got;
	unsigned n;

	setvbuf(stdout, NULL, _IONBF, 0);
	for (n = 0; n < sizeof numbers / sizeof *numbers; n++)
		signal(numbers[n], caught);
	got = sigsetjmp(back, 1);
	if (!got)
		printf("a call of the other width: %d\n", other_width(sizeof(long) == 8 ? 20 : 39) == getpid());
	printf("signal %d\n", got);
	printf("rewritten %u\n", rewritten());
	printf("by another mapping %u\n", by_another_mapping());
	printf("rights to and fro %u\n", rights_to_and_fro());
	printf("faults %u\n", faults);
	storm();
	printf("storm: faults %u\n", faults);
	got = sigsetjmp(back, 1);
	if (!got)
		taken_away();
	printf("taken away: signal %d\n", got);
	return 0;
}
