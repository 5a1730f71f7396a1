/* Does one small piece of work, carelessly or carefully: `careless N bug` with one mistake about failing calls,
 * `careless N sound` without it, `careless 0 sound` every piece after the other. Says what it has done, or fails. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT "/tmp/careless.out"
#define AGAIN(call) ({ long again_; do again_ = (call); while (again_ < 0 && errno == EINTR); again_; })
static int bug;

static int wrong(void) { return 1; }

static int put(int fd, const char *text) {
    size_t done = 0, size = strlen(text);
    while (done < size) {
        long wrote = AGAIN(write(fd, text + done, size - done));
        if (wrote < 0)
            return -1;
        done += wrote;
    }
    return 0;
}

static int say(const char *text) { return put(1, text) ? wrong() : 0; }

static int fresh(void) { return AGAIN(open(OUT, O_RDWR | O_CREAT | O_TRUNC, 0600)); }

static int drop(int fd) {
    close(fd);
    unlink(OUT);
    return wrong();
}

static int keep(int fd) {
    if (close(fd)) {
        unlink(OUT);
        return wrong();
    }
    return 0;
}

static long get(int fd, char *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        long found = AGAIN(read(fd, bytes + done, size - done));
        if (found < 0)
            return -1;
        if (!found)
            break;
        done += found;
    }
    return done;
}

static int counted(long size) {
    char text[32];
    snprintf(text, sizeof text, "%ld bytes\n", size);
    return say(text);
}

/* 1: an error of read is taken for the end */
static int reads(void) {
    char bytes[64];
    int fd = AGAIN(open("/proc/self/exe", O_RDONLY));
    if (fd < 0)
        return wrong();
    long size = bug ? read(fd, bytes, sizeof bytes) : get(fd, bytes, sizeof bytes);
    close(fd);
    if (size < 0 && !bug)
        return wrong();
    return counted(size < 0 ? 0 : size);
}

/* 2: a short read is taken for a whole one */
static int reads_short(void) {
    char bytes[64];
    int fd = AGAIN(open("/proc/self/exe", O_RDONLY));
    if (fd < 0)
        return wrong();
    long size = bug ? AGAIN(read(fd, bytes, sizeof bytes)) : get(fd, bytes, sizeof bytes);
    close(fd);
    return size < 0 ? wrong() : counted(size);
}

/* 3: what cannot be opened is taken for empty */
static int opens(void) {
    char bytes[16];
    int fd = AGAIN(open("/proc/self/exe", O_RDONLY));
    if (fd < 0 && !bug)
        return wrong();
    long size = fd < 0 ? 0 : get(fd, bytes, sizeof bytes);
    close(fd);
    return size < 0 ? wrong() : counted(size);
}

/* 4: memory that could not grow is used */
static int grows(void) {
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return wrong();
    char *more = mremap(page, 4096, 1 << 20, MREMAP_MAYMOVE);
    if (more == MAP_FAILED && !bug)
        return munmap(page, 4096), wrong();
    more[65536] = 1;
    munmap(more, 1 << 20);
    return say("grown\n");
}

/* 5: a descriptor is kept where the next step fails, which is done without */
static int leaks(void) {
    int ends[2], fd = AGAIN(open("/dev/null", O_RDONLY));
    if (fd < 0)
        return wrong();
    if (pipe(ends)) {
        if (!bug)
            close(fd);
        return 0;
    }
    close(ends[0]), close(ends[1]), close(fd);
    return 0;
}

/* 6: whether data has reached the disk is not asked */
static int syncs(void) {
    int fd = fresh();
    if (fd < 0)
        return wrong();
    if (put(fd, "text\n") || (fsync(fd) && !bug))
        return drop(fd);
    return keep(fd);
}

/* 7: a file that has not got its name */
static int renames(void) {
    int fd = AGAIN(open(OUT ".new", O_WRONLY | O_CREAT | O_TRUNC, 0600));
    if (fd < 0)
        return wrong();
    if (put(fd, "text\n") | close(fd))
        return unlink(OUT ".new"), wrong();
    if (rename(OUT ".new", OUT) && !bug)
        return unlink(OUT ".new"), wrong();
    return 0;
}

