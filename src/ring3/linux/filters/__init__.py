"""What looks at a system call before it is made: seccomp programs, system call user dispatch."""
