/* syscallbyproc: how many system calls each program made. */
#pragma D option quiet

syscall:::entry { @[execname] = count(); }

END
{
	printf("%-16s %10s\n", "EXEC", "CALLS");
	printa("%-16s %@10d\n", @);
}
