/* Limits and options of the system (sysconf(3C)). */

#include "solaris.h"

/* Names of sysconf(3C) whose answer the kernel's sysconfig has, with the number there (sys/unistd.h). */
static const struct {
	short name, kernel;
} configs[] = {
	{ 2, 3 }, { 3, 7 }, { 4, 2 }, { 5, 4 }, { 8, 5 }, { 11, 6 }, { 12, 8 }, { 14, 11 }, { 15, 12 }, { 500, 26 }, { 501, 27 },
	{ 512, 42 }, { 516, 44 }, { 517, 45 },
};

/*
 * Those that are always the same: ARG_MAX to TZNAME_MAX; the options of POSIX.4, which are there, are not, or have a limit;
 * POSIX.2; threads; and UNIX 03.
 */
static const struct {
	short name;
	int value;
} constants[] = {
	{ 1, 2096640 }, { 6, 1 }, { 7, 1 }, { 9, 256 }, { 10, 32 }, { 16, 256 }, { 17, -1 },
	{ 21, -1 }, { 22, 0x7fffffff }, { 23, 1 }, { 24, 1 }, { 25, 1 }, { 26, 1 }, { 27, 1 }, { 28, -1 }, { 31, -1 }, { 32, -1 }, { 33, 1 },
	{ 34, 32 }, { 35, 1 }, { 36, 0x7fffffff }, { 37, 0x7fffffff }, { 38, 1 }, { 40, 42 }, { 41, 74 }, { 42, 1 }, { 43, 1 },
	{ 45, 1 }, { 46, -1 }, { 53, 199209 }, { 54, 99 }, { 55, 2048 }, { 56, 99 }, { 57, 1000 }, { 58, 10 }, { 59, 32 }, { 60, 2048 }, { 61, 255 },
	{ 64, 1 }, { 76, 64 }, { 77, 1024 }, { 78, 1 },
	{ 568, 4 }, { 569, 7296 }, { 570, 1024 }, { 571, 33 }, { 572, 1024 }, { 573, 4096 }, { 574, -1 }, { 575, 128 }, { 576, 1 }, { 577, 1 },
	{ 578, 1 }, { 579, -1 }, { 580, -1 }, { 581, -1 }, { 582, -1 }, { 583, 1 },
	{ 732, 200112 }, { 733, 200112 }, { 735, 255 }, { 736, 200112 }, { 737, 200112 }, { 738, 1 }, { 740, 200112 }, { 741, 200112 }, { 744, -1 },
	{ 747, 200112 }, { 762, 200112 },
};

long sysconf(int name)
{
	for (size_t n = 0; n < sizeof configs / sizeof *configs; n++)
		if (configs[n].name == name)
			return __sysconfig(configs[n].kernel);
	for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
		if (constants[n].name == name)
			return constants[n].value;
	errno = EINVAL;
	return -1;
}

long _sysconf(int name)
{
	return sysconf(name);
}
