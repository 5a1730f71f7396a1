/* execsnoop: programs as they are executed, with their arguments. */
#pragma D option quiet

BEGIN { printf("%5s %6s %6s %s\n", "UID", "PID", "PPID", "ARGS"); }

proc:::exec-success { printf("%5d %6d %6d %s\n", uid, pid, ppid, curpsinfo->pr_psargs); }
