/* Tries to reach what lies outside of the working directory, and says what it got. Arguments: the path of the secret on the
   host; a port, an abstract name and a process of the host. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *secret;

/* Whether a descriptor leads to the secret: its text is "secret". */
static void got(int fd, const char *how)
{
    char text[64] = "";
    if (fd < 0)
        return;
    if (pread(fd, text, sizeof text - 1, 0) > 0 && strstr(text, "secret"))
        printf("read by %s\n", how);
    close(fd);
}

static void try_path(const char *path, const char *how)
{
    struct stat found;
    got(open(path, O_RDONLY), how);
    got(open(path, O_RDONLY | O_NOFOLLOW), how);
    got(open(path, O_RDWR), how);
    if (stat(path, &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 6)
        printf("seen by %s\n", how);
    if (truncate(path, 0) == 0)
        printf("truncated by %s: %s\n", how, path);
}

static void up(void)
{
    char path[4096] = "";
    for (int depth = 0; depth < 40; depth++) {
        char whole[8300];
        strcat(path, "../");
        snprintf(whole, sizeof whole, "%s%s", path, secret + 1);
        try_path(whole, "..");
    }
    try_path("../secret", "one step up");
    try_path("dir/../../secret", "a directory and two steps up");
    try_path("/proc/self/cwd/../secret", "/proc/self/cwd");
    try_path("/proc/self/root/proc/1/root/../../secret", "/proc/1/root");
    int here = open(".", O_RDONLY | O_DIRECTORY);
    got(openat(here, "../secret", O_RDONLY), "openat");
    chroot("dir");
    got(openat(here, "../secret", O_RDONLY), "chroot");
    got(open("../../../../../../../../../../secret", O_RDONLY), "chroot and up");
}

static void links(void)
{
    symlink(secret, "absolute");
    symlink("../secret", "relative");
    symlink("relative", "chain");
    symlink("/proc/self/fd/../../../..", "magic");
    try_path("absolute", "a link of ours");
    try_path("relative", "a relative link of ours");
    try_path("chain", "a chain of links");
    try_path("hosts-link", "a link of the host");
    try_path("hosts-dir/secret", "a linked directory of the host");
    try_path("magic/secret", "a magic link");
    if (link("hosts-link", "hard") == 0)
        try_path("hard", "a hard link to a link");
    if (linkat(AT_FDCWD, "hosts-link", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW) == 0)
        try_path("hard2", "a hard link through a link");
    rename("hosts-link", "dir/moved");
    try_path("dir/moved", "a link that was moved");
}

static void magic(void)
{
    char path[64];
    for (int fd = 0; fd < 256; fd++) {
        struct stat found;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (fd > 2 && stat(path, &found) == 0)
            printf("descriptor %d is open\n", fd);
        snprintf(path, sizeof path, "/proc/self/fd/%d/../secret", fd);
        try_path(path, "/proc/self/fd");
    }
    for (int pid = 1; pid < 400; pid++) {
        snprintf(path, sizeof path, "/proc/%d/root/%s", pid, secret);
        try_path(path, "/proc/PID/root");
        if (pid != getpid() && pid != 1 && kill(pid, 0) == 0)
            printf("process %d can be signalled\n", pid);
    }
}

static void nodes(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "hosts-socket"};
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(sock, (struct sockaddr *)&name, sizeof name) == 0)
        printf("connected to a socket of the host\n");
    int fifo = open("hosts-fifo", O_RDWR | O_NONBLOCK);
    if (fifo >= 0)
        write(fifo, "from inside", 11);
    for (int minor = 1; minor < 12; minor++) {
        unlink("node");
        int own = minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9; /* null to urandom: the machine's */
        if (mknod("node", S_IFCHR | 0600, 1 << 8 | minor) == 0 && open("node", O_RDWR) >= 0 && !own)
            printf("a device 1:%d that was made here opens\n", minor);
        unlink("node");
        if (mknod("node", S_IFBLK | 0600, 8 << 8 | minor) == 0 && open("node", O_RDONLY) >= 0)
            printf("a disk 8:%d that was made here opens\n", minor);
    }
    char key = 'x';
    if (isatty(0) == 0 && ioctl(0, TIOCSTI, &key) == 0)
        printf("TIOCSTI\n");
    chmod("file", 04755);
    chown("file", 0, 0);
    setuid(0);
}

