#ifndef IN_CHILD_H
#define IN_CHILD_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a function in a child and prints how that ended. */
static inline void in_child(const char *title, void (*deed)(void)) {
    printf("-- %s\n", title);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        deed();
        fflush(stdout);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    printf("%s: status %x\n", title, status & ~0x80);
    fflush(stdout);
}

#endif
