/* How floating point rounds, and what has happened in it (fenv(3HEAD)): of the x87 and of SSE alike. */

#include <stdint.h>

typedef struct {
	uint32_t control, status, sse;
} fenv_t;
#define ALL 0x3d

static uint16_t control(void)
{
	uint16_t word;
	__asm__ volatile("fnstcw %0" : "=m"(word));
	return word;
}

static uint16_t status(void)
{
	uint16_t word;
	__asm__ volatile("fnstsw %0" : "=m"(word));
	return word;
}

static uint32_t sse(void)
{
	uint32_t word = 0x1f80;
#ifdef __x86_64__
	__asm__ volatile("stmxcsr %0" : "=m"(word));
#endif
	return word;
}

static void set_control(uint16_t word)
{
	__asm__ volatile("fldcw %0" : : "m"(word));
}

static void set_sse(uint32_t word)
{
#ifdef __x86_64__
	__asm__ volatile("ldmxcsr %0" : : "m"(word));
#else
	(void)word;
#endif
}

int fegetround(void)
{
	return control() >> 10 & 3;
}

int fesetround(int how)
{
	if (how & ~3)
		return -1;
	set_control((uint16_t)((control() & ~0xc00) | how << 10));
	set_sse((sse() & ~0x6000u) | (uint32_t)how << 13);
	return 0;
}

int fetestexcept(int which)
{
	return (status() | (int)(sse() & ALL)) & which & ALL;
}

static void set_status(uint16_t flags)
{
	uint32_t environment[7];
	__asm__ volatile("fnstenv %0" : "=m"(environment));
	environment[1] = (environment[1] & ~(uint32_t)(ALL | 0x8080)) | flags;
	__asm__ volatile("fldenv %0" : : "m"(environment));
}

int feclearexcept(int which)
{
	set_status((uint16_t)(status() & ALL & ~which));
	set_sse(sse() & ~(uint32_t)(which & ALL));
	return 0;
}

int feraiseexcept(int which)
{
	set_status((uint16_t)((status() | which) & ALL));
	return 0;
}

int fegetexceptflag(uint32_t *flags, int which)
{
	*flags = (uint32_t)fetestexcept(which);
	return 0;
}

int fesetexceptflag(const uint32_t *flags, int which)
{
	feclearexcept(which);
	return feraiseexcept((int)*flags & which);
}

int fegetenv(fenv_t *environment)
{
	*environment = (fenv_t) { control(), status(), sse() };
	return 0;
}

int fesetenv(const fenv_t *environment)
{
	static const fenv_t standard = { 0x133f, 0, 0x1f80 };
	environment = environment ? environment : &standard;
	set_control((uint16_t)environment->control);
	set_status((uint16_t)(environment->status & ALL));
	set_sse(environment->sse);
	return 0;
}

int feholdexcept(fenv_t *environment)
{
	fegetenv(environment);
	return feclearexcept(ALL);
}

int feupdateenv(const fenv_t *environment)
{
	int raised = fetestexcept(ALL);
	fesetenv(environment);
	return feraiseexcept(raised);
}
