/* What fanotify(7) tells: by handles and names, and for an administrator by descriptors, with questions. */
#include "try.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>

struct told { uint32_t length; uint8_t version, reserved; uint16_t head; uint64_t mask; int32_t fd, pid; } __attribute__((aligned(4)));
struct about { uint8_t kind, pad; uint16_t length; uint64_t fsid; uint32_t size; int32_t type; uint8_t handle[]; } __attribute__((packed));
struct handle { uint32_t size; int32_t type; uint8_t bytes[128]; };

static int init(unsigned flags, unsigned how) { return syscall(SYS_fanotify_init, flags, how); }

static int mark(int group, unsigned flags, uint64_t mask, const char *path) {
#ifdef __i386__
    return syscall(SYS_fanotify_mark, group, flags, (uint32_t)mask, (uint32_t)(mask >> 32), AT_FDCWD, path);
#else
    return syscall(SYS_fanotify_mark, group, flags, mask, AT_FDCWD, path);
#endif
}

/* Whether a handle is that of a path. */
static const char *whose(struct about *about) {
    static const char *paths[] = {"folder", "folder/file", "folder/sub", "other", "."};
    for (unsigned n = 0; n < sizeof paths / sizeof *paths; n++) {
        struct handle found = {128};
        int mount;
        if (!syscall(SYS_name_to_handle_at, AT_FDCWD, paths[n], &found, &mount, 0x200) && found.size == about->size &&
            !memcmp(found.bytes, about->handle, found.size))
            return paths[n];
    }
    return "else";
}

static void told(int group, const char *title) {
    char room[4096];
    ssize_t length = read(group, room, sizeof room);
    printf("%s: %d\n", title, length < 0 ? -errno : length > 0);
    for (char *at = room; length > 0 && at < room + length;) {
        struct told *told = (void *)at;
        printf("  mask %llx version %d head %d fd %d pid %d", (long long)told->mask, told->version, told->head,
               told->fd < 0 ? told->fd : 0, told->pid == getpid());
        if (told->fd >= 0) {
            char link[40], target[500];
            sprintf(link, "/proc/self/fd/%d", told->fd);
            ssize_t size = readlink(link, target, sizeof target - 1);
            target[size < 0 ? 0 : size] = 0;
            printf(" %s flags %o", strrchr(target, '/'), fcntl(told->fd, F_GETFL) & ~0100000);
            close(told->fd);
        }
        for (char *part = at + told->head; part < at + told->length; part += ((struct about *)part)->length) {
            struct about *about = (void *)part;
            if (about->kind == 4) {
                printf(" pidfd %d", *(int *)(part + 4) >= 0);
                continue;
            }
            const char *name = about->kind == 1 || about->kind == 3 ? "" : (char *)about->handle + about->size;
            printf(" [%d %s %s]", about->kind, whose(about), name);
        }
        printf("\n");
        at += told->length;
    }
}

static void change(void) {
    int file = open("folder/file", O_RDWR);
    char byte;
    write(file, "text", 4);
    pread(file, &byte, 1, 0);
    close(file);
    chmod("folder/file", 0600);
    mkdir("folder/sub", 0755);
    close(open("folder", O_RDONLY | O_DIRECTORY));
    rename("folder/file", "other/moved");
    rename("other/moved", "folder/file");
    put("folder/new", "x");
    unlink("folder/new");
    rmdir("folder/sub");
}

static void by_handle(unsigned flags, uint64_t mask, const char *path) {
    int group = init(2 | flags, O_RDONLY);
    printf("-- %x %llx %s\n", flags, (long long)mask, path);
    SHOW(group >= 0);
    SHOW(mark(group, 1, mask, path));
    change();
    told(group, "changes");
    close(group);
}

