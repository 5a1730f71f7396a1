/* What gdb's own words are tried on; argv[1] says what it does. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct point {
    int x, y;
};

__thread int own = 7;
int global = 3, handled;
double ratio = 1.5;
struct point points[3] = {{1, 2}, {3, 4}, {5, 6}};
const char *text = "hello";
static pthread_barrier_t both;

int add(int a, int b)
{
    int sum = a + b;
    global += sum;
    return sum;
}

double half(double x)
{
    double result = x / 2;
    return result;
}

int fib(int n)
{
    if (n < 2)
        return n;
    return fib(n - 1) + fib(n - 2);
}

void on_signal(int number)
{
    handled = number;
}

void *worker(void *argument)
{
    own = *(int *)argument;
    pthread_barrier_wait(&both);
    return argument;
}

int threads(void)
{
    pthread_t made[2];
    int numbers[2] = {11, 12};
    pthread_barrier_init(&both, 0, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&made[i], 0, worker, &numbers[i]);
    pthread_barrier_wait(&both);
    for (int i = 0; i < 2; i++)
        pthread_join(made[i], 0);
    return own;
}

int children(void)
{
    int status;
    pid_t child = fork();
    if (!child)
        _exit(add(2, 3));
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

int loop(void)
{
    int total = 0;
    for (int i = 0; i < 4; i++)
        total += add(i, 1);
    return total;
}

int signals(void)
{
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    return handled;
}

int fault(int *where)
{
    return *where;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    own++;
    if (!strcmp(what, "threads"))
        return threads();
    if (!strcmp(what, "children"))
        return children();
    if (!strcmp(what, "signals"))
        return signals();
    if (!strcmp(what, "fault"))
        return fault((int *)16);
    if (!strcmp(what, "fib"))
        return fib(6);
    if (!strcmp(what, "half"))
        return (int)half(ratio * 10);
    if (!strcmp(what, "exec"))
        return execl(argv[0], argv[0], "none", (char *)0);
    if (!strcmp(what, "calls"))
        return getppid() == getpid();
    return loop();
}
