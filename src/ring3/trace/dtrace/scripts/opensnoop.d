/* opensnoop: files as they are opened, and what came of it. */
#pragma D option quiet

BEGIN { printf("%5s %6s %-16s %4s %3s %s\n", "UID", "PID", "COMM", "FD", "ERR", "PATH"); }

syscall::open:entry { self->path = arg0; }
syscall::openat:entry { self->path = arg1; }

syscall::open:return, syscall::openat:return
/self->path/
{
	printf("%5d %6d %-16s %4d %3d %s\n", uid, pid, execname, (int)arg0, errno, copyinstr(self->path));
	self->path = 0;
}