/* What of the host answers on the network, by a name, and as a process. */
static void others(int port, const char *name, int pid)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};
    strcpy(abstract.sun_path + 1, name);
    static const unsigned int addresses[] = {0x7f000001, 0x7f000005, 0, 0x0a000202};
    for (int i = 0; i < 4; i++) {
        int sock = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        where.sin_addr.s_addr = htonl(addresses[i]);
        if (connect(sock, (struct sockaddr *)&where, sizeof where) == 0)
            printf("connected to a port of the host\n");
        close(sock);
    }
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(sock, (struct sockaddr *)&abstract, sizeof(sa_family_t) + 1 + strlen(name)) == 0)
        printf("connected to an abstract name of the host\n");
    close(sock);
    if (kill(pid, SIGKILL) == 0 || kill(-pid, SIGKILL) == 0 || syscall(SYS_tkill, pid, SIGKILL) == 0)
        printf("process %d of the host was signalled\n", pid);
    if (syscall(SYS_pidfd_open, pid, 0) >= 0)
        printf("process %d of the host has a descriptor\n", pid);
}

/* With namespaces and mounts of its own. */
static void mounts(void)
{
    if (fork()) {
        wait(0);
        return;
    }
    unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET);
    mkdir("m", 0755);
    mkdir("upper", 0755);
    mkdir("workdir", 0755);
    static const char *const sources[] = {"..", "../..", "hosts-dir", "/proc/self/fd/0/..", "/proc/1/root", "/proc/1/cwd/.."};
    for (int i = 0; i < 6; i++)
        if (mount(sources[i], "m", 0, MS_BIND | MS_REC, 0) == 0) {
            try_path("m/secret", "a bind");
            try_path("m/../secret", "a bind and up");
            umount2("m", MNT_DETACH);
        }
    if (mount("o", "m", "overlay", 0, "lowerdir=..:/,upperdir=upper,workdir=workdir") == 0)
        try_path("m/secret", "an overlay");
    if (mount("o", "m", "overlay", 0, "lowerdir=hosts-dir:/usr,upperdir=upper,workdir=workdir") == 0)
        try_path("m/secret", "an overlay of a link");
    static const char *const kinds[] = {"ext4", "devtmpfs", "9p", "virtiofs", "fuse", "cgroup2", "debugfs", "btrfs"};
    for (int i = 0; i < 8; i++)
        if (mount("/dev/vda", "m", kinds[i], 0, "") == 0)
            printf("%s was mounted\n", kinds[i]);
    if (syscall(SYS_pivot_root, ".", "m") == 0 || chroot("..") == 0)
        try_path("/secret", "another root");
    _exit(0);
}

static volatile int over;

static void *swap_names(void *unused)
{
    (void)unused;
    while (!over) {
        rename("race", "race-file");
        symlink(secret, "race");
        unlink("race");
        rename("race-file", "race");
    }
    return 0;
}

static void races(void)
{
    pthread_t thread;
    mkdir("race-dir", 0755);
    close(open("race", O_CREAT | O_RDWR, 0644));
    pthread_create(&thread, 0, swap_names, 0);
    for (int turn = 0; turn < 300; turn++) {
        got(open("race", O_RDONLY), "a race of ours");
        got(open("swapped/secret", O_RDONLY), "a race of the host's");
        int fd = open("swapped", O_RDONLY | O_DIRECTORY);
        got(openat(fd, "secret", O_RDONLY), "a directory that the host swaps");
        int made = openat(fd, "made", O_CREAT | O_RDWR, 0644);
        if (made >= 0)
            close(made);
        close(fd);
    }
    over = 1;
    pthread_join(thread, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    secret = argv[1];
    setbuf(stdout, 0);
    try_path(secret, "its own path");
    magic();
    links();
    nodes();
    races();
    others(atoi(argv[2]), argv[3], atoi(argv[4]));
    mounts();
    up();
    puts("done");
    return 0;
}
