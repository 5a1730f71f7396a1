/* A program that runs cannot be written to, and a file that is open for writing cannot be run (ETXTBSY). */
#include "try.h"

#include <sys/mman.h>

#define EMPTY_PATH 0x1000

static char *arguments[] = {"copy", "wait", NULL};

/* Copies this program into an open file. */
static void copy_to(int fd) {
    static char buffer[1 << 16];
    int self = open("/proc/self/exe", O_RDONLY);
    for (long size; (size = read(self, buffer, sizeof buffer)) > 0;)
        write(fd, buffer, size);
    close(self);
}

/* Runs a file in a child and prints why it could not be, or how it ended. */
static void run(const char *title, int fd, const char *path) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        char *none[] = {"copy", "end", NULL};
        _exit(-call(322 + 36 * (sizeof(long) == 4), fd, path, none, NULL, EMPTY_PATH));
    }
    int status;
    waitpid(child, &status, 0);
    printf("%s: %x\n", title, status);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        char byte;
        if (argv[1][0] == 'w') {
            write(1, "runs\n", 5);
            read(0, &byte, 1);
        }
        return 77;
    }
    int fd = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0755), ends[2], told[2];
    copy_to(fd);
    run("open for writing", AT_FDCWD, "copy");
    close(fd);
    run("closed", AT_FDCWD, "copy");
    pipe(ends);
    pipe(told);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        dup2(ends[0], 0);
        dup2(told[1], 1);
        execv("copy", arguments);
        _exit(1);
    }
    char text[8] = "";
    read(told[0], text, 5);
    TRY(open, "copy", O_WRONLY);
    TRY(open, "copy", O_RDWR);
    TRY(open, "copy", O_RDONLY | O_TRUNC);
    TRY(creat, "copy", 0755);
    TRY(truncate, "copy", 1);
    printf("%d\n", open("copy", O_RDONLY) > 0);
    TRY(chmod, "copy", 0700);
    TRY(link, "copy", "other");
    TRY(open, "other", O_WRONLY);
    write(ends[1], "", 1);
    int status;
    waitpid(child, &status, 0);
    printf("ended: %x\n", status);
    fd = open("copy", O_WRONLY);
    printf("%d\n", fd > 0);
    run("other name", AT_FDCWD, "other");
    close(fd);
    fd = memfd_create("memory", 0);
    copy_to(fd);
    run("memory", fd, "");
    fd = open("script", O_WRONLY | O_CREAT, 0755);
    write(fd, "#!./copy\n", 9);
    run("script", AT_FDCWD, "script");
    close(fd);
    run("closed script", AT_FDCWD, "script");
    return 0;
}
