/* Crashes in one of three threads, for a core file; the others wait. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct point {
    int x, y;
};

__thread int own = 7;
int global = 3;
double ratio = 1.5;
struct point points[3] = {{1, 2}, {3, 4}, {5, 6}};
const char *text = "hello";
static int ready[2];

static int fault(int *where)
{
    return *where + global;
}

static void *waiter(void *argument)
{
    own = 11;
    write(ready[1], "", 1);
    for (;;)
        pause();
    return argument;
}

static void *worker(void *argument)
{
    own = 12;
    global = fault(argument);
    return argument;
}

int main(void)
{
    pthread_t made;
    char byte;
    if (pipe(ready))
        return 1;
    pthread_create(&made, 0, waiter, 0);
    read(ready[0], &byte, 1);
    pthread_create(&made, 0, worker, (void *)16);
    pthread_join(made, 0);
    return 0;
}
