/* statmount(2) and listmount(2) of mounts that a namespace of the program's own has, and statx(2)'s numbers of mounts. */
#include "try.h"

#include <sched.h>
#include <sys/mount.h>

struct request { uint32_t size, spare; uint64_t mount, param, space; };
struct told {
    uint32_t size, options;
    uint64_t mask;
    uint32_t major, minor;
    uint64_t magic;
    uint32_t flags, type;
    uint64_t id, parent;
    uint32_t id_old, parent_old;
    uint64_t attributes, propagation, group, master, from;
    uint32_t root, point;
    uint64_t space;
    uint32_t subtype, source, words, array;
    uint64_t rest[47];
    char text[1000];
};

static uint64_t number(const char *path, unsigned mask) {
    struct statx found;
    memset(&found, 0, sizeof found);
    if (syscall(SYS_statx, AT_FDCWD, path, 0, mask, &found))
        return 0;
    printf("%s: mask %x start %d\n", path, found.stx_mask & 0x5000, !!(found.stx_attributes & 0x2000));
    return *(uint64_t *)((char *)&found + 0x90);
}

static int stat_mount(uint64_t mount, uint64_t wanted, struct told *told, size_t size) {
    struct request asked = {24, 0, mount, wanted, 0};
    memset(told, 0x55, sizeof *told);
    return syscall(457, &asked, told, size, 0);
}

static void tell(const char *path) {
    struct told told;
    uint64_t unique = number(path, 0x4000), old = number(path, 0x1000);
    SHOW(stat_mount(unique, 0x3ff & ~0x40, &told, sizeof told));
    printf("mask %llx size %d\n", (long long)told.mask, (int)(told.size - 512 - strlen(told.text + told.point)));
    printf("ids %d %d\n", told.id == unique, told.id_old == old);
    printf("attributes %llx propagation %llx group %d master %d from %d\n", (long long)told.attributes,
           (long long)told.propagation, told.group != 0, told.master != 0, told.from != 0);
    printf("magic %llx flags %x\n", (long long)told.magic, told.flags);
    printf("type %s root %s point %s source %s\n", told.text + told.type, told.text + told.root,
           strrchr(told.text + told.point, '/'), told.text + told.source);
    SHOW(stat_mount(unique, 2, &told, 60));
    printf("size %d mask %llx magic %llx id %d\n", told.size, (long long)told.mask, (long long)told.magic, told.id == unique);
    SHOW(stat_mount(unique, 0x20, &told, 512));
    SHOW(stat_mount(unique, 0x20, &told, 513));
    SHOW(stat_mount(unique, 0x20, &told, 520));
}

static void list(uint64_t mount, uint64_t last, unsigned room, unsigned flags, uint64_t base) {
    struct request asked = {24, 0, mount, last, 0};
    uint64_t found[64];
    long count = syscall(458, &asked, found, room, flags);
    printf("list %ld", count < 0 ? -errno : count);
    for (long n = 0; n < count; n++)
        printf(" %lld", (long long)(found[n] - base));
    printf("\n");
}

int main(void) {
    struct told told;
    char ids[2][40];
    sprintf(ids[0], "0 %d 1", getuid());
    sprintf(ids[1], "0 %d 1", getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return 1;
    put("/proc/self/setgroups", "deny");
    put("/proc/self/uid_map", ids[0]);
    put("/proc/self/gid_map", ids[1]);
    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    mkdir("a", 0755);
    mkdir("b", 0755);
    SHOW(mount("some", "a", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NOATIME, "size=16k"));
    mkdir("a/c", 0755);
    SHOW(mount("other", "a/c", "tmpfs", MS_RDONLY, NULL));
    SHOW(mount("a", "b", NULL, MS_BIND, NULL));
    SHOW(mount(NULL, "a/c", NULL, MS_SHARED, NULL));
    mkdir("a/d", 0755);
    SHOW(mount("a/c", "a/d", NULL, MS_BIND, NULL));
    SHOW(mount(NULL, "a/d", NULL, MS_SLAVE, NULL));
    SHOW(mount(NULL, "b", NULL, MS_UNBINDABLE, NULL));
    tell("a");
    tell("a/c");
    tell("b");
    tell("a/d");
    uint64_t base = number("a", 0x4000), inner = number("a/c", 0x4000);
    list(base, 0, 64, 0, base);
    list(base, 0, 1, 0, base);
    list(base, inner, 64, 0, base);
    list(base, 0, 64, 1, base);
    list(base, inner + 1, 64, 1, base);
    list(inner, 0, 64, 0, base);
    list(base, 0, 0, 0, base);
    struct request asked = {24, 0, base, 0, 0};
    SHOW(syscall(458, &asked, NULL, 4, 0));
    SHOW(syscall(458, &asked, (void *)16, 4, 2));
    SHOW(syscall(458, &asked, (void *)16, 1000001, 0));
    asked.param = 7;
    SHOW(syscall(458, &asked, (void *)16, 4, 0));
    asked.param = 0;
    asked.mount = 7;
    SHOW(syscall(458, &asked, (void *)16, 4, 0));
    SHOW(syscall(457, &asked, &told, sizeof told, 0));
    asked.mount = base + 1000000;
    SHOW(syscall(458, &asked, &told, 4, 0));
    SHOW(syscall(457, &asked, &told, sizeof told, 0));
    SHOW(syscall(457, &asked, &told, sizeof told, 8));
    asked.mount = base;
    asked.size = 23;
    SHOW(syscall(457, &asked, &told, sizeof told, 0));
    asked.size = 4097;
    SHOW(syscall(457, &asked, &told, sizeof told, 0));
    SHOW(syscall(457, NULL, &told, sizeof told, 0));
    asked.size = 24;
    SHOW(syscall(457, &asked, (void *)-4096, sizeof told, 0));
    mkdir("over", 0755);
    mkdir("under", 0755);
    SHOW(mount("some", "over", "tmpfs", 0, NULL));
    SHOW(mount("some", "under", "tmpfs", 0, NULL));
    put("over/top", "x");
    put("under/below", "x");
    int tree = syscall(428, AT_FDCWD, "under", 1), over = open("over", O_PATH);
    SHOW(syscall(429, tree, "", over, "", 0x200 | 0x44));
    SHOW(syscall(429, tree, "", over, "", 0x200 | 0x44));
    close(tree);
    close(over);
    SHOW(access("over/top", F_OK));
    SHOW(access("over/below", F_OK));
    SHOW(umount("over"));
    SHOW(access("over/below", F_OK));
    SHOW(syscall(429, AT_FDCWD, "over", AT_FDCWD, "under", 0x200));
    SHOW(access("under/below", F_OK));
    SHOW(umount("under"));
    SHOW(umount("under"));
    SHOW(umount("under"));
    SHOW(mount("some", "over", "tmpfs", 0, NULL));
    SHOW(mount(NULL, "over", NULL, MS_SHARED, NULL));
    mkdir("over/in", 0755);
    SHOW(mount("over", "over/in", NULL, MS_BIND, NULL));
    SHOW(mount(NULL, "over/in", NULL, MS_SLAVE, NULL));
    SHOW(umount("over/in"));
    SHOW(umount("over"));
    int pipes[2];
    pipe(pipes);
    struct statx found;
    SHOW(syscall(SYS_statx, pipes[0], "", AT_EMPTY_PATH, 0x1000, &found));
    SHOW(chroot("a/c"));
    SHOW(stat_mount(base, 2, &told, sizeof told));
    list(~0ULL, 0, 64, 0, base);
    SHOW(stat_mount(base, 0x10, &told, sizeof told));
    printf("mask %llx\n", (long long)told.mask);
}
