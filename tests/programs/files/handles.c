/* name_to_handle_at, open_by_handle_at, and how much of a file is in memory. */
#include "try.h"

#include <sys/mman.h>

struct handle { unsigned bytes; int type; unsigned char data[128]; };
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

static struct handle handle = {.bytes = 128}, other;
static int mount_id, other_id;
static uint64_t range[2], counts[5];

static void handles(void) {
    close(open("f", O_CREAT | O_WRONLY, 0666));
    int dir = open(".", O_RDONLY | O_DIRECTORY), fd = open("f", O_RDONLY);
    symlink("f", "s");
    TRY(name_to_handle_at, AT_FDCWD, "f", &handle, &mount_id, 0);
    SHOW(handle.bytes > 0 && handle.bytes <= 128);
    other.bytes = handle.bytes;
    TRY(name_to_handle_at, fd, "", &other, &other_id, AT_EMPTY_PATH);
    SHOW(!memcmp(&other, &handle, 8 + handle.bytes) && mount_id == other_id);
    TRY(name_to_handle_at, dir, "s", &other, &other_id, 0x400);
    SHOW(!memcmp(&other, &handle, 8 + handle.bytes));
    TRY(name_to_handle_at, dir, "s", &other, &other_id, 0);
    SHOW(!memcmp(&other, &handle, 8 + handle.bytes));
    other.bytes = 0;
    TRY(name_to_handle_at, AT_FDCWD, "f", &other, &other_id, 0);
    SHOW(other.bytes == handle.bytes);
    other.bytes = 129;
    TRY(name_to_handle_at, AT_FDCWD, "f", &other, &other_id, 0);
    other.bytes = 128;
    TRY(name_to_handle_at, AT_FDCWD, "f", &other, &other_id, 0x8000);
    TRY(name_to_handle_at, AT_FDCWD, "none", &other, &other_id, 0);
    TRY(name_to_handle_at, AT_FDCWD, "f/x", &other, &other_id, 0);
    TRY(name_to_handle_at, 77, "f", &other, &other_id, 0);
    TRY(name_to_handle_at, AT_FDCWD, "", &other, &other_id, 0);
    TRY(name_to_handle_at, AT_FDCWD, "f", BAD, &other_id, 0);
    TRY(name_to_handle_at, AT_FDCWD, "f", &other, BAD, 0);
    TRY(name_to_handle_at, AT_FDCWD, "/proc/self/status", &other, &other_id, 0);
    TRY(open_by_handle_at, dir, BAD, O_RDONLY);
    other.bytes = 0;
    TRY(open_by_handle_at, dir, &other, O_RDONLY);
    other.bytes = 129;
    TRY(open_by_handle_at, dir, &other, O_RDONLY);
    if (syscall(SYS_open_by_handle_at, dir, &handle, O_RDONLY) < 0 && errno == EPERM)
        return; /* without the capability that is all */
    int again = syscall(SYS_open_by_handle_at, dir, &handle, O_WRONLY);
    SHOW(write(again, "text", 4));
    TRY(open_by_handle_at, 77, &handle, O_RDONLY);
    TRY(open_by_handle_at, dir, &handle, O_RDONLY | O_DIRECTORY);
    other = handle;
    other.data[0] ^= 0x55;
    other.data[1] ^= 0x55;
    TRY(open_by_handle_at, dir, &other, O_RDONLY);
    rename("f", "g");
    SHOW(syscall(SYS_open_by_handle_at, dir, &handle, O_RDONLY) > 0);
}

static void cached(void) {
    int fd = memfd_create("m", 0);
    char page[4096] = "x";
    for (int i = 0; i < 4; i++)
        write(fd, page, sizeof page);
    ftruncate(fd, 8 * 4096);
    range[1] = 8 * 4096;
    TRY(cachestat, fd, range, counts, 0);
    SHOW(counts[0] + counts[3]);
    range[0] = 4096, range[1] = 4096;
    TRY(cachestat, fd, range, counts, 0);
    SHOW(counts[0] + counts[3]);
    range[1] = 0;
    TRY(cachestat, fd, range, counts, 0);
    SHOW(counts[0] + counts[3]);
    TRY(cachestat, 77, range, counts, 0);
    TRY(cachestat, fd, range, counts, 1);
    TRY(cachestat, fd, BAD, counts, 0);
    TRY(cachestat, fd, range, BAD, 0);
}

int main(void) {
    handles();
    cached();
    return 0;
}
