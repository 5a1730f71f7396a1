/* A child with two threads dies of SIGSEGV and leaves a core file, which is copied to standard output. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int value = 5;

__attribute__((noinline)) int fault(volatile int *where, int n)
{
    value = n;
    return *where;
}

static void *wait_for_ever(void *argument)
{
    return pause(), argument;
}

int main(int argc, char **argv)
{
    struct rlimit limit = {argc > 1 ? 0 : 1 << 30, 1 << 30};
    int status, fd;
    long size;
    char buffer[65536];

    (void)argv;
    setrlimit(RLIMIT_CORE, &limit);
    if (!fork()) {
        pthread_t thread;
        pthread_create(&thread, 0, wait_for_ever, 0);
        usleep(1000);
        return fault((int *)8, 77);
    }
    wait(&status);
    fd = open("core", O_RDONLY);
    while (fd >= 0 && (size = read(fd, buffer, sizeof buffer)) > 0)
        size = write(1, buffer, size);
    return WTERMSIG(status) | (WCOREDUMP(status) ? 0x80 : 0);
}