/* 8: a file that was not made longer */
static int truncates(void) {
    int fd = fresh();
    if (fd < 0)
        return wrong();
    if (ftruncate(fd, 100) && !bug)
        return drop(fd);
    return keep(fd);
}

/* 9: a child that there is not */
static int forks(void) {
    int status = 0;
    pid_t child = fork();
    if (child < 0 && !bug)
        return wrong();
    if (!child)
        _exit(say("child\n"));
    if (child > 0 && AGAIN(waitpid(child, &status, 0)) < 0)
        return wrong();
    return status ? wrong() : 0;
}

/* 10: a pipe that there is not */
static int pipes(void) {
    int ends[2] = {-1, -1};
    char byte = 'x';
    if (pipe(ends) && !bug)
        return wrong();
    long done = AGAIN(write(ends[1], &byte, 1));
    if (done == 1)
        done += AGAIN(read(ends[0], &byte, 1));
    close(ends[0]), close(ends[1]);
    if (done != 2 && !bug)
        return wrong();
    return counted(done);
}

/* 11: a second descriptor that there is not */
static int duplicates(void) {
    int fd = fresh();
    if (fd < 0)
        return wrong();
    int second = dup(fd);
    if (second < 0 && !bug)
        return drop(fd);
    if (put(second, "text\n") && !bug)
        return close(second), drop(fd);
    if (close(second) && !bug)
        return drop(fd);
    return keep(fd);
}

/* 12: a place in the file that was not reached */
static int seeks(void) {
    int fd = fresh();
    if (fd < 0)
        return wrong();
    if (put(fd, "........") || (lseek(fd, 0, SEEK_SET) < 0 && !bug) || put(fd, "text"))
        return drop(fd);
    return keep(fd);
}

/* 13: a directory that was not made */
static int makes(void) {
    if (mkdir(OUT ".d", 0700) && !bug)
        return wrong();
    int fd = AGAIN(open(OUT ".d/file", O_WRONLY | O_CREAT, 0600));
    if (fd < 0 && !bug)
        return rmdir(OUT ".d"), wrong();
    long bad = fd < 0 || put(fd, "text\n");
    bad |= fd >= 0 && close(fd);
    bad |= fd >= 0 && unlink(OUT ".d/file");
    rmdir(OUT ".d");
    if (bad && !bug)
        return wrong();
    return counted(bad ? 0 : 5);
}

/* 14: an error of writev is not looked at */
static int gathers(void) {
    struct iovec parts[] = {{"a ", 2}, {"line\n", 5}};
    int fd = fresh();
    if (fd < 0)
        return wrong();
    if (AGAIN(writev(fd, parts, 2)) != 7 && !bug)
        return drop(fd);
    return keep(fd);
}

/* 15: a short write at a place is taken for a whole one */
static int places(void) {
    int fd = fresh();
    if (fd < 0)
        return wrong();
    for (long done = 0; done < 5;) {
        long wrote = AGAIN(pwrite(fd, "text\n" + done, 5 - done, done));
        if (wrote < 0)
            return drop(fd);
        done += bug ? 5 : wrote;
    }
    return keep(fd);
}

/* 16: an error of pread is taken for zeros */
static int peeks(void) {
    char bytes[4] = {0};
    int fd = AGAIN(open("/proc/self/exe", O_RDONLY));
    if (fd < 0)
        return wrong();
    long size = 0;
    for (long found = 1; size < 4 && found > 0; size += found > 0 ? found : 0) {
        found = AGAIN(pread(fd, bytes + size, 4 - size, size));
        if (found < 0 && !bug)
            return close(fd), wrong();
    }
    close(fd);
    return say(bytes[1] == 'E' ? "program\n" : "no program\n");
}

