/* Copies a line to a file, wrongly after faults in the way that BUG says; with BUG 0 rightly after any. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OUT "/tmp/planted"
static const char text[] = "a line of text that is to be there in full\n";

static int write_all(int fd) {
    size_t done = 0;
    while (done < sizeof text - 1) {
        ssize_t written = write(fd, text + done, sizeof text - 1 - done);
        if (written < 0) {
            if (errno == EINTR && BUG != 5)
                continue;
            return BUG == 1 ? 0 : -1; /* 1: an error of write is not told */
        }
        done += written;
        if (BUG == 2) /* 2: a short write is taken for a whole one */
            break;
        if (BUG == 5 && written == 0)
            return -1;
    }
    return 0;
}

int main(void) {
    int fd = open(OUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) {
        while (BUG == 3) /* 3: it waits for ever */
            getppid();
        return 1;
    }
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED && BUG != 4) {
        close(fd);
        unlink(OUT);
        return 1;
    }
    page[0] = 1; /* 4: memory that is not there */
    int failed = write_all(fd);
    if (close(fd) && BUG != 6) /* 6: an error of close is not told */
        failed = -1;
    if (failed && BUG != 5) /* 5: what is half written is left */
        unlink(OUT);
    return failed ? 1 : 0;
}
