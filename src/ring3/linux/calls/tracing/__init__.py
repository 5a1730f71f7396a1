"""ptrace and seccomp."""
