/* /proc: what a program reads there about itself, and the descriptors it finds there. */
#include "try.h"

static char text[20000];

static char *slurp(const char *path) {
    int fd = open(path, O_RDONLY);
    long size = fd < 0 ? -1 : 0, count;
    while (fd >= 0 && (count = read(fd, text + size, 1000)) > 0)
        size += count;
    if (size < 0) {
        snprintf(text, sizeof text, "error %d", errno);
        return text;
    }
    text[size] = 0;
    for (long i = 0; i < size; i++)
        if (!text[i])
            text[i] = '|';
    close(fd);
    return text;
}

static void line_of(const char *path, const char *start) {
    char *at = slurp(path);
    for (char *line = strtok(at, "\n"); line; line = strtok(NULL, "\n"))
        if (!strncmp(line, start, strlen(start)))
            printf("%s\n", line);
}

static void link_to(const char *path) {
    char target[PATH_MAX] = "";
    long size = readlink(path, target, sizeof target - 1);
    char *slash = strrchr(target, '/');
    printf("%s -> %s\n", path, size < 0 ? "error" : slash ? slash : target);
}

int main(int argc, char **argv) {
    (void)argc;
    char *slash = strrchr(slurp("/proc/self/cmdline"), '/');
    printf("%s\n", slash);
    printf("%s", slurp("/proc/self/comm"));
    printf("%s\n", slurp("/proc/self/environ"));
    line_of("/proc/self/status", "Name:");
    line_of("/proc/self/status", "State:");
    line_of("/proc/self/status", "Uid:");
    line_of("/proc/self/status", "Threads:");
    line_of("/proc/self/status", "SigCgt:");
    line_of("/proc/self/limits", "Limit ");
    line_of("/proc/self/limits", "Max cpu time");
    line_of("/proc/sys/kernel/ostype", "");
    link_to("/proc/self/exe");
    link_to("/proc/self/root");
    struct stat here, there;
    stat(".", &here);
    stat("/proc/self/cwd", &there);
    SHOW(here.st_ino == there.st_ino);
    stat("/proc/self/exe", &here);
    stat(argv[0], &there);
    SHOW(here.st_ino == there.st_ino);
    char pid[40];
    snprintf(pid, sizeof pid, "/proc/%d", getpid());
    char self[40] = "";
    readlink("/proc/self", self, sizeof self);
    SHOW(strcmp(self, pid + 6));
    SHOW(atoi(slurp("/proc/self/stat")) == getpid());
    SHOW(strstr(slurp("/proc/self/maps"), "[stack]") != NULL);
    SHOW(strstr(slurp("/proc/self/maps"), "r-xp") != NULL);
    put("f", "through the link");
    int fd = open("f", O_RDONLY);
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    link_to(link);
    get(link);
    kind(link);
    int again = open(link, O_RDWR);
    SHOW(again >= 0);
    SHOW(write(again, "THROUGH", 7));
    SHOW(lseek(fd, 0, SEEK_CUR));
    get("f");
    unlink("f");
    link_to(link);
    get(link);
    SHOW(access("/proc/self/fd/99", F_OK));
    int p[2];
    pipe(p);
    snprintf(link, sizeof link, "/proc/self/fd/%d", p[0]);
    char target[40] = "";
    readlink(link, target, sizeof target);
    SHOW(strncmp(target, "pipe:[", 6));
    snprintf(link, sizeof link, "/dev/fd/%d", p[1]);
    int writer = open(link, O_WRONLY);
    SHOW(write(writer, "into the pipe", 13));
    SHOW(read(p[0], text, 100));
    TRY(openat, AT_FDCWD, "/proc/self/none", O_RDONLY);
    TRY(openat, AT_FDCWD, "/proc/999999", O_RDONLY);
    TRY(openat, AT_FDCWD, "/proc/self/new", O_CREAT | O_WRONLY, 0644);
    TRY(mkdirat, AT_FDCWD, "/proc/new", 0755);
    TRY(unlinkat, AT_FDCWD, "/proc/self", 0);
    int comm = open("/proc/self/comm", O_RDWR);
    SHOW(write(comm, "renamed to something long", 25));
    printf("%s", slurp("/proc/self/comm"));
    int memory = open("/proc/self/mem", O_RDWR);
    static char secret[] = "secret";
    char copy[10] = "";
    SHOW(pread(memory, copy, 6, (off_t)(uintptr_t)secret));
    printf("%s\n", copy);
    SHOW(pwrite(memory, "public", 6, (off_t)(uintptr_t)secret));
    printf("%s\n", secret);
    LIBC(pread(memory, copy, 6, 8));
    int exe = open("/proc/self/exe", O_RDONLY);
    SHOW(read(exe, copy, 4));
    printf("%.3s\n", copy + 1);
    TRY(openat, AT_FDCWD, "/proc/self/status", O_WRONLY);
    return 0;
}
