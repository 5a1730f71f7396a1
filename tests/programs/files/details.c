/* What /proc tells of descriptors and mappings: fdinfo of each kind, names that are no numbers, VmFlags of smaps. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* The lines of fdinfo that begin with a word, up to what differs from host to host. */
static void details(int fd, const char *word) {
    char name[40], line[300];
    sprintf(name, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(name, "r");
    while (fgets(line, sizeof line, file)) {
        char *rest = strstr(line, " ino:");
        if (rest)
            strcpy(rest, "\n");
        if (!strncmp(line, word, strlen(word)))
            fputs(line, stdout);
    }
    fclose(file);
}

static void same_inode(int fd) {
    char name[40], line[300];
    struct stat info;
    unsigned long number = 0;
    fstat(fd, &info);
    sprintf(name, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(name, "r");
    while (fgets(line, sizeof line, file))
        sscanf(line, "ino:\t%lu", &number);
    fclose(file);
    printf("inode %d\n", number == info.st_ino);
}

static void looked_up(const char *name) {
    struct stat info;
    int result = lstat(name, &info);
    printf("%s: %d %d\n", name, result, result ? errno : 0);
}

static void flags_of(void *address) {
    char line[400], start[40];
    int found = 0;
    sprintf(start, "%08lx-", (unsigned long)address);
    FILE *file = fopen("/proc/self/smaps", "r");
    while (fgets(line, sizeof line, file)) {
        if (!strncmp(line, start, strlen(start)))
            found = 1;
        if (found && !strncmp(line, "VmFlags:", 8)) {
            char *soft_dirty = strstr(line, "sd "); /* some hosts count that */
            if (soft_dirty)
                memmove(soft_dirty, soft_dirty + 3, strlen(soft_dirty + 3) + 1);
            fputs(line, stdout);
            break;
        }
    }
    fclose(file);
}

int main(void) {
    int event = eventfd(7, 0), semaphore = eventfd(0xfff, EFD_SEMAPHORE);
    details(event, "eventfd-count"), details(event, "eventfd-semaphore");
    details(semaphore, "eventfd-count"), details(semaphore, "eventfd-semaphore");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP), sigaddset(&set, SIGUSR1), sigaddset(&set, 40);
    details(signalfd(-1, &set, 0), "sigmask");
    int epoll = epoll_create(1);
    struct epoll_event asked = {.events = EPOLLIN | EPOLLET, .data.u64 = 0x123456789abcdef0};
    epoll_ctl(epoll, EPOLL_CTL_ADD, event, &asked);
    details(epoll, "tfd");
    int fd = open("/proc/self/exe", O_RDONLY);
    lseek(fd, 77, SEEK_SET);
    details(fd, "pos");
    same_inode(fd);

    looked_up("/proc/self/fd/0");
    looked_up("/proc/self/fd/00");
    looked_up("/proc/self/fd/01");
    looked_up("/proc/self/fd/1x");
    looked_up("/proc/self/fd/-1");
    looked_up("/proc/self/fd/4294967296");
    looked_up("/proc/self/fdinfo/01");
    looked_up("/proc/01");
    looked_up("/proc/0");

    long size = 4096;
    char *at = mmap(0, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *shared = mmap(0, size, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *file = mmap(0, size, PROT_READ, MAP_PRIVATE, fd, 0);
    char *theirs = mmap(0, size, PROT_READ, MAP_SHARED, fd, 0);
    mlock(at + 2 * size, size);
    madvise(at + 2 * size, size, MADV_DONTFORK);
    madvise(at + size, size, MADV_RANDOM);
    flags_of(at + size), flags_of(at + 2 * size);
    flags_of(shared), flags_of(file), flags_of(theirs);

    int query = 1028; /* F_CREATED_QUERY */
    int made = open("new", O_CREAT | O_RDWR, 0600), again = open("new", O_CREAT | O_RDWR, 0600);
    printf("created: %d %d %d\n", fcntl(made, query), fcntl(again, query), fcntl(event, query));
    unlink("new");
    return 0;
}
