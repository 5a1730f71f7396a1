/* What landlock(7) takes away: rights to files by place, renames that would give more, ports, scopes, and what stays. */
#include "try.h"

#include <arpa/inet.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { EXECUTE = 1, WRITE = 2, READ = 4, READ_DIR = 8, REMOVE_DIR = 16, REMOVE_FILE = 32, MAKE_CHAR = 64,
       MAKE_DIR = 128, MAKE_REG = 256, MAKE_SOCK = 512, MAKE_FIFO = 1024, MAKE_BLOCK = 2048, MAKE_SYM = 4096,
       REFER = 8192, TRUNCATE = 16384, IOCTL_DEV = 32768, ALL = 65535 };

struct rules { unsigned long long fs, net, scoped, more; };
struct __attribute__((packed)) beneath { unsigned long long allowed; int fd; };
struct port { unsigned long long allowed, port; };

static int create(struct rules *rules, size_t size, unsigned flags) { return syscall(444, rules, size, flags); }
static int add(int fd, int type, void *rule, unsigned flags) { return syscall(445, fd, type, rule, flags); }
static int restrict_self(int fd, unsigned flags) { return syscall(446, fd, flags); }

static int rules(unsigned long long fs, unsigned long long net, unsigned long long scoped) {
    struct rules given = {fs, net, scoped, 0};
    return create(&given, 24, 0);
}

static void allow(int ruleset, const char *path, unsigned long long access) {
    struct beneath rule = {access, open(path, O_PATH | O_CLOEXEC)};
    if (add(ruleset, 1, &rule, 0))
        printf("no rule for %s: %s\n", path, strerror(errno));
    close(rule.fd);
}

static void enter(int ruleset) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SHOW(restrict_self(ruleset, 0));
    close(ruleset);
}

static int tried(const char *path, int flags) {
    int file = open(path, flags, 0644);
    if (file >= 0)
        close(file);
    return file < 0 ? -1 : 0;
}

