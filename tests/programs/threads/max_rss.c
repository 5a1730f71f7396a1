/* max_rss: ru_maxrss is a process's, and not what the thread asked for is using: it stays when memory goes, when the
   thread that used it has ended, and for who waits for the process. Prints one line a case. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (16 << 20)

static void *use(void *argument) {
    char *place = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(place, 1, SIZE);
    munmap(place, SIZE);
    return argument;
}

static void show(const char *what, int who) {
    struct rusage usage;
    getrusage(who, &usage);
    printf("%s: %s\n", what, usage.ru_maxrss >= SIZE >> 10 ? "much" : "little");
    fflush(stdout);
}

int main(int argc, char **argv) {
    pthread_t thread;
    if (argc > 1) { /* what the program before had counts */
        show(argv[1], RUSAGE_SELF);
        return 0;
    }
    show("first", RUSAGE_SELF);
    if (!fork()) {
        pthread_create(&thread, NULL, use, NULL);
        pthread_join(thread, NULL);
        show("of a process whose thread used it", RUSAGE_SELF);
        show("of another thread of that", RUSAGE_THREAD);
        _exit(0);
    }
    show("of children, before", RUSAGE_CHILDREN);
    wait(NULL);
    show("of children, after", RUSAGE_CHILDREN);
    show("of their parent", RUSAGE_SELF);
    use(NULL);
    execl("/proc/self/exe", "max_rss", "of another program", NULL);
    return 1;
}
