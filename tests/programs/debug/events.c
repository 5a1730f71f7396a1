/* What a debugger is told of: signals, threads, children, programs. argv[1] says which. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int watched[4];

__attribute__((noinline)) int count(int n)
{
    __asm__ volatile("" ::: "memory");
    watched[1] += n;
    return watched[1];
}

static void on_signal(int number)
{
    watched[2] = number;
}

static void *thread(void *argument)
{
    (void)argument;
    count(1);
    return 0;
}

static int signals(void)
{
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    return watched[2] == SIGUSR1;
}

static int threads(void)
{
    pthread_t made[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&made[i], 0, thread, 0);
    for (int i = 0; i < 2; i++)
        pthread_join(made[i], 0);
    return watched[1];
}

static int children(void)
{
    int status;
    pid_t child = fork();
    if (!child)
        _exit(count(5));
    waitpid(child, &status, 0);
    child = vfork();
    if (!child)
        _exit(6);
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 99;
    if (!strcmp(argv[1], "signals"))
        return signals();
    if (!strcmp(argv[1], "threads"))
        return threads();
    if (!strcmp(argv[1], "children"))
        return children();
    if (!strcmp(argv[1], "exec"))
        return execl(argv[0], argv[0], (char *)0);
    if (!strcmp(argv[1], "spin"))
        for (;;)
            count(0);
    for (int i = 0; i < 10; i++)
        count(i);
    return watched[1];
}
