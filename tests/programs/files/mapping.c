/* Mapped files: what a mapping, a read and a write of the same file see of each other. */
#include "try.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#define PAGE 4096

static sigjmp_buf back;
static int seen;

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)context;
    seen = number * 100 + info->si_code;
    siglongjmp(back, 1);
}

static int touch(volatile char *at, int store) {
    seen = 0;
    if (!sigsetjmp(back, 1)) {
        if (store)
            *at = 'T';
        else
            (void)*at;
    }
    return seen;
}

static void try_map(const char *title, int fd, int prot, int flags, long length, long offset) {
    char *at = mmap(NULL, length, prot, flags, fd, offset);
    printf("%s: %d\n", title, at == MAP_FAILED ? -errno : 0);
    if (at != MAP_FAILED)
        munmap(at, length);
}

static void shared(void) {
    int fd = open("m", O_RDWR | O_CREAT | O_TRUNC, 0644);
    char text[PAGE];
    memset(text, 'a', PAGE);
    write(fd, text, PAGE);
    write(fd, "tail", 4);
    char *one = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *two = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char *own = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    SHOW(own[0]);
    one[0] = 'b';
    printf("%c %c %c\n", one[0], two[0], own[0]);
    pread(fd, text, 1, 0);
    printf("%c\n", text[0]);
    pwrite(fd, "c", 1, 1);
    printf("%c %c %c\n", one[1], two[1], own[1]);
    own[2] = 'd';
    pwrite(fd, "e", 1, 2);
    printf("%c %c %c\n", one[2], two[2], own[2]);
    printf("%.4s %d %d\n", one + PAGE, one[PAGE + 4], one[2 * PAGE - 1]);
    one[PAGE + 4] = 'x';
    LIBC(lseek(fd, 0, SEEK_END));
    LIBC(msync(one, 2 * PAGE, MS_SYNC));
    LIBC(ftruncate(fd, 2 * PAGE));
    printf("%d\n", one[2 * PAGE - 1]);
    LIBC(ftruncate(fd, 10));
    printf("%c %d %d\n", one[9], one[10], own[2]);
    SHOW(touch(one + PAGE, 0));
    SHOW(touch(own + PAGE, 0));
    SHOW(touch(two, 1));
    LIBC(ftruncate(fd, 2 * PAGE));
    SHOW(touch(one + PAGE, 1));
    printf("%d %c %c\n", one[10], one[PAGE], two[PAGE]);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        one[3] = 'C';
        own[3] = 'C';
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("%c %d\n", one[3], own[3]);
    LIBC(mprotect(two, PAGE, PROT_READ | PROT_WRITE));
    close(fd);
    unlink("m");
    one[5] = 'g';
    printf("%c\n", two[5]);
    munmap(one, 2 * PAGE);
    printf("%c\n", two[5]);
}

static void rules(void) {
    put("r", "read only");
    int read_only = open("r", O_RDONLY), write_only = open("r", O_WRONLY), both = open("r", O_RDWR);
    int path = open("r", O_PATH), dir = open(".", O_RDONLY), p[2];
    pipe(p);
    try_map("read, shared, read only", read_only, PROT_READ, MAP_SHARED, PAGE, 0);
    try_map("write, shared, read only", read_only, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE, 0);
    try_map("write, private, read only", read_only, PROT_READ | PROT_WRITE, MAP_PRIVATE, PAGE, 0);
    try_map("exec, private, read only", read_only, PROT_READ | PROT_EXEC, MAP_PRIVATE, PAGE, 0);
    try_map("none, shared, write only", write_only, PROT_NONE, MAP_SHARED, PAGE, 0);
    try_map("write, shared, write only", write_only, PROT_WRITE, MAP_SHARED, PAGE, 0);
    try_map("write, shared, both", both, PROT_WRITE, MAP_SHARED, PAGE, 0);
    try_map("path", path, PROT_READ, MAP_PRIVATE, PAGE, 0);
    try_map("directory", dir, PROT_READ, MAP_PRIVATE, PAGE, 0);
    try_map("pipe", p[0], PROT_READ, MAP_PRIVATE, PAGE, 0);
    try_map("closed", 99, PROT_READ, MAP_PRIVATE, PAGE, 0);
    try_map("no length", read_only, PROT_READ, MAP_PRIVATE, 0, 0);
    try_map("no kind", read_only, PROT_READ, 0, PAGE, 0);
    try_map("odd offset", read_only, PROT_READ, MAP_PRIVATE, PAGE, 100);
    try_map("validated", read_only, PROT_READ, MAP_SHARED_VALIDATE, PAGE, 0);
    try_map("validated and synchronous", both, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, PAGE, 0);
    try_map("anonymous and validated", -1, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, PAGE, 0);
    try_map("far", read_only, PROT_READ, MAP_PRIVATE, PAGE, 1 << 20);
    char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, read_only, 0);
    LIBC(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
    at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, read_only, 0);
    LIBC(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
    at[0] = 'R';
    get("r");
    at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, read_only, 1 << 20);
    SHOW(touch(at, 0));
    int zero = open("/dev/zero", O_RDWR);
    at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    printf("%d\n", at[0]);
    at[0] = 1;
    at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
    fflush(stdout);
    if (!fork()) {
        at[0] = 'z';
        _exit(0);
    }
    wait(NULL);
    printf("%c\n", at[0]);
    int null = open("/dev/null", O_RDWR);
    try_map("null", null, PROT_READ, MAP_PRIVATE, PAGE, 0);
}

static void memory_files(void) {
    long fd = call(SYS_memfd_create, "name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    SHOW(fd > 0);
    TRY(memfd_create, "name", 0x100);
    TRY(memfd_create, BAD, 0);
    char link[64], text[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
    LIBC(readlink(link, text, sizeof text));
    printf("%s\n", text);
    struct stat st;
    fstat(fd, &st);
    printf("%o %ld\n", st.st_mode, (long)st.st_nlink);
    LIBC(fcntl(fd, F_GETFD));
    LIBC(ftruncate(fd, 3 * PAGE));
    LIBC(fcntl(fd, F_GET_SEALS));
    char *at = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    at[0] = 'm';
    LIBC(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    LIBC(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
    LIBC(ftruncate(fd, PAGE));
    LIBC(ftruncate(fd, 5 * PAGE));
    LIBC(ftruncate(fd, 3 * PAGE));
    LIBC(pwrite(fd, "xx", 2, 3 * PAGE - 1));
    LIBC(pwrite(fd, "x", 1, 3 * PAGE));
    munmap(at, 3 * PAGE);
    LIBC(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    LIBC(pwrite(fd, "x", 1, 0));
    try_map("sealed, writable", fd, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE, 0);
    at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    printf("%c\n", at[0]);
    LIBC(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
    LIBC(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
    LIBC(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    LIBC(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    LIBC(fcntl(fd, F_GET_SEALS));
    long plain = call(SYS_memfd_create, "", 0);
    LIBC(fcntl(plain, F_GET_SEALS));
    LIBC(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK));
    int file = open("r", O_RDWR);
    LIBC(fcntl(file, F_GET_SEALS));
    LIBC(fcntl(file, F_ADD_SEALS, 1));
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    shared();
    rules();
    memory_files();
    return 0;
}
