/* Takes as much of something as there is, or does something very often: limits MODE COUNT. Says what came of it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>


static void descriptors(long count)
{
    long taken = 0;
    struct rlimit limit = {count, count};
    setrlimit(RLIMIT_NOFILE, &limit);
    while (open("/dev/null", O_RDONLY) >= 0)
        taken++;
    printf("%ld files, errno %d\n", taken + 3, errno);
}

static void sockets(long count)
{
    struct rlimit limit = {count + 10, count + 10};
    setrlimit(RLIMIT_NOFILE, &limit);
    long made = 0;
    int pair[2];
    while (made < count && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
        made += 2;
    char byte = 'x';
    printf("%ld sockets, %zd byte\n", made, write(pair[0], &byte, 1) + read(pair[1], &byte, 1) - 1);
}

static void connections(long count)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&name, size);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&name, &size);
    for (long turn = 0; turn < count; turn++) {
        int client = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(client, (struct sockaddr *)&name, size) < 0) {
            printf("connection %ld: %s\n", turn, strerror(errno));
            return;
        }
        int server = accept(listener, NULL, NULL);
        char byte;
        close(client);
        read(server, &byte, 1);
        close(server);
    }
    printf("%ld connections\n", count);
}

static void opens(long count)
{
    for (long turn = 0; turn < count; turn++) {
        int fd = open("file", O_CREAT | O_RDWR, 0644);
        if (fd < 0) {
            printf("open %ld: %s\n", turn, strerror(errno));
            return;
        }
        close(fd);
    }
    printf("%ld opens\n", count);
}

static void names(long count)
{
    char name[32];
    mkdir("many", 0755);
    for (long number = 0; number < count; number++) {
        snprintf(name, sizeof name, "many/%ld", number);
        int fd = open(name, O_CREAT | O_WRONLY | O_EXCL, 0644);
        if (fd < 0) {
            printf("file %ld: %s\n", number, strerror(errno));
            break;
        }
        close(fd);
    }
    long seen = 0;
    DIR *directory = opendir("many");
    while (readdir(directory))
        seen++;
    closedir(directory);
    printf("%ld names\n", seen - 2);
    for (long number = 0; number < count; number++) {
        snprintf(name, sizeof name, "many/%ld", number);
        unlink(name);
    }
    printf("removed: %d\n", rmdir("many"));
}

static void full(long count)
{
    static char block[1 << 16];
    long written = 0;
    int fd = open("/tmp/full", O_CREAT | O_RDWR, 0644);
    memset(block, 'x', sizeof block);
    while (written < count) {
        ssize_t did = write(fd, block, sizeof block);
        if (did <= 0)
            break;
        written += did;
    }
    printf("full: errno %d\n", written < count ? errno : 0);
    ftruncate(fd, 0);
    printf("room again: %zd\n", write(fd, block, sizeof block));
}

static void sparse(long count)
{
    struct stat found;
    char byte = 'x';
    int fd = open("sparse", O_CREAT | O_RDWR, 0644);
    printf("%d %zd ", ftruncate(fd, count), pwrite(fd, &byte, 1, count - 1));
    fstat(fd, &found);
    printf("%d %d ", found.st_size == count, found.st_blocks < 1000);
    printf("%d\n", lseek(fd, 0, SEEK_DATA) >= count - 4096 && pread(fd, &byte, 1, count / 2) == 1 && !byte);
}

static void deep(long count)
{
    long depth = 0;
    while (depth < count && mkdir("d", 0755) == 0 && chdir("d") == 0)
        depth++;
    char path[8192];
    printf("%ld deep, %s\n", depth, getcwd(path, sizeof path) ? "named" : strerror(errno));
    while (depth && chdir("..") == 0 && rmdir("d") == 0)
        depth--;
    printf("%ld left\n", depth);
}

/* What waits in sockets and queues that nobody reads: up to COUNT of each. */
static void messages(long count)
{
    static char block[8 + 8000] = {1};
    long made = 0, sent = 0, pairs = 0;
    for (int pair[2]; pairs < count && socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0; pairs++) {
        while (send(pair[0], block, sizeof block, MSG_DONTWAIT) > 0)
            ;
        if (errno != EAGAIN)
            break;
    }
    printf("sockets: errno %d\n", pairs < count ? errno : 0);
    for (int queue; made < count && (queue = msgget(IPC_PRIVATE, 0600)) >= 0; made++) {
        while (msgsnd(queue, block, 8000, IPC_NOWAIT) == 0)
            sent++;
        if (errno != EAGAIN)
            break;
    }
    printf("queues: errno %d\n", made < count ? errno : 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(long);
    } modes[] = {
        {"descriptors", descriptors}, {"sockets", sockets}, {"connections", connections}, {"opens", opens}, {"names", names},
        {"full", full}, {"sparse", sparse}, {"deep", deep}, {"messages", messages},
    };
    for (unsigned mode = 0; argc > 2 && mode < sizeof modes / sizeof modes[0]; mode++)
        if (strcmp(argv[1], modes[mode].name) == 0)
            modes[mode].run(atol(argv[2]));
    return 0;
}
