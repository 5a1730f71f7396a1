/* in_turn: threads that read the same pipe, counter and socket, of which each thing that comes wakes one: what one
   leaves is the next one's, also if who was woken is interrupted, or reads nothing. Prints one line a case. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READERS 6

static pthread_t readers[READERS];
static int fd, size, got, failed, asleep;
static char *nowhere;

static void handler(int signal) { (void)signal; }

static void count(long done) {
    if (done >= 0)
        __atomic_add_fetch(&got, done, __ATOMIC_SEQ_CST);
    else
        __atomic_add_fetch(&failed, 1, __ATOMIC_SEQ_CST);
}

static void *reading(void *buffer) {
    char own[64];
    __atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
    count(read(fd, buffer ? buffer : own, size));
    return NULL;
}

static void *accepting(void *argument) {
    (void)argument;
    __atomic_add_fetch(&asleep, 1, __ATOMIC_SEQ_CST);
    count(accept(fd, NULL, NULL) >= 0);
    return NULL;
}

static void moment(void) {
    struct timespec t = {0, 20000000};
    nanosleep(&t, NULL);
}

static void begin(int descriptor, int bytes, void *(*body)(void *), void *first) {
    fd = descriptor, size = bytes, got = failed = asleep = 0;
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, body, i ? NULL : first);
    while (__atomic_load_n(&asleep, __ATOMIC_SEQ_CST) < READERS)
        moment();
    moment();
}

static void end(const char *what) {
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    printf("%s: %d, failed %d\n", what, got, failed);
}

int main(void) {
    int pipes[2], pair[2];
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
    pipe(pipes);
    begin(pipes[0], 1, reading, NULL);
    write(pipes[1], "abcdef", READERS);
    end("six bytes at once");
    begin(pipes[0], 3, reading, NULL);
    write(pipes[1], "abcdefgh", 8);
    moment();
    write(pipes[1], "ijklmnopq", 9);
    end("three each");
    nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin(pipes[0], 1, reading, nowhere);
    write(pipes[1], "abcdef", READERS);
    end("one that has no room");
    pipe(pipes);
    begin(pipes[0], 1, reading, NULL);
    while (!__atomic_load_n(&failed, __ATOMIC_SEQ_CST)) {
        pthread_kill(readers[0], SIGUSR1);
        moment();
    }
    write(pipes[1], "abcde", READERS - 1);
    end("one interrupted");
    begin(pipes[0], 1, reading, NULL);
    close(pipes[1]);
    end("the writer has gone");
    int counter = eventfd(0, EFD_SEMAPHORE);
    begin(counter, 8, reading, NULL);
    uint64_t six = READERS;
    write(counter, &six, 8);
    end("a counter");
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    begin(pair[0], 64, reading, NULL);
    for (int i = 0; i < READERS; i++)
        send(pair[1], "abcdef", i + 1, 0);
    end("messages");
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    begin(pair[0], 64, reading, NULL);
    shutdown(pair[0], SHUT_RD);
    end("shut down");
    struct sockaddr_un name = {AF_UNIX, ""};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), length = sizeof name.sun_family;
    bind(listener, (void *)&name, length);
    listen(listener, READERS);
    socklen_t all = sizeof name;
    getsockname(listener, (void *)&name, &all);
    begin(listener, 0, accepting, NULL);
    for (int i = 0; i < READERS; i++)
        connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&name, all);
    end("connections");
    return 0;
}
