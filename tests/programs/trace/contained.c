/*
 * Makes a hundred calls, most with arguments of -1, and prints what each has come to: its number and its errno. None of
 * them does anything where it is not refused.
 */

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int plain[] = {
	0, 1, 3, 5, 8, 21, 22, 76, 80, 83, 84, 86, 87, 88, 90, 92, 16, 17, 18, 19, 20, 32, 40, 42, 43, 49, 50, 51, 52, 54, 55, 72, 73, 74, 75, 77, 78, 81, 91, 93, 103, 134, 136, 138,
	139, 155, 163, 164, 165, 166, 167, 168, 170, 171, 172, 173, 175, 176, 177, 178, 179, 180, 212, 217, 227, 233, 
	246, 248, 249, 256, 257, 258, 260, 262, 263, 267, 268, 269, 272, 275, 276, 279, 285, 286, 287, 288, 292, 298, 300, 
	303, 304, 308, 312, 313, 315, 320, 321, 323, 440, 442, 443, 450, 500,
};
static const long chosen[][4] = {
	{ SYS_personality, 0xffffffff, -1, -1 }, { SYS_personality, 5, -1, -1 }, { SYS_socket, 2, 1, 0 },
};

static void show(long number, long result)
{
	printf("%ld %d\n", number, result == -1 ? errno : 0);
}

int main(void)
{
	for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++)
		show(plain[i], syscall(plain[i], -1L, -1L, -1L, -1L, -1L, -1L));
	for (unsigned i = 0; i < sizeof chosen / sizeof *chosen; i++)
		show(chosen[i][0], syscall(chosen[i][0], chosen[i][1], chosen[i][2], chosen[i][3], 0L, 0L, 0L));
	return 0;
}
