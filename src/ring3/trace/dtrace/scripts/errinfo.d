/* errinfo: system calls that failed, by program, call and error. */
#pragma D option quiet

syscall:::return /errno/ { @[execname, probefunc, errno] = count(); }

END
{
	printf("%16s %20s %4s %8s\n", "EXEC", "SYSCALL", "ERR", "COUNT");
	printa("%16s %20s %4d %@8d\n", @);
}
