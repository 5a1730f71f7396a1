/* The first thread ends before the others: the process lives on, under its number, and ends with the last thread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *how, *path;
static int ends[2];

static void *last(void *unused) {
    char byte;
    struct timespec moment = {0, 50000000};
    read(ends[0], &byte, 1);
    nanosleep(&moment, 0);
    printf("alive: %d, its number is %s\n", getpid() != (int)syscall(SYS_gettid), getppid() ? "there" : "gone");
    printf("kill itself with 0: %d\n", kill(getpid(), 0));
    fflush(stdout);
    if (!strcmp(how, "exit"))
        syscall(SYS_exit, 5);
    if (!strcmp(how, "group"))
        syscall(SYS_exit_group, 6);
    if (!strcmp(how, "signal"))
        abort();
    if (!strcmp(how, "exec"))
        execl(path, path, "execd", (char *)0);
    return unused;
}

static void run(void) {
    pthread_t thread;
    pipe(ends);
    pthread_create(&thread, 0, last, 0);
    write(ends[1], "x", 1);
    syscall(SYS_exit, 3);
}

int main(int argc, char **argv) {
    path = argv[0];
    how = argc > 1 ? argv[1] : "all";
    if (!strcmp(how, "execd")) {
        printf("executed: %d\n", getpid() == (int)syscall(SYS_gettid));
        return 7;
    }
    if (strcmp(how, "all"))
        run();
    const char *ways[] = {"exit", "group", "signal", "exec"};
    for (int i = 0; i < 4; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (!child) {
            how = ways[i];
            run();
        }
        int status;
        waitpid(child, &status, 0);
        printf("%s: %x\n", ways[i], status & ~0x80);
    }
    return 0;
}
