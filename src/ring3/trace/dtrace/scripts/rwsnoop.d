/* rwsnoop: reads and writes as they are made: how many bytes of which file. */
#pragma D option quiet

BEGIN { printf("%5s %6s %-16s %1s %8s %s\n", "UID", "PID", "CMD", "D", "BYTES", "FILE"); }

syscall::read:entry, syscall::write:entry { self->fd = arg0 + 1; }

syscall::read:return, syscall::write:return
/self->fd/
{
	printf("%5d %6d %-16s %s %8d %s\n", uid, pid, execname, probefunc == "read" ? "R" : "W", (int)arg0,
	    fds[self->fd - 1].fi_pathname);
	self->fd = 0;
}
