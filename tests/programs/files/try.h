/* System calls on files whose raw results are printed: the error number, negative, where a call failed. */
#ifndef TRY_H
#define TRY_H

#define _GNU_SOURCE
#include "../in_child.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL6(number, a, b, c, d, e, f, ...) \
    raw_result(syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))

/* call(SYS_x, ...): up to six arguments, the others are 0 */
#define call(...) CALL6(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* TRY(x, ...): makes the call x and prints it with its result */
#define TRY(name, ...) printf("%s(%s) = %ld\n", #name, #__VA_ARGS__, call(SYS_##name, ##__VA_ARGS__))

/* SHOW(x): prints a number or an expression of the C library, with its error */
#define SHOW(expression) show(#expression, (errno = 0, (long long)(expression)))

#define BAD ((void *)8)

static inline long raw_result(long result) { return result == -1 ? -errno : result; }

static inline void show(const char *what, long long result) {
    printf("%s = %lld", what, result);
    if (result == -1)
        printf(" errno %d", errno);
    printf("\n");
}

/* The error number of a call of the C library, or its result. */
#define LIBC(expression) show_libc(#expression, (errno = 0, (long long)(expression)))
static inline void show_libc(const char *what, long long result) {
    printf("%s = %lld\n", what, result == -1 ? -errno : result);
}

/* Makes a file with a text. */
static inline void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (write(fd, text, strlen(text)) < 0)
        perror(path);
    close(fd);
}

/* Prints the contents of a file. */
static inline void get(const char *path) {
    char text[256];
    int fd = open(path, O_RDONLY);
    long size = fd < 0 ? -errno : read(fd, text, sizeof text - 1);
    printf("%s: ", path);
    if (size < 0) {
        printf("error %ld\n", -size);
    } else {
        text[size] = 0;
        printf("[%s]\n", text);
    }
    if (fd >= 0)
        close(fd);
}

/* Prints type, permissions, links and size of what a name leads to. */
static inline void kind(const char *path) {
    struct stat st;
    if (lstat(path, &st) < 0)
        printf("%s: error %d\n", path, errno);
    else
        printf("%s: mode %o links %ld size %lld\n", path, st.st_mode, (long)st.st_nlink,
               S_ISDIR(st.st_mode) ? 0LL : (long long)st.st_size);
}

#endif
