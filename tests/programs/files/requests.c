/* Requests of ioctl(2) that only one kind of file answers: random devices, mappings, processes, terminals' old form. */
#define _GNU_SOURCE
#include "try.h"

#include <linux/fs.h>
#include <linux/random.h>
#include <sys/mman.h>
#include <termios.h>

/* of linux/pidfd.h, which cannot stand beside the C library's headers */
#define PIDFD_INFO_PID 1
#define PIDFD_INFO_EXIT 8
#define PIDFD_GET_INFO _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, 64)
struct pidfd_info {
    uint64_t mask, cgroupid;
    uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
};
#define TCGETA 0x5405
#define TCSETAW 0x5407
#define TCSETAF 0x5408

struct old_termio { unsigned short flags[4]; unsigned char line, characters[8]; };
#include <sys/ioctl.h>

static void random_device(void) {
    int fd = open("/dev/urandom", O_RDONLY), number = -1, entropy = 0;
    SHOW(ioctl(fd, RNDGETENTCNT, &entropy));
    SHOW(entropy);
    TRY(ioctl, fd, RNDGETENTCNT, BAD);
    SHOW(ioctl(fd, RNDADDTOENTCNT, &number));
    SHOW(ioctl(fd, RNDGETPOOL, &number));
    SHOW(ioctl(fd, 0x5555, &number));
    int zero = open("/dev/zero", O_RDONLY);
    SHOW(ioctl(zero, RNDGETENTCNT, &entropy));
}

static void query(int fd, uintptr_t address, unsigned long long flags) {
    char name[300] = "";
    struct procmap_query q = {.size = sizeof q, .query_addr = address, .query_flags = flags,
                              .vma_name_addr = (uintptr_t)name, .vma_name_size = sizeof name};
    int result = ioctl(fd, PROCMAP_QUERY, &q);
    printf("%llx: %d", flags, result ? -errno : 0);
    if (!result)
        printf(" starts %d, %lld bytes, flags %llx, page %lld, offset %llx, inode %d, name %d %d",
               q.vma_start == address, (long long)(q.vma_end - q.vma_start), (long long)q.vma_flags,
               (long long)q.vma_page_size, (long long)q.vma_offset, q.inode != 0, q.vma_name_size == strlen(name) + !!*name,
               !strcmp(name, "[stack]"));
    printf("\n");
}

static void mappings(void) {
    char *memory = mmap(NULL, 5 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory + 4096, 4096, PROT_READ | PROT_WRITE);
    munmap(memory + 3 * 4096, 4096);
    mprotect(memory + 4 * 4096, 4096, PROT_NONE);
    int fd = open("/proc/self/maps", O_RDONLY), own = 0;
    query(fd, (uintptr_t)memory, 0);
    query(fd, (uintptr_t)memory + 4096, 0);
    query(fd, (uintptr_t)memory + 3 * 4096, 0);
    query(fd, (uintptr_t)memory, PROCMAP_QUERY_VMA_WRITABLE);
    query(fd, (uintptr_t)memory + 4096, PROCMAP_QUERY_VMA_WRITABLE);
    query(fd, (uintptr_t)memory, PROCMAP_QUERY_VMA_WRITABLE | PROCMAP_QUERY_COVERING_OR_NEXT_VMA);
    query(fd, (uintptr_t)memory, 0x80);
    query(fd, ~0UL, PROCMAP_QUERY_COVERING_OR_NEXT_VMA);
    query(fd, (uintptr_t)&own & ~4095UL, 0);
    struct procmap_query q = {.size = 16};
    SHOW(ioctl(fd, PROCMAP_QUERY, &q));
    q.size = 5000;
    SHOW(ioctl(fd, PROCMAP_QUERY, &q));
    q = (struct procmap_query){.size = sizeof q, .vma_name_size = 5};
    SHOW(ioctl(fd, PROCMAP_QUERY, &q));
    TRY(ioctl, fd, PROCMAP_QUERY, BAD);
    SHOW(ioctl(fd, 0x5555, &q));
    SHOW(ioctl(open("/proc/self/status", O_RDONLY), PROCMAP_QUERY, &q));
}

static void ask(const char *when, int fd, unsigned long long mask) {
    struct pidfd_info info = {.mask = mask};
    int result = ioctl(fd, PIDFD_GET_INFO, &info);
    printf("%s: %d", when, result ? -errno : 0);
    if (!result)
        printf(" mask %llx, pid %d, parent %d, uid %d gid %d, ended with %x", (long long)info.mask & 0xb, info.pid != 0,
               info.ppid == (unsigned)getpid(), info.ruid == getuid() && info.fsuid == getuid(), info.egid == getgid(),
               info.exit_code);
    printf("\n");
}

static void processes(void) {
    pid_t child = fork();
    if (!child) {
        pause();
        _exit(1);
    }
    int fd = syscall(SYS_pidfd_open, child, 0);
    ask("lives", fd, PIDFD_INFO_PID);
    ask("lives", fd, PIDFD_INFO_EXIT);
    kill(child, SIGTERM);
    siginfo_t info;
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    ask("has ended", fd, PIDFD_INFO_EXIT | PIDFD_INFO_PID);
    waitpid(child, NULL, 0);
    ask("is gone", fd, PIDFD_INFO_EXIT);
    ask("is gone", fd, PIDFD_INFO_PID);
    TRY(ioctl, fd, PIDFD_GET_INFO, 0);
    TRY(ioctl, fd, PIDFD_GET_INFO, BAD);
    SHOW(ioctl(0, PIDFD_GET_INFO, &info));
}

static void terminal(void) {
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    struct old_termio old = {0};
    struct termios new;
    SHOW(ioctl(fd, TCGETA, &old));
    printf("%o %o %o %o %d", old.flags[0], old.flags[1], old.flags[2], old.flags[3], old.line);
    for (int i = 0; i < 8; i++)
        printf(" %d", old.characters[i]);
    printf("\n");
    old.flags[0] = 0400, old.flags[3] &= ~010, old.characters[0] = 7;
    SHOW(ioctl(fd, TCSETAF, &old));
    SHOW(tcgetattr(fd, &new));
    printf("%o %o %o %o %d %d\n", new.c_iflag, new.c_oflag, new.c_cflag, new.c_lflag, new.c_cc[0], new.c_cc[10]);
    TRY(ioctl, fd, TCGETA, BAD);
    TRY(ioctl, fd, TCSETAW, 0);
}

int main(void) {
    random_device();
    mappings();
    processes();
    terminal();
    return 0;
}