/* Runs something in a process of its own, which it may restrict. */
static void apart(void (*what)(void)) {
    fflush(stdout);
    if (!fork()) {
        what();
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static void arguments(void) {
    struct rules given = {READ, 0, 0, 0};
    SHOW(create(NULL, 0, 0));
    SHOW(create(NULL, 8, 1));
    SHOW(create(&given, 0, 1));
    SHOW(create(&given, 7, 0));
    SHOW(create(&given, 4097, 0));
    SHOW(create((void *)1, 8, 0));
    given.more = 1ULL << 32;
    SHOW(create(&given, sizeof given, 0));
    given.fs = 1ULL << 60;
    SHOW(create(&given, 8, 0));
    given.fs = 0;
    SHOW(create(&given, 8, 0));
    given = (struct rules){READ, 1, 0, 0};
    int set = create(&given, 24, 0);
    SHOW(set >= 0);
    SHOW(fcntl(set, F_GETFD));
    SHOW(read(set, &given, 8));
    SHOW(write(set, &given, 8));
    struct beneath rule = {READ, open(".", O_PATH)};
    SHOW(add(set, 1, &rule, 1));
    SHOW(add(set, 3, &rule, 0));
    SHOW(add(set, 1, NULL, 0));
    SHOW(add(99, 1, &rule, 0));
    SHOW(add(rule.fd, 1, &rule, 0));
    SHOW(add(0, 1, &rule, 0));
    rule.allowed = 0;
    SHOW(add(set, 1, &rule, 0));
    rule.allowed = WRITE;
    SHOW(add(set, 1, &rule, 0));
    rule = (struct beneath){READ, 99};
    SHOW(add(set, 1, &rule, 0));
    rule.fd = set;
    SHOW(add(set, 1, &rule, 0));
    int ends[2];
    pipe(ends);
    rule.fd = ends[0];
    SHOW(add(set, 1, &rule, 0));
    int other = rules(READ | READ_DIR, 0, 0);
    rule = (struct beneath){READ | READ_DIR, open("in/file", O_RDONLY)};
    SHOW(add(other, 1, &rule, 0));
    struct port port = {1, 65536};
    SHOW(add(set, 2, &port, 0));
    port = (struct port){2, 80};
    SHOW(add(set, 2, &port, 0));
    port = (struct port){0, 80};
    SHOW(add(set, 2, &port, 0));
    if (getuid())
        SHOW(restrict_self(set, 0));
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SHOW(restrict_self(set, 1 << 30));
    SHOW(restrict_self(99, 0));
    SHOW(restrict_self(0, 0));
    SHOW(restrict_self(set, 0));
    for (int n = 1; n < 16; n++)
        restrict_self(set, 0);
    SHOW(restrict_self(set, 0));
}

static void files(void) {
    int set = rules(ALL & ~(REFER | EXECUTE | IOCTL_DEV), 0, 0), held = open("out/file", O_RDWR);
    allow(set, "in", READ | READ_DIR | WRITE | MAKE_REG);
    allow(set, "in/file", TRUNCATE);
    enter(set);
    SHOW(tried("in/file", O_RDWR | O_TRUNC));
    SHOW(tried("in/made", O_RDWR | O_CREAT));
    SHOW(tried("in/made", O_RDWR | O_TRUNC));
    SHOW(tried("in", O_RDONLY | O_DIRECTORY));
    SHOW(tried("in", O_RDWR | O_TMPFILE));
    SHOW(tried("out/file", O_RDONLY));
    SHOW(tried("out/file", O_WRONLY));
    SHOW(tried("out/file", O_PATH));
    SHOW(tried("out/made", O_RDWR | O_CREAT));
    SHOW(tried("out/file", O_RDWR | O_CREAT | O_EXCL));
    SHOW(tried("out", O_RDONLY));
    SHOW(tried("/", O_RDONLY));
    SHOW(mkdir("in/folder", 0755));
    SHOW(mkdir("in/folder/deep", 0755));
    SHOW(mkfifo("in/fifo", 0644));
    SHOW(symlink("x", "in/link"));
    SHOW(mknod("in/node", S_IFREG | 0644, 0));
    SHOW(link("in/file", "in/again"));
    SHOW(link("in/file", "out/again"));
    SHOW(rename("in/made", "in/other"));
    SHOW(unlink("in/file"));
    SHOW(unlink("in/missing"));
    SHOW(rmdir("in/sub"));
    SHOW(truncate("in/file", 3));
    SHOW(truncate("in/node", 3));
    SHOW(truncate("out/file", 3));
    SHOW(ftruncate(held, 3));
    int now = open("in/node", O_RDWR);
    SHOW(ftruncate(now, 3));
    SHOW(chmod("out/file", 0600));
    struct stat info;
    SHOW(stat("out/file", &info));
    SHOW(chdir("out"));
    SHOW(tried("../in/file", O_RDONLY));
    SHOW(tried("file", O_RDONLY));
    struct sockaddr_un name = {AF_UNIX, "../in/socket"};
    SHOW(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&name, sizeof name));
    SHOW(mount("none", ".", "tmpfs", 0, NULL));
    SHOW(umount("."));
    int pair[2];
    pipe(pair);
    char text[40];
    sprintf(text, "/proc/self/fd/%d", pair[0]);
    SHOW(tried(text, O_RDONLY | O_NONBLOCK));
}

static void layers(void) {
    int one = rules(READ | WRITE, 0, 0), two = rules(READ | READ_DIR, 0, 0);
    allow(one, "in", READ | WRITE);
    allow(one, "out", READ);
    allow(two, "out", READ);
    allow(two, "in/sub", READ | READ_DIR);
    enter(one);
    SHOW(tried("in/file", O_RDWR));
    SHOW(tried("out/file", O_RDWR));
    SHOW(tried("out/file", O_RDONLY));
    SHOW(tried("out", O_RDONLY));
    enter(two);
    SHOW(tried("in/file", O_RDONLY));
    SHOW(tried("in/file", O_WRONLY));
    SHOW(tried("in/sub/file", O_RDWR));
    SHOW(tried("in/sub", O_RDONLY));
    SHOW(tried("in", O_RDONLY));
    SHOW(tried("out/file", O_RDONLY));
    SHOW(tried("out", O_RDONLY));
    SHOW(rename("in/file", "in/sub/moved"));
    SHOW(rename("in/file", "in/moved"));
    SHOW(rename("in/moved", "in/file"));
}

/* Moves between directories: who may, and that no file gains by it. */
static void moves(void) {
    int set = rules(READ | EXECUTE | MAKE_REG | MAKE_DIR | REMOVE_FILE | REMOVE_DIR | REFER, 0, 0);
    unsigned long long change = MAKE_REG | MAKE_DIR | REMOVE_FILE | REMOVE_DIR;
    allow(set, "in", READ | EXECUTE | change | REFER);
    allow(set, "out", READ | change | REFER);
    allow(set, "third", READ | change);
    allow(set, "fourth", READ | REFER);
    allow(set, "in/apart", EXECUTE);
    enter(set);
    SHOW(rename("out/file", "in/from-out"));
    SHOW(rename("in/file", "out/from-in"));
    SHOW(rename("out/from-in", "in/file"));
    SHOW(link("in/file", "out/linked"));
    SHOW(link("out/file", "in/linked"));
    SHOW(rename("third/file", "out/third"));
    SHOW(rename("out/file", "third/out"));
    SHOW(rename("fourth/file", "out/fourth"));
    SHOW(rename("in/sub", "out/sub"));
    SHOW(rename("out/sub", "in/sub"));
    SHOW(rename("in/apart", "out/apart"));
    SHOW(rename("out/apart", "in/apart"));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "in/file", AT_FDCWD, "out/file", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "in/file", AT_FDCWD, "in/sub/file", 2));
    SHOW(syscall(SYS_renameat2, AT_FDCWD, "in/file", AT_FDCWD, "in/sub/file", 1));
    SHOW(rename("in/file", "in/renamed"));
    SHOW(rename("in/missing", "out/x"));
    SHOW(link("in/renamed", "in/sub/linked"));
}

