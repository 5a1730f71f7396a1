// Ends in the way that its first argument says; the sweeps of tests/fleet are made of it.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

__attribute__((noinline)) static int inner(volatile char *p) { return *p + 1; }

__attribute__((noinline)) static int outer(volatile char *p) { return inner(p) + 2; }

static int chance(void) {
    unsigned char bytes[4];
    getrandom(bytes, sizeof bytes, 0);
    printf("%02x%02x%02x%02x %p %ld\n", bytes[0], bytes[1], bytes[2], bytes[3], (void *)&bytes, (long)time(NULL));
    return 0;
}

static int copy(const char *path) {
    char text[64];
    int fd = path ? open(path, O_RDONLY) : 0;
    ssize_t count = read(fd, text, sizeof text);
    if (count < 0)
        return 4;
    for (ssize_t at = 0; at < count; at++)
        if (text[at] == '!')
            return outer((char *)8);
    int out = open("copy", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    write(out, text, count); // what comes of it is not looked at
    close(out);
    return write(1, text, count) == count ? 0 : 5;
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    if (!strcmp(how, "status"))
        return atoi(argv[2]);
    if (!strcmp(how, "chance"))
        return chance();
    if (!strcmp(how, "copy"))
        return copy(argc > 2 ? argv[2] : NULL);
    if (!strcmp(how, "crash"))
        return outer((char *)8);
    if (!strcmp(how, "wait"))
        pause();
    while (!strcmp(how, "calls"))
        getppid();
    while (!strcmp(how, "flood"))
        write(1, how, 5);
    while (!strcmp(how, "compute"))
        ;
    printf("%s\n", getenv("WORD") ? getenv("WORD") : "-");
    return 0;
}
