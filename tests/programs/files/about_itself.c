/* Files of /proc/self that are written, and those whose contents do not depend on the machine. */
#include "try.h"

#include <sys/mman.h>

static void print(const char *name) {
    char path[100], text[400];
    snprintf(path, sizeof path, "/proc/self/%s", name);
    int fd = open(path, O_RDONLY);
    ssize_t size = fd < 0 ? -errno : read(fd, text, sizeof text - 1);
    if (size < 0) {
        printf("%s: error %ld\n", name, (long)size);
        return;
    }
    text[size] = 0;
    printf("%s: %s\n", name, text);
    close(fd);
}

static void store(const char *name, const char *text) {
    char path[100];
    snprintf(path, sizeof path, "/proc/self/%s", name);
    int fd = open(path, O_WRONLY);
    ssize_t size = fd < 0 ? -1 : write(fd, text, strlen(text));
    printf("%s < %s: %ld", name, text, (long)size);
    printf(size < 0 ? ", error %d\n" : "\n", errno);
    close(fd);
    if (strcmp(name, "clear_refs"))
        print(name);
}

static void adjust(void) {
    store("oom_score_adj", "300");
    print("oom_adj");
    store("oom_score_adj", "1001");
    store("oom_score_adj", "-2000");
    store("oom_score_adj", "x");
    store("oom_score_adj", "0x10\n");
    store("oom_adj", "15");
    print("oom_score_adj");
    store("oom_adj", "16");
    store("oom_adj", "-18");
    store("coredump_filter", "0x7f");
    store("coredump_filter", "0xffff");
    store("coredump_filter", "-1");
    store("coredump_filter", "010");
    store("coredump_filter", "0x100000000");
    store("timerslack_ns", "-5");
    store("timerslack_ns", "123456");
    store("timerslack_ns", "0");
    store("timerslack_ns", "fast");
    store("comm", "a name that is too long");
    store("comm", "b");
    store("clear_refs", "1");
    store("clear_refs", "0");
    store("clear_refs", "9");
}

static void children(void) {
    store("oom_score_adj", "900");
    store("coredump_filter", "0x21");
    fflush(stdout);
    if (!fork()) {
        print("oom_score_adj");
        print("coredump_filter");
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

/* which of the pages of a mapping the pagemap knows, and what it says of them */
static void pages(void) {
    char *memory = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *file = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);
    uint64_t words[4];
    memory[4096] = memory[3 * 4096] = 1;
    volatile char first = file[0];
    (void)first;
    int fd = open("/proc/self/pagemap", O_RDONLY);
    TRY(pread64, fd, words, 32, (uintptr_t)memory >> 12 << 3);
    for (int i = 0; i < 4; i++)
        printf("present %d file %d alone %d\n", (int)(words[i] >> 63), (int)(words[i] >> 61 & 1), (int)(words[i] >> 56 & 1));
    TRY(pread64, fd, words, 8, (uintptr_t)file >> 12 << 3);
    printf("present %d file %d\n", (int)(words[0] >> 63), (int)(words[0] >> 61 & 1));
    TRY(pread64, fd, words, 7, 0);
    TRY(pread64, fd, words, 8, 4);
    TRY(pread64, fd, words, 8, -8L);
}

static void calls(void) {
    char text[300];
    unsigned long number, descriptor, size;
    int fd = open("/proc/self/syscall", O_RDONLY);
    text[read(fd, text, 299)] = 0;
    sscanf(text, "%lu %lx %*x %lx", &number, &descriptor, &size);
    printf("in read: %d, of its file: %d, size %lu\n", number == SYS_read, descriptor == (unsigned long)fd, size);
}

int main(void) {
    adjust();
    children();
    if (sizeof(long) == 8)
        pages();
    calls();
    print("personality");
    return 0;
}
