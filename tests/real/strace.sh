#!/bin/sh
# about: strace inside, by ptrace
# needs: strace
# tier: slow
strace -f -e trace=execve,exit_group -o t sh -c 'true; /bin/true'; sed 's/0x[0-9a-f]*/ADDR/; s/si_pid=[0-9]*/si_pid=N/; s/^[0-9]* */PID /; s/[0-9]* vars/N vars/' t; strace -c -o c true; grep -c execve c; strace -e inject=getppid:retval=7 -o /dev/null sh -c 'echo done'; strace -qe trace=write echo hi 2>&1
