/* splice, tee and vmsplice: what moves, what stays, what waits, and what is refused. */
#include "try.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/uio.h>

static int p[2], q[2];
static char data[200000] __attribute__((aligned(4096)));

/* Prints what is in a pipe. */
static void drain(int fd) {
    char text[200];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    long size = read(fd, text, sizeof text);
    fcntl(fd, F_SETFL, 0);
    printf("  [%.*s]\n", size < 0 ? 0 : (int)size, text);
}

static void with_files(void) {
    put("a", "0123456789");
    int a = open("a", O_RDONLY), b = open("b", O_RDWR | O_CREAT | O_TRUNC, 0644);
    int64_t offset = 2;
    TRY(splice, a, &offset, p[1], 0, 3, 0);
    printf("%d %d\n", (int)offset, (int)lseek(a, 0, SEEK_CUR));
    TRY(splice, a, 0, p[1], 0, 4, 0);
    printf("%d\n", (int)lseek(a, 0, SEEK_CUR));
    offset = 5;
    TRY(splice, p[0], 0, b, &offset, 3, 0);
    TRY(splice, p[0], 0, b, 0, 100, 0);
    printf("%d %d\n", (int)offset, (int)lseek(b, 0, SEEK_CUR));
    drain(p[0]);
    TRY(splice, a, 0, p[1], 0, 100, 0);
    TRY(splice, a, 0, p[1], 0, 100, 0);
    drain(p[0]);
    char text[9] = "";
    pread(b, text, 8, 0);
    printf("%.4s %d %.3s\n", text, text[4], text + 5);
    int append = open("b", O_WRONLY | O_APPEND), dir = open(".", O_RDONLY), path = open("a", O_PATH);
    int event = eventfd(0, 0), null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);
    write(p[1], "text", 4);
    TRY(splice, p[0], 0, append, 0, 1, 0);
    TRY(splice, p[0], 0, a, 0, 1, 0);
    TRY(splice, p[0], 0, event, 0, 1, 0);
    TRY(splice, event, 0, p[1], 0, 1, 0);
    TRY(splice, dir, 0, p[1], 0, 1, 0);
    TRY(splice, path, 0, p[1], 0, 1, 0);
    TRY(splice, a, 0, b, 0, 1, 0);
    TRY(splice, 99, 0, p[1], 0, 1, 0);
    TRY(splice, p[0], 0, 99, 0, 1, 0);
    TRY(splice, 99, 0, 99, 0, 0, 0);
    TRY(splice, a, 0, p[1], 0, 1, 16);
    TRY(splice, a, 0, p[1], &offset, 1, 0);
    TRY(splice, p[0], &offset, b, 0, 1, 0);
    TRY(splice, a, BAD, p[1], 0, 1, 0);
    offset = -1;
    TRY(splice, a, &offset, p[1], 0, 1, 0);
    TRY(splice, p[1], 0, b, 0, 1, 0);
    TRY(splice, a, 0, p[0], 0, 1, 0);
    TRY(splice, p[0], 0, null, 0, 3, 0);
    TRY(splice, zero, 0, p[1], 0, 2, 0);
    drain(p[0]);
}

static void between_pipes(void) {
    write(p[1], "abcdef", 6);
    TRY(splice, p[0], 0, q[1], 0, 2, 0);
    TRY(splice, p[0], 0, p[1], 0, 2, 0);
    TRY(tee, p[0], q[1], 3, 0);
    TRY(tee, p[0], q[1], 0, 0);
    TRY(tee, p[0], p[1], 2, 0);
    TRY(tee, p[0], q[1], 2, 16);
    TRY(tee, p[1], q[1], 2, 0);
    TRY(tee, open("a", O_RDONLY), q[1], 2, 0);
    drain(q[0]);
    drain(p[0]);
    TRY(tee, p[0], q[1], 2, 2);
    TRY(splice, p[0], 0, q[1], 0, 2, 2);
    TRY(fcntl, p[0], F_SETFL, O_NONBLOCK);
    TRY(splice, p[0], 0, q[1], 0, 2, 0);
    TRY(fcntl, p[0], F_SETFL, 0);
    write(p[1], data, 65536);
    write(q[1], data, 65536);
    TRY(splice, p[0], 0, q[1], 0, 2, 2);
    TRY(tee, p[0], q[1], 2, 2);
    read(q[0], data, 65536);
    TRY(splice, p[0], 0, q[1], 0, 1 << 20, 0);
    read(q[0], data, 65536);
}

static void waiting(void) {
    pid_t child = fork();
    if (!child) {
        usleep(20000);
        write(p[1], "late", 4);
        _exit(0);
    }
    TRY(splice, p[0], 0, q[1], 0, 100, 0);
    drain(q[0]);
    waitpid(child, NULL, 0);
    write(q[1], data, 65536);
    child = fork();
    if (!child) {
        usleep(20000);
        read(q[0], data, 65536);
        _exit(0);
    }
    write(p[1], "later", 5);
    TRY(tee, p[0], q[1], 100, 0);
    waitpid(child, NULL, 0);
    drain(q[0]);
    drain(p[0]);
}

static void memory(void) {
    char one[] = "one", two[] = "two";
    struct iovec vectors[] = {{one, 3}, {two, 3}, {BAD, 3}};
    TRY(vmsplice, p[1], vectors, 2, 0);
    char three[] = "---", four[] = "---";
    struct iovec places[] = {{three, 1}, {four, 3}};
    TRY(vmsplice, p[0], places, 2, 0);
    printf("%s %s\n", three, four);
    drain(p[0]);
    TRY(vmsplice, p[1], vectors, 0, 0);
    TRY(vmsplice, p[1], vectors, 1025, 0);
    TRY(vmsplice, p[1], vectors, 1, 16);
    TRY(vmsplice, p[1], BAD, 1, 0);
    TRY(vmsplice, p[1], vectors + 2, 1, 0);
    TRY(vmsplice, 99, vectors, 1, 0);
    TRY(vmsplice, open("a", O_RDWR), vectors, 1, 0);
    TRY(vmsplice, p[0], vectors, 1, 2);
    struct iovec much = {data, sizeof data};
    TRY(vmsplice, p[1], &much, 1, 2);
    TRY(vmsplice, p[1], &much, 1, 2);
}

static void ends(void) {
    signal(SIGPIPE, SIG_IGN);
    close(q[0]);
    TRY(splice, p[0], 0, q[1], 0, 2, 0);
    TRY(tee, p[0], q[1], 2, 0);
    TRY(splice, open("a", O_RDONLY), 0, q[1], 0, 2, 0);
    close(p[1]);
    pipe(q);
    TRY(splice, p[0], 0, q[1], 0, 1 << 20, 0);
    TRY(splice, p[0], 0, q[1], 0, 1, 2);
    read(q[0], data, 65536);
    TRY(splice, p[0], 0, q[1], 0, 1, 0);
    TRY(tee, p[0], q[1], 1, 0);
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    pipe(p);
    pipe(q);
    with_files();
    between_pipes();
    waiting();
    memory();
    ends();
    return 0;
}