static void without_refer(void) {
    int set = rules(READ, 0, 0);
    allow(set, ".", READ);
    enter(set);
    SHOW(rename("in/file", "out/moved"));
    SHOW(link("in/file", "out/linked"));
    SHOW(rename("in/file", "in/moved"));
    SHOW(link("in/moved", "in/file"));
}

static void devices(void) {
    int set = rules(IOCTL_DEV | READ, 0, 0), before = open("/dev/null", O_RDONLY), waiting;
    allow(set, "/", READ);
    allow(set, "/dev/zero", IOCTL_DEV);
    enter(set);
    int now = open("/dev/null", O_RDONLY), zero = open("/dev/zero", O_RDONLY), file = open("in/file", O_RDONLY);
    SHOW(ioctl(before, TCGETS, &waiting));
    SHOW(ioctl(now, TCGETS, &waiting));
    SHOW(ioctl(now, FIONREAD, &waiting));
    SHOW(ioctl(now, FIOCLEX));
    SHOW(ioctl(zero, TCGETS, &waiting));
    SHOW(ioctl(file, TCGETS, &waiting));
    SHOW(ioctl(file, FIONREAD, &waiting));
}

static void programs(void) {
    int set = rules(EXECUTE, 0, 0);
    char *words[] = {"true", NULL};
    allow(set, "in", EXECUTE);
    enter(set);
    SHOW(execv("/bin/true", words));
    SHOW(execv("in/file", words));
}

