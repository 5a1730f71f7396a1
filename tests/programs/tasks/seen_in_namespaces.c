/* seen_in_namespaces: what a program sees of mounts, clocks and numbers in namespaces of its own. Status 77 where none
   can be made. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifdef SYS_futex_time64
#define FUTEX SYS_futex_time64
struct when { long long seconds, nanoseconds; };
#else
#define FUTEX SYS_futex
struct when { long seconds, nanoseconds; };
#endif

static void say(const char *what, long result) { printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done"); }

static void put(const char *path, const char *text) {
    int file = open(path, O_WRONLY);
    if (file < 0 || write(file, text, strlen(text)) < 0)
        printf("%s: %s\n", path, strerror(errno));
    close(file);
}

static long long boot_time(void) {
    char line[256];
    long long found = 0;
    FILE *file = fopen("/proc/stat", "r");
    while (fgets(line, sizeof line, file))
        sscanf(line, "btime %lld", &found);
    fclose(file);
    return found;
}

static void links(void) {
    struct statfs status;
    char target[20] = "";
    say("tmpfs without links", mount("tmpfs", "/tmp", "tmpfs", MS_NOSYMFOLLOW | MS_NODEV, NULL));
    mkdir("/tmp/folder", 0755);
    close(open("/tmp/folder/file", O_CREAT | O_WRONLY, 0600));
    symlink("folder/file", "/tmp/link");
    symlink("folder", "/tmp/way");
    say("a file", open("/tmp/folder/file", O_RDONLY));
    say("through a link", open("/tmp/link", O_RDONLY));
    say("by way of a link", open("/tmp/way/file", O_RDONLY));
    say("the link itself", readlink("/tmp/link", target, sizeof target));
    statfs("/tmp", &status);
    printf("flags %lx\n", (long)status.f_flags & 0x2c0e);
    say("with links again", mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL));
    say("through a link", open("/tmp/link", O_RDONLY));
}

static void locked(void) {
    say("another user namespace", unshare(CLONE_NEWUSER | CLONE_NEWNS));
    say("devices", mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND, NULL));
    say("times", mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOATIME, NULL));
    say("more", mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOSUID, NULL));
}

static void numbers(void) {
    int own = open("/proc/self/ns/pid", O_RDONLY);
    say("parent of one's own namespace", ioctl(own, NS_GET_PARENT));
    unshare(CLONE_NEWPID);
    fflush(stdout);
    if (!fork()) {
        char text[128];
        int load = open("/proc/loadavg", O_RDONLY);
        long got = read(load, text, sizeof text);
        printf("last number%.*s", 3, text + got - 3);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    int inner = open("/proc/self/ns/pid_for_children", O_RDONLY), above = ioctl(inner, NS_GET_PARENT);
    struct stat found, mine;
    fstat(above, &found);
    fstat(own, &mine);
    printf("parent of the inner one: %d\n", found.st_ino == mine.st_ino);
}

static void clocks(void) {
    long long before = boot_time();
    unshare(CLONE_NEWTIME);
    put("/proc/self/timens_offsets", "monotonic 864000 0\nboottime 864000 0\n");
    fflush(stdout);
    if (!fork()) {
        long long moved = before - boot_time();
        printf("started earlier by %lld\n", (moved + 5) / 10 * 10);
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        struct when until = {now.tv_sec, now.tv_nsec};
        int word = 1;
        say("until now", syscall(FUTEX, &word, FUTEX_WAIT_BITSET, 1, &until, NULL, FUTEX_BITSET_MATCH_ANY));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

int main(void) {
    char map[64];
    int uid = getuid(), gid = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return 77;
    put("/proc/self/setgroups", "deny");
    sprintf(map, "0 %d 1", uid);
    put("/proc/self/uid_map", map);
    sprintf(map, "0 %d 1", gid);
    put("/proc/self/gid_map", map);
    links();
    clocks();
    numbers();
    locked();
    return 0;
}
