/* What rt_sigqueueinfo(2) says arrives: the words between the fields too, by the layout that signal and si_code give. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WORDS 32

static void queue(int signal, int code, int words, const sigset_t *blocked) {
    unsigned sent[WORDS] = {3, 9, (unsigned)code}, got[WORDS] = {0};
    struct timespec at_once = {0, 0};
    for (int i = 3; i < words; i++)
        sent[i] = 0x1111u * i;
    printf("%d %d with %d words:", signal, code, words);
    if (syscall(SYS_rt_sigqueueinfo, getpid(), signal, sent) < 0) {
        printf(" error %d\n", errno);
        return;
    }
    sigtimedwait(blocked, (siginfo_t *)got, &at_once);
    for (int i = 0; i < 14; i++)
        printf(" %x", got[i]);
    printf("\n");
}

int main(void) {
    int signals[] = {SIGUSR1, SIGCHLD, SIGSEGV, SIGSYS, SIGIO, SIGRTMIN};
    static const int codes[] = {-1, -2, -5, -6, -7, -8, -60, -61, 0, 1, 2, 5, 6, 7, 11, 12, 16, 128, 129};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        for (unsigned j = 0; j < sizeof codes / sizeof *codes; j++)
            for (int words = 12; words <= 13; words++)
                queue(signals[i], codes[j], words, &all);
    return 0;
}
