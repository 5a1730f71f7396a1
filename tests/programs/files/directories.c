/* Listing directories and standing in them. */
#include "try.h"

#include <dirent.h>

static int by_name(const struct dirent **one, const struct dirent **other) {
    return strcmp((*one)->d_name, (*other)->d_name);
}

static void list(const char *path) {
    struct dirent **names;
    int count = scandir(path, &names, NULL, by_name);
    printf("%s: %d", path, count);
    for (int i = 0; i < count; i++)
        printf(" %s:%d", names[i]->d_name, names[i]->d_type);
    printf("\n");
}

static void listing(void) {
    mkdir("d", 0755);
    list("d");
    put("d/file", "x");
    symlink("file", "d/link");
    mkdir("d/sub", 0755);
    mkfifo("d/fifo", 0644);
    list("d");
    list("none");
    list("d/file");
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    char raw[1000];
    TRY(getdents64, fd, raw, 10);
    TRY(getdents64, fd, BAD, 1000);
    long size = call(SYS_getdents64, fd, raw, 24), total = 0;
    printf("%ld\n", size);
    int names = 1;
    while ((size = call(SYS_getdents64, fd, raw, 32)) > 0) {
        names++;
        total += size;
    }
    printf("%d names %ld bytes, end %ld\n", names, total, size);
    TRY(getdents64, fd, raw, 1000);
    LIBC(lseek(fd, 0, SEEK_SET));
    size = call(SYS_getdents64, fd, raw, 1000);
    printf("%ld\n", size);
    LIBC(lseek(fd, 0, SEEK_SET));
    size = call(SYS_getdents, fd, raw, 1000);
    int kinds = 0;
    for (long at = 0; at < size;) {
        unsigned short length = *(unsigned short *)(raw + at + 2 * sizeof(long));
        kinds += raw[at + length - 1];
        at += length;
    }
    printf("%ld %d\n", size, kinds);
    TRY(getdents64, 99, raw, 1000);
    int file = open("d/file", O_RDONLY);
    TRY(getdents64, file, raw, 1000);
    DIR *dir = opendir("d");
    readdir(dir);
    long place = telldir(dir);
    char next[256];
    strcpy(next, readdir(dir)->d_name);
    readdir(dir);
    seekdir(dir, place);
    SHOW(strcmp(next, readdir(dir)->d_name));
    rewinddir(dir);
    put("d/another", "");
    int count = 0;
    while (readdir(dir))
        count++;
    SHOW(count);
    rewinddir(dir);
    struct dirent *entry;
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    list("d");
    closedir(dir);
    for (int i = 0; i < 500; i++) {
        char name[40];
        snprintf(name, sizeof name, "d/a-rather-long-name-%d", i);
        put(name, "");
    }
    dir = opendir("d");
    count = 0;
    while ((entry = readdir(dir)))
        count++;
    SHOW(count);
    closedir(dir);
}

static void standing(void) {
    char start[PATH_MAX], now[PATH_MAX];
    SHOW(getcwd(start, sizeof start) != NULL);
    mkdir("one", 0755);
    mkdir("one/two", 0755);
    symlink("one/two", "short");
    TRY(chdir, "short");
    getcwd(now, sizeof now);
    printf("%s\n", now + strlen(start));
    TRY(getcwd, now, strlen(now));
    TRY(getcwd, now, strlen(now) + 1 == 0);
    TRY(getcwd, BAD, PATH_MAX);
    TRY(chdir, "..");
    getcwd(now, sizeof now);
    printf("%s\n", now + strlen(start));
    int fd = open("two", O_RDONLY);
    put("file", "x");
    int file = open("file", O_RDONLY);
    TRY(chdir, "file");
    TRY(chdir, "none");
    TRY(chdir, "");
    TRY(fchdir, file);
    TRY(fchdir, 99);
    TRY(fchdir, fd);
    getcwd(now, sizeof now);
    printf("%s\n", now + strlen(start));
    TRY(rmdir, "../two");
    TRY(getcwd, now, PATH_MAX);
    struct stat st;
    LIBC(stat(".", &st));
    printf("%ld\n", (long)st.st_nlink);
    LIBC(stat("..", &st));
    LIBC(open("new", O_CREAT | O_WRONLY, 0644));
    LIBC(mkdir("new", 0755));
    list(".");
    TRY(chdir, "..");
    getcwd(now, sizeof now);
    printf("%s\n", now + strlen(start));
    chdir(start);
    mkdir("jail", 0755);
    mkdir("jail/in", 0755);
    put("jail/in/file", "jailed");
    int outside = open(".", O_RDONLY);
    TRY(chroot, "jail/in/file");
    TRY(chroot, "jail");
    TRY(chdir, "/");
    getcwd(now, sizeof now);
    printf("%s\n", now);
    get("/in/file");
    get("/../in/../../in/file");
    get("/etc/passwd");
    list("/");
    TRY(chdir, "in");
    getcwd(now, sizeof now);
    printf("%s\n", now);
    TRY(fchdir, outside);
    long length = call(SYS_getcwd, now, PATH_MAX);
    printf("%d %.13s\n", length > 0, now);
}

int main(void) {
    umask(022);
    listing();
    in_child("standing", standing);
    return 0;
}
