/* Why a file cannot be run, named by execve and execveat in all ways that they know. */
#include "try.h"

#define NR_EXECVEAT (sizeof(long) == 8 ? 322 : 358)
#define NOFOLLOW 0x100
#define EMPTY_PATH 0x1000

static int self;

/* Runs a file in a child; prints the error, or 77 if it ran. */
static void run(const char *title, int fd, const char *path, int flags) {
    char *arguments[] = {"name", "again", NULL};
    fflush(stdout);
    pid_t child = fork();
    if (!child)
        _exit(-call(NR_EXECVEAT, fd, path, arguments, NULL, flags));
    int status;
    waitpid(child, &status, 0);
    printf("%s: %d\n", title, WEXITSTATUS(status));
}

static void file(const char *name, const char *text, int mode) {
    put(name, text);
    chmod(name, mode);
    run(text, AT_FDCWD, name, 0);
}

int main(int argc, char **argv) {
    if (argc > 1)
        return 77;
    self = open("/proc/self/exe", O_RDONLY);
    int here = open(".", O_RDONLY), path = open(".", O_PATH);
    file("a", "", 0755);
    file("b", "some text", 0755);
    file("c", "\177ELF\2\1\1", 0755);
    file("d", "#!/bin/sh\n", 0644);
    file("e", "#! \n", 0755);
    file("f", "#!", 0755);
    file("g", "#! ", 0755);
    file("h", "#!/none\n", 0755);
    file("i", "#!/", 0755);
    file("j", "#!./j\n", 0755);
    symlink("b", "link");
    symlink("loop", "loop");
    mkfifo("fifo", 0755);
    run("link", here, "link", 0);
    run("link, not followed", here, "link", NOFOLLOW);
    run("file, not followed", here, "b", NOFOLLOW);
    run("not there, not followed", here, "none", NOFOLLOW);
    run("link itself", open("link", O_PATH | O_NOFOLLOW), "", EMPTY_PATH | NOFOLLOW);
    run("loop", here, "loop", 0);
    run("FIFO", here, "fifo", 0);
    run("directory", here, ".", 0);
    run("directory by descriptor", path, "", EMPTY_PATH);
    run("open", self, "", EMPTY_PATH);
    run("open, path from it", self, "x", 0);
    run("open, not said", self, "", 0);
    run("absolute", -1, "/proc/self/exe", 0);
    run("not open", 99, "x", 0);
    printf("arguments nowhere: %d", -call(NR_EXECVEAT, AT_FDCWD, "a", 8, NULL, 0));
    printf(" of no file %d", -call(NR_EXECVEAT, AT_FDCWD, "none", 8, NULL, 0));
    printf(" of one that may not be run %d", -call(NR_EXECVEAT, AT_FDCWD, "d", 8, NULL, 0));
    int written = open("b", O_WRONLY);
    printf(" of one that is written %d\n", -call(NR_EXECVEAT, AT_FDCWD, "b", 8, NULL, 0));
    close(written);
    run("not open, empty", 99, "", EMPTY_PATH);
    run("unknown flag", self, "", 0x8000);
    run("bad pointer", here, BAD, 0);
    return 0;
}
