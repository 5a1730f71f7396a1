/* What a debugger stops at: functions, a variable that is written, a system call, a signal. */
int counter;

static long call(long number, long first, long second)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
	return result;
}

void inner(int x)
{
	counter += x;
}

void outer(int x)
{
	inner(x);
}

void _start(void)
{
	outer(7);
	call(62, call(39, 0, 0), 10); /* kill(getpid(), SIGUSR1) */
	call(60, 0, 0);
}
