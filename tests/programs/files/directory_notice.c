/* directory_notice: F_NOTIFY of fcntl(2): what happens in a directory is told by a signal, once or each time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int count, code, band, fd, number;

static void told(int signal, siginfo_t *info, void *unused) {
    (void)unused;
    count++;
    number = signal;
    code = info->si_code;
    band = info->si_band;
    fd = info->si_fd;
}

static void shown(const char *what, int directory) {
    printf("%s: %s", what, count ? "told" : "nothing");
    if (count)
        printf(" signal %d code %d band %x fd %d", number == SIGIO ? 0 : number - SIGRTMIN, code, band, fd == directory);
    puts("");
    count = 0;
}

static void make(const char *name) { close(open(name, O_CREAT | O_RDWR, 0600)); }

int main(void) {
    char place[] = "noticeXXXXXX", byte = 'x';
    struct sigaction action = {.sa_sigaction = told, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN + 1, &action, NULL);
    sigaction(SIGIO, &action, NULL);
    if (!mkdtemp(place) || chdir(place))
        return 1;
    int directory = open(".", O_RDONLY), file = open("file", O_CREAT | O_RDWR, 0600);
    int refused = fcntl(file, F_NOTIFY, DN_CREATE);
    printf("a file: %d %s\n", refused, strerror(errno));
    printf("nothing to end: %d\n", fcntl(directory, F_NOTIFY, 0));
    fcntl(directory, F_SETSIG, SIGRTMIN + 1);
    printf("create: %d\n", fcntl(directory, F_NOTIFY, DN_CREATE));
    make("one");
    shown("created", directory);
    make("two");
    shown("created again", directory);
    fcntl(directory, F_NOTIFY, DN_DELETE | DN_MULTISHOT);
    unlink("one");
    shown("deleted", directory);
    unlink("two");
    shown("deleted again", directory);
    fcntl(directory, F_NOTIFY, DN_ATTRIB | DN_MODIFY | DN_ACCESS | DN_MULTISHOT);
    write(file, &byte, 1);
    shown("written", directory);
    pread(file, &byte, 1, 0);
    shown("read", directory);
    fchmod(file, 0644);
    shown("mode", directory);
    ftruncate(file, 0);
    shown("truncated", directory);
    make("three");
    shown("created, which nobody wants", directory);
    rename("three", "four");
    shown("moved away is deleted", directory);
    fcntl(directory, F_NOTIFY, 0);
    unlink("four");
    shown("ended", directory);
    fcntl(directory, F_NOTIFY, DN_RENAME);
    mkdir("folder", 0700);
    make("moved");
    rename("moved", "folder/moved");
    shown("moved elsewhere", directory);
    rename("file", "renamed");
    shown("renamed", directory);
    fcntl(directory, F_SETSIG, 0);
    fcntl(directory, F_NOTIFY, DN_CREATE);
    make("five");
    printf("without news: %d\n", count);
    count = 0;
    fcntl(directory, F_NOTIFY, DN_CREATE | DN_MULTISHOT);
    close(directory);
    make("six");
    shown("closed", directory);
    unlink("five");
    unlink("six");
    unlink("renamed");
    unlink("folder/moved");
    rmdir("folder");
    if (chdir("..") || rmdir(place))
        return 1;
    return 0;
}