/* 17: what is half written is left */
static int halves(void) {
    int fd = fresh();
    if (fd < 0)
        return wrong();
    if (put(fd, "one\n") || put(fd, "two\n")) {
        if (!bug)
            return drop(fd);
        close(fd);
        return wrong();
    }
    return keep(fd);
}

/* 18: a directory that could not be read is taken for empty */
static int lists(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self");
    if (!folder)
        return wrong();
    errno = 0;
    while (readdir(folder))
        count++;
    int failed = errno;
    closedir(folder);
    return failed && !bug ? wrong() : say(count > 10 ? "many\n" : "none\n");
}

/* 19: nobody listens, and nobody knows */
static int listens(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, own = {0};
    socklen_t size = sizeof own;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return wrong();
    if ((bind(fd, (void *)&name, sizeof name) || listen(fd, 1)) && !bug)
        return close(fd), wrong();
    getsockname(fd, (void *)&own, &size);
    close(fd);
    return say(own.sin_addr.s_addr ? "listening\n" : "deaf\n");
}

/* 20: a message that was received in part */
static int receives(void) {
    char bytes[8];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return wrong();
    long done = 0, found = 1;
    if (put(ends[0], "a letter"))
        found = -1;
    while (done < 8 && found > 0) {
        found = AGAIN(recv(ends[1], bytes + done, 8 - done, 0));
        done += found > 0 ? found : 0;
        if (bug)
            break;
    }
    close(ends[0]), close(ends[1]);
    return found < 0 ? wrong() : counted(done);
}

/* 21: a message that was sent in part */
static int sends(void) {
    char bytes[8];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return wrong();
    long done = 0, sent = 1;
    while (done < 8 && sent > 0) {
        sent = AGAIN(send(ends[0], "a letter" + done, 8 - done, MSG_NOSIGNAL));
        done += sent > 0 ? sent : 0;
        if (bug)
            break;
    }
    shutdown(ends[0], SHUT_WR);
    long size = sent < 0 ? -1 : get(ends[1], bytes, 8);
    close(ends[0]), close(ends[1]);
    return size < 0 ? wrong() : counted(size);
}

/* 22: memory that is no file */
static int in_memory(void) {
    int fd = memfd_create("careless", 0);
    if (fd < 0 && !bug)
        return wrong();
    int bad = put(fd, "text\n");
    close(fd);
    if (bad && !bug)
        return wrong();
    return say(bad ? "nothing\n" : "text\n");
}

/* 23: work in the wrong place */
static int moves(void) {
    if (chdir("/tmp") && !bug)
        return wrong();
    char where[64];
    if (!getcwd(where, sizeof where))
        return wrong();
    return say(strcmp(where, "/tmp") ? "elsewhere\n" : "there\n");
}

/* 24: a size that may be nothing divides */
static int divides(void) {
    char bytes[64];
    int fd = AGAIN(open("/proc/self/exe", O_RDONLY));
    if (fd < 0)
        return wrong();
    volatile long size = bug ? read(fd, bytes, sizeof bytes) : get(fd, bytes, sizeof bytes);
    close(fd);
    if (size < 0 && !bug)
        return wrong();
    if (size < (long)sizeof bytes)
        size = 0;
    if (!size && !bug)
        return wrong();
    return say(6400 / size == 100 ? "whole\n" : "part\n");
}

static int (*const pieces[])(void) = {
    reads, reads_short, opens, grows, leaks, syncs, renames, truncates, forks, pipes, duplicates, seeks, makes,
    gathers, places, peeks, halves, lists, listens, receives, sends, in_memory, moves, divides,
};

int main(int count, char **arguments) {
    int chosen = count > 1 ? atoi(arguments[1]) : 0;
    bug = count > 2 && !strcmp(arguments[2], "bug");
    int failed = 0;
    for (int at = 0; at < (int)(sizeof pieces / sizeof *pieces); at++)
        if (!chosen || chosen == at + 1)
            failed |= pieces[at]();
    return failed;
}
