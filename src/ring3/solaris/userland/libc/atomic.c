/* Operations that nothing comes between (atomic_ops(3C), membar_ops(3C)). */

#include "solaris.h"

#define OPERATION(suffix, type, what, operator) \
	void atomic_##what##_##suffix(volatile type *target, type value) \
	{ \
		__atomic_##operator##_fetch(target, value, __ATOMIC_SEQ_CST); \
	} \
	type atomic_##what##_##suffix##_nv(volatile type *target, type value) \
	{ \
		return __atomic_##operator##_fetch(target, value, __ATOMIC_SEQ_CST); \
	}
#define BY_ONE(suffix, type, what, operator) \
	void atomic_##what##_##suffix(volatile type *target) \
	{ \
		__atomic_##operator##_fetch(target, 1, __ATOMIC_SEQ_CST); \
	} \
	type atomic_##what##_##suffix##_nv(volatile type *target) \
	{ \
		return __atomic_##operator##_fetch(target, 1, __ATOMIC_SEQ_CST); \
	}
#define EXCHANGE(suffix, type) \
	type atomic_cas_##suffix(volatile type *target, type expected, type value) \
	{ \
		__atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		return expected; \
	} \
	type atomic_swap_##suffix(volatile type *target, type value) \
	{ \
		return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST); \
	}
#define WIDTH(suffix, type) \
	OPERATION(suffix, type, add, add) \
	OPERATION(suffix, type, and, and) \
	OPERATION(suffix, type, or, or) \
	BY_ONE(suffix, type, inc, add) \
	BY_ONE(suffix, type, dec, sub) \
	EXCHANGE(suffix, type)

WIDTH(8, uint8_t)
WIDTH(uchar, unsigned char)
WIDTH(16, uint16_t)
WIDTH(ushort, unsigned short)
WIDTH(32, uint32_t)
WIDTH(uint, unsigned)
WIDTH(ulong, unsigned long)
#ifdef __x86_64__
WIDTH(64, uint64_t)
#endif

void atomic_add_ptr(volatile void *target, ssize_t value)
{
	__atomic_add_fetch((volatile intptr_t *)target, value, __ATOMIC_SEQ_CST);
}

void *atomic_add_ptr_nv(volatile void *target, ssize_t value)
{
	return (void *)__atomic_add_fetch((volatile intptr_t *)target, value, __ATOMIC_SEQ_CST);
}

void *atomic_cas_ptr(volatile void *target, void *expected, void *value)
{
	__atomic_compare_exchange_n((void *volatile *)target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return expected;
}

void *atomic_swap_ptr(volatile void *target, void *value)
{
	return __atomic_exchange_n((void *volatile *)target, value, __ATOMIC_SEQ_CST);
}

int atomic_set_long_excl(volatile unsigned long *target, unsigned bit)
{
	return __atomic_fetch_or(target, 1ul << bit, __ATOMIC_SEQ_CST) >> bit & 1 ? -1 : 0;
}

int atomic_clear_long_excl(volatile unsigned long *target, unsigned bit)
{
	return __atomic_fetch_and(target, ~(1ul << bit), __ATOMIC_SEQ_CST) >> bit & 1 ? 0 : -1;
}

#define BARRIER(name) \
	void name(void) \
	{ \
		__atomic_thread_fence(__ATOMIC_SEQ_CST); \
	}

BARRIER(membar_enter)
BARRIER(membar_exit)
BARRIER(membar_producer)
BARRIER(membar_consumer)
