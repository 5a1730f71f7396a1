/* offcpu: where programs waited, by stack, in nanoseconds. */
#pragma D option quiet

sched:::off-cpu
/$target == 0 || pid == $target || progenyof($target)/
{
	self->since = timestamp;
}

sched:::on-cpu
/self->since/
{
	@[execname, ustack()] = sum(timestamp - self->since);
	self->since = 0;
}