static void administrator(void) {
    int group = init(2, O_RDONLY | O_CLOEXEC);
    char byte;
    SHOW(group >= 0);
    SHOW(mark(group, 1, 0x3b | 0x08000000, "folder"));
    SHOW(mark(group, 1, 0x100, "folder"));
    change();
    told(group, "of children");
    SHOW(mark(group, 1 | 0x20, 2 | 8, "folder/file"));
    change();
    told(group, "some ignored, until it is written");
    SHOW(mark(group, 1 | 0x20 | 0x40, 2 | 8, "folder/file"));
    change();
    told(group, "some ignored");
    SHOW(mark(group, 0x80, 0, "."));
    change();
    told(group, "flushed");
    mkdir("private", 0755);
    unshare(CLONE_NEWNS);
    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    SHOW(mount("none", "private", "tmpfs", 0, NULL));
    SHOW(mark(group, 1 | 0x10, 0x20 | 0x40000000, "private"));
    put("private/new", "x");
    close(open("private", O_RDONLY));
    change();
    told(group, "of the mount");
    SHOW(mark(group, 2 | 0x10, 0x20, "private"));
    SHOW(mark(group, 2 | 0x10, 0x20, "private"));
    SHOW(mark(group, 2 | 0x10, 0x40000000, "private"));
    SHOW(mark(group, 2 | 0x10, 0x20, "private"));
    SHOW(mark(group, 1 | 0x100, 0x8, "private"));
    put("private/new", "y");
    told(group, "of the file system");
    close(group);

    int asking = init(4 | 2, O_RDONLY);
    SHOW(asking >= 0);
    SHOW(mark(asking, 1, 0x10000 | 0x20000, "folder/file"));
    for (int n = 0; n < 3; n++) {
        fflush(stdout);
        pid_t child = fork();
        if (!child) {
            close(asking);
            int file = open("folder/file", O_RDONLY);
            printf("open %d\n", file < 0 ? -errno : 0);
            if (file >= 0)
                printf("read %d\n", (int)read(file, &byte, 1) < 0 ? -errno : 0);
            fflush(stdout);
            _exit(0);
        }
        for (int m = 0; m < (n ? n : 1); m++) {
            struct pollfd wait = {asking, POLLIN, 0};
            char room[200];
            poll(&wait, 1, -1);
            ssize_t length = read(asking, room, sizeof room);
            struct told *told = (void *)room;
            struct { int32_t fd; uint32_t answer; } response = {told->fd, n == 0 || m == 1 ? 2 : 1};
            printf("asked %d mask %llx child %d\n", (int)length, (long long)told->mask, told->pid == child);
            SHOW(write(asking, &response, 4));
            response.answer = 7;
            SHOW(write(asking, &response, 8));
            response.answer = n == 0 || m == 1 ? 2 : 1;
            SHOW(write(asking, &response, 8));
            SHOW(write(asking, &response, 8));
            close(told->fd);
            if (n == 1) {
                close(asking);
                asking = -1;
            }
        }
        waitpid(child, NULL, 0);
        if (n == 1) {
            asking = init(4 | 2, O_RDONLY);
            mark(asking, 1, 0x10000 | 0x20000, "folder/file");
        }
    }
}

int main(void) {
    mkdir("folder", 0755);
    mkdir("other", 0755);
    put("folder/file", "some");
    SHOW(init(0x10000, 0));
    SHOW(init(0x200 | 4, 0));
    SHOW(init(0x800, 0));
    SHOW(init(0x1000 | 0x400 | 0x800, 0));
    SHOW(init(0x200, 3));
    SHOW(init(0x200, O_CREAT));
    int group = init(0x200 | 2, O_RDONLY);
    SHOW(mark(group, 1, 0, "folder"));
    SHOW(mark(group, 3, 1, "folder"));
    SHOW(mark(group, 0, 1, "folder"));
    SHOW(mark(group, 1 | 0x800, 1, "folder"));
    SHOW(mark(group, 1, 1ULL << 32, "folder"));
    SHOW(mark(group, 1, 1 << 20, "folder"));
    SHOW(mark(group, 1, 0x10000, "folder"));
    SHOW(mark(group, 1, 0x10000000, "folder"));
    SHOW(mark(group, 1 | 8, 1, "folder/file"));
    SHOW(mark(group, 1, 1, "missing"));
    SHOW(mark(99, 1, 1, "folder"));
    SHOW(mark(1, 1, 1, "folder"));
    SHOW(mark(group, 2, 1, "folder"));
    SHOW(mark(group, 1 | 0x400, 1, "folder"));
    SHOW(mark(group, 1 | 0x420, 1, "folder"));
    SHOW(mark(group, 0x80 | 8, 0, "folder"));
    SHOW(mark(group, 0x80, 0, NULL));
    told(group, "nothing");
    close(group);
    by_handle(0x200, 0xfff | 0x48000000, "folder");
    by_handle(0x200, 0xfff, "folder");
    by_handle(0x600, 0xfff | 0x48000000, "folder");
    by_handle(0x400, 0xfff | 0x48000000, "folder");
    by_handle(0xc00, 0xfff | 0x48000000, "folder");
    by_handle(0xe00, 0xfff | 0x48000000, "folder");
    by_handle(0x1e00, 0xfff | 0x48000000 | 0x10000000, "folder");
    by_handle(0xe00, 0x3f, "folder/file");
    if (!geteuid())
        administrator();
}
