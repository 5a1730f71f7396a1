/* Linux's asynchronous requests by their raw calls: files, pipes, polls, a bell, cancelling, and the ring in memory. */
#include "try.h"

#include <linux/aio_abi.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>

static aio_context_t context;

static struct iocb request(int opcode, int fd, void *buffer, unsigned long size, long offset, unsigned long data) {
    struct iocb made = {.aio_data = data, .aio_lio_opcode = opcode, .aio_fildes = fd, .aio_buf = (uintptr_t)buffer,
                        .aio_nbytes = size, .aio_offset = offset};
    return made;
}

static void submit(const char *title, struct iocb *one) {
    printf("%s: %d\n", title, (int)call(SYS_io_submit, context, 1, &one));
}

static void events(const char *title, int least) {
    struct io_event found[8];
    struct {
        long seconds, nanoseconds;
    } at_once = {0, 0};
    int count = call(SYS_io_getevents, context, least, 8, found, &at_once);
    printf("%s: %d", title, count);
    for (int i = 0; i < count; i++)
        printf(" [%d: %d %d]", (int)found[i].data, (int)found[i].res, (int)found[i].res2);
    printf("\n");
}

static volatile int waiter;

static void *waits(void *result) {
    struct io_event event;
    waiter = 1;
    *(int *)result = call(SYS_io_getevents, context, 1, 1, &event, 0);
    return 0;
}

/* A context that ends while somebody waits for its events. */
static void ends(void) {
    pthread_t thread;
    int result = 0;
    context = 0;
    TRY(io_setup, 8, &context);
    pthread_create(&thread, 0, waits, &result);
    while (!waiter)
        sched_yield();
    for (int i = 0; i < 100; i++) /* with one processor it waits after that; who comes late gets the same answer */
        sched_yield();
    TRY(io_destroy, context);
    pthread_join(thread, 0);
    printf("waited: %d\n", result);
}

int main(void) {
    char text[64] = "some text", got[64] = "";
    int file = open("file", O_RDWR | O_CREAT, 0644), pipes[2], bell = eventfd(0, EFD_NONBLOCK);
    struct iovec parts[2] = {{got, 2}, {got + 2, 3}};
    pipe2(pipes, O_NONBLOCK);
    aio_context_t used = 1;
    TRY(io_setup, 0, &context);
    TRY(io_setup, 8, &used);
    TRY(io_setup, -1, &context);
    TRY(io_setup, 8, 8);
    TRY(io_setup, 8, &context);
    unsigned *ring = (unsigned *)context;
    printf("magic %x header %u\n", ring[4], ring[7]);
    struct iocb one = request(IOCB_CMD_PWRITE, file, text, 9, 0, 11);
    submit("write", &one);
    one = request(IOCB_CMD_PREAD, file, got, 64, 5, 12);
    submit("read", &one);
    events("both", 2);
    printf("%s\n", got);
    one = request(IOCB_CMD_PREADV, file, parts, 2, 0, 13);
    submit("in parts", &one);
    events("parts", 1);
    printf("%.5s\n", got);
    one = request(IOCB_CMD_FDSYNC, file, 0, 0, 0, 14);
    submit("sync", &one);
    struct io_event synced;
    TRY(io_getevents, context, 1, 1, &synced, 0);
    printf("[%d: %d]\n", (int)synced.data, (int)synced.res);
    one = request(IOCB_CMD_PREAD, file, (void *)8, 64, 0, 15);
    submit("bad buffer", &one);
    events("bad buffer", 0);
    one = request(IOCB_CMD_PREAD, 99, got, 64, 0, 16);
    submit("no file", &one);
    one = request(77, file, got, 64, 0, 17);
    submit("no such thing", &one);
    submit("nothing", 0);
    one = request(IOCB_CMD_PWRITE, pipes[1], text, 4, 0, 18);
    one.aio_flags = IOCB_FLAG_RESFD;
    one.aio_resfd = bell;
    submit("with a bell", &one);
    uint64_t rings = 0;
    SHOW(read(bell, &rings, 8));
    printf("%d\n", (int)rings);
    one.aio_resfd = file;
    submit("which is none", &one);
    events("bell", 1);
    struct iocb poll_it = request(IOCB_CMD_POLL, pipes[0], (void *)POLLIN, 0, 0, 19);
    submit("ready", &poll_it);
    events("ready", 1);
    read(pipes[0], got, 64);
    submit("not ready", &poll_it);
    events("not yet", 0);
    write(pipes[1], "x", 1);
    events("now", 1);
    read(pipes[0], got, 64);
    submit("to be cancelled", &poll_it);
    struct io_event event;
    TRY(io_cancel, context, &poll_it, &event);
    TRY(io_cancel, context, &poll_it, &event);
    TRY(io_cancel, context, 8, &event);
    TRY(io_getevents, context, 2, 1, &event, 0);
    TRY(io_getevents, 77, 0, 1, &event, 0);
    TRY(io_submit, context, -1, 0);
    TRY(io_submit, 77, 1, 0);
    TRY(io_submit, context, 1, 8);
    TRY(io_destroy, context);
    TRY(io_destroy, context);
    ends();
    return 0;
}
