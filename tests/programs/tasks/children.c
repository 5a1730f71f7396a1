/* What waitid, setpgid and clone answer to arguments that are wrong, and waitid to all that a child can do. */
#include "call.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

static void report(const char *what, int type, int id, int options) {
    siginfo_t info;
    memset(&info, 0x11, sizeof info);
    long result = call(SYS_waitid, type, id, &info, options, 0);
    printf("%s: %ld signo %d code %d status %d\n", what, result, info.si_signo, info.si_code, info.si_status);
}

static pid_t sleeper(void) {
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    return child;
}

static pid_t ends(int status) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (status < 0)
            abort();
        _exit(status);
    }
    return child;
}

static void waits(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    report("none", P_ALL, 0, WEXITED);
    report("no options", P_ALL, 0, 0);
    report("unknown option", P_ALL, 0, WEXITED | 0x100);
    report("unknown type", 99, 0, WEXITED);
    report("process 0", P_PID, 0, WEXITED);
    report("group -1", P_PGID, -1, WEXITED);
    report("only WNOHANG", P_ALL, 0, WNOHANG);
    TRY(waitid, P_ALL, 0, 0, WEXITED, 0);
    TRY(waitid, P_ALL, 0, BAD, WEXITED, 0);
    pid_t child = sleeper();
    report("nothing yet", P_ALL, 0, WEXITED | WNOHANG);
    kill(child, SIGSTOP);
    report("stopped", P_PID, child, WSTOPPED);
    report("again", P_PID, child, WSTOPPED | WNOHANG);
    kill(child, SIGCONT);
    report("continued, kept", P_PID, child, WCONTINUED | WNOWAIT);
    report("continued", P_PID, child, WCONTINUED);
    kill(child, SIGKILL);
    report("killed, kept", P_PGID, getpgrp(), WEXITED | WNOWAIT);
    report("killed", P_PGID, 0, WEXITED);
    report("gone", P_PID, child, WEXITED);
    child = ends(1);
    report("only stops of one that ends", P_PID, child, WSTOPPED);
    report("only its going on", P_ALL, 0, WCONTINUED);
    report("its end", P_PID, child, WEXITED);
    report("exited", P_PID, ends(7), WEXITED);
    report("aborted", P_PID, ends(-1), WEXITED);
    child = ends(3);
    printf("nowhere to tell: %ld, %ld\n", call(SYS_waitid, P_PID, child, BAD, WEXITED, 0), call(SYS_waitid, P_PID, child, 0, WEXITED, 0));
}

static void groups(void) {
    TRY(setpgid, -1, 0);
    TRY(setpgid, 0, -1);
    TRY(setpgid, 2000000, 0);
    TRY(getpgid, -1);
    TRY(getsid, -1);
    printf("the first process: %ld %d %d\n", call(SYS_kill, 1, 0), getpgid(1) >= 0, getsid(1) >= 0);
    pid_t child = sleeper();
    printf("a group for a child: %ld %d\n", call(SYS_setpgid, child, child), getpgid(child) == child);
    printf("into it: %ld %d\n", call(SYS_setpgid, 0, child), getpgrp() == child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("a new session: %d\n", setsid() == getpid());
    TRY(setsid);
    TRY(setpgid, 0, 0);
}

static void clones(void) {
    TRY(clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0);
    TRY(clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0);
    TRY(clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0);
    TRY(clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0);
    TRY(clone, CLONE_NEWIPC | CLONE_SYSVSEM | SIGCHLD, 0, 0, 0, 0);
    TRY(clone, CLONE_NEWPID | CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0);
}

int main(void) {
    in_child("waits", waits);
    in_child("groups", groups);
    in_child("clones", clones);
    return 0;
}