static void ports(void) {
    int set = rules(0, 3, 0), reuse = 1;
    struct port rule = {1, 34101};
    add(set, 2, &rule, 0);
    rule = (struct port){2, 34102};
    add(set, 2, &rule, 0);
    enter(set);
    struct sockaddr_in to = {AF_INET, htons(34101), {htonl(INADDR_LOOPBACK)}, {0}};
    int one = socket(AF_INET, SOCK_STREAM, 0), two = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    SHOW(bind(one, (void *)&to, 4));
    SHOW(bind(one, (void *)&to, sizeof to));
    SHOW(listen(one, 1));
    SHOW(connect(two, (void *)&to, sizeof to));
    to.sin_port = htons(34102);
    SHOW(bind(two, (void *)&to, sizeof to));
    SHOW(connect(two, (void *)&to, sizeof to));
    SHOW(bind(socket(AF_INET, SOCK_DGRAM, 0), (void *)&to, sizeof to));
    to.sin_family = AF_INET6;
    SHOW(bind(two, (void *)&to, sizeof to));
    to.sin_family = AF_UNSPEC;
    SHOW(bind(two, (void *)&to, sizeof to));
    SHOW(connect(two, (void *)&to, sizeof to));
    SHOW(tried("out/file", O_RDWR));
}

static int named(int kind, const char *text, int binds) {
    int made = socket(AF_UNIX, kind, 0);
    struct sockaddr_un name = {AF_UNIX, ""};
    socklen_t size = 3 + sprintf(name.sun_path + 1, "ring3-%s-%d", text, (int)getpgrp());
    int done = binds ? bind(made, (void *)&name, size) : connect(made, (void *)&name, size);
    if (!done && binds && kind == SOCK_STREAM)
        listen(made, 8);
    if (!done && !binds)
        close(made);
    return done;
}

static void scopes(void) {
    int set = rules(0, 0, 3);
    pid_t above = getppid();
    int hold[2];
    pipe(hold);
    named(SOCK_STREAM, "before", 1);
    named(SOCK_DGRAM, "before", 1);
    pid_t brother = fork();
    if (!brother) {
        char byte;
        close(hold[1]);
        read(hold[0], &byte, 1);
        _exit(0);
    }
    enter(set);
    SHOW(kill(above, 0));
    SHOW(kill(getpid(), 0));
    SHOW(kill(brother, 0));
    SHOW(kill(brother, SIGKILL));
    SHOW(ptrace(PTRACE_ATTACH, brother, 0, 0));
    SHOW(named(SOCK_STREAM, "before", 0));
    SHOW(named(SOCK_DGRAM, "before", 0));
    SHOW(named(SOCK_STREAM, "after", 1));
    SHOW(named(SOCK_STREAM, "after", 0));
    pid_t child = fork();
    if (!child) {
        SHOW(kill(getppid(), 0));
        SHOW(named(SOCK_STREAM, "after", 0));
        int deeper = rules(0, 0, 1);
        enter(deeper);
        SHOW(kill(getppid(), 0));
        SHOW(named(SOCK_STREAM, "after", 0));
        SHOW(named(SOCK_STREAM, "deeper", 1));
        SHOW(ptrace(PTRACE_TRACEME, 0, 0, 0));
        fflush(stdout);
        raise(SIGSTOP);
        _exit(0);
    }
    waitpid(child, NULL, WUNTRACED);
    SHOW(named(SOCK_STREAM, "deeper", 0));
    SHOW(kill(child, SIGKILL));
    waitpid(child, NULL, 0);
}

int main(void) {
    static const char *folders[] = {"in", "out", "third", "fourth", "in/sub", "in/apart"};
    umask(022);
    for (int n = 0; n < 6; n++) {
        char path[40];
        mkdir(folders[n], 0755);
        sprintf(path, "%s/file", folders[n]);
        close(open(path, O_WRONLY | O_CREAT, 0755));
    }
    static void (*all[])(void) = {arguments, files, layers, moves, without_refer, devices, programs, ports, scopes};
    for (unsigned n = 0; n < sizeof all / sizeof *all; n++) {
        printf("-- %u\n", n);
        apart(all[n]);
    }
}
