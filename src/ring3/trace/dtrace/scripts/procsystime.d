/* procsystime: how long system calls took, by call, in nanoseconds. */
#pragma D option quiet

syscall:::entry { self->since = timestamp; }

syscall:::return
/self->since/
{
	@time[probefunc] = sum(timestamp - self->since);
	@calls[probefunc] = count();
	self->since = 0;
}

END
{
	printf("%20s %12s %18s\n", "SYSCALL", "COUNT", "TIME (ns)");
	printa("%20s %@12d %@18d\n", @calls, @time);
}
