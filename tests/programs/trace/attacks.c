/* Reads a file. With an argument it then tries ten things that it has not done before; its status is how many it could. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int done(long result) { return result >= 0 || errno != EPERM; }

int main(int count, char **arguments) {
    char bytes[64];
    int fd = open("/etc/hostname", O_RDONLY);
    if (fd < 0 || read(fd, bytes, sizeof bytes) < 0)
        return 100;
    close(fd);
    if (count < 2)
        return 0;
    (void)arguments;
    int could = 0;
    could += done(open("/etc/passwd", O_RDONLY));
    could += done(open("/etc/../etc/passwd", O_RDONLY));
    could += done(open("/proc/self/root/etc/passwd", O_RDONLY));
    could += done(symlink("/etc/passwd", "/tmp/hostname"));
    could += done(mkdir("/tmp/made", 0700));
    could += done(unlink("/etc/hostname"));
    could += done(socket(AF_INET, SOCK_STREAM, 0));
    could += done(ptrace(PTRACE_TRACEME, 0, 0, 0));
    could += done(mount("none", "/tmp", "tmpfs", 0, 0));
    could += done(kill(getppid(), SIGKILL));
    return could;
}
