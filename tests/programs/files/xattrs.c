/* Extended attributes: spaces, flags, sizes, links and open files, and that they stay with a file that is renamed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "try.h"

static char value[70000];

static int compare(const void *one, const void *other) {
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* The names in order: file systems list them in any. */
static void list(const char *path) {
    char names[1024], *sorted[32];
    int count = 0;
    ssize_t length = listxattr(path, names, sizeof names);
    for (char *name = names; length > 0 && name < names + length; name += strlen(name) + 1)
        sorted[count++] = name;
    qsort(sorted, count, sizeof *sorted, compare);
    printf("%d bytes:", (int)length);
    for (int i = 0; i < count; i++)
        printf(" %s", sorted[i]);
    printf("\n");
}

int main(void) {
    int file = open("file", O_RDWR | O_CREAT, 0644), place = open("file", O_PATH);
    mkdir("folder", 0755);
    symlink("file", "link");
    mkfifo("fifo", 0666);
    SHOW(setxattr("file", "user.one", "1", 1, 0));
    SHOW(setxattr("file", "user.one", "11", 2, XATTR_CREATE));
    SHOW(setxattr("file", "user.two", "2", 1, XATTR_REPLACE));
    SHOW(setxattr("file", "user.two", "", 0, XATTR_CREATE));
    SHOW(setxattr("file", "user.one", "one", 3, XATTR_REPLACE));
    SHOW(setxattr("file", "user.three", "3", 1, 4));
    SHOW(setxattr("file", "user.", "3", 1, 0));
    SHOW(setxattr("file", "", "3", 1, 0));
    SHOW(setxattr("file", "other.three", "3", 1, 0));
    SHOW(setxattr("file", "user.large", value, 65537, 0));
    SHOW(setxattr("missing", "user.one", "1", 1, 0));
    SHOW(setxattr("file", (char *)8, "1", 1, 0));
    SHOW(setxattr("file", "user.bad", (char *)8, 1, 0));
    memset(value, 'n', 300);
    memcpy(value, "user.", 5);
    SHOW(setxattr("file", value, "1", 1, 0));
    list("file");
    SHOW(getxattr("file", "user.one", 0, 0));
    SHOW(getxattr("file", "user.one", value, 2));
    SHOW(getxattr("file", "user.one", value, 64));
    printf("%.3s\n", value);
    SHOW(getxattr("link", "user.one", value, 64));
    SHOW(lgetxattr("link", "user.one", value, 64));
    SHOW(lsetxattr("link", "user.one", "1", 1, 0));
    SHOW(fgetxattr(file, "user.one", value, 64));
    SHOW(fgetxattr(place, "user.one", value, 64));
    SHOW(getxattr("file", "user.none", value, 64));
    SHOW(getxattr("file", "other.none", value, 64));
    SHOW(listxattr("file", value, 3));
    SHOW(listxattr("file", 0, 0));
    SHOW(setxattr("folder", "user.one", "in a folder", 11, 0));
    list("folder");
    SHOW(setxattr("fifo", "user.one", "1", 1, 0));
    SHOW(getxattr("fifo", "user.one", value, 64));
    SHOW(removexattr("file", "user.none"));
    SHOW(fremovexattr(file, "user.two"));
    SHOW(rename("file", "renamed"));
    list("renamed");
    SHOW(removexattr("renamed", "user.one"));
    list("renamed");
    SHOW(setxattr("/proc/self/status", "user.one", "1", 1, 0));
    if (geteuid())
        return 0;
    SHOW(setxattr("renamed", "trusted.one", "1", 1, 0));
    SHOW(chmod("renamed", 0666));
    SHOW(chmod("folder", 01777));
    SHOW(setxattr("renamed", "user.one", "1", 1, 0));
    SHOW(seteuid(65534));
    list("renamed");
    SHOW(setxattr("renamed", "trusted.two", "1", 1, 0));
    SHOW(getxattr("renamed", "trusted.one", value, 64));
    SHOW(setxattr("renamed", "security.mine", "1", 1, 0));
    SHOW(setxattr("renamed", "user.two", "1", 1, 0));
    SHOW(setxattr("folder", "user.two", "1", 1, 0));
    return 0;
}
