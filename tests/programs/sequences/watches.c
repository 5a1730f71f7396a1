/*
 * watches SEED STEPS: random sequences of calls on trees of epoll instances over counters and pipes, on inotify, and on
 * extended attributes.
 */
#include "sequence.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

enum { EPOLLS = 5, SOURCES = 5, BASE = 100, NOTIFY = 120 };

static int tree(void) { return BASE + below(EPOLLS); }
static int source(void) { return BASE + EPOLLS + below(SOURCES); }
static int any(void) { return BASE + below(EPOLLS + SOURCES); }

/* -- epoll -------------------------------------------------------------------------------------------------------------- */

static void put(int got, int to)
{
    if (got >= 0) {
        dup2(got, to);
        close(got);
        got = to;
    }
    result(got);
}

static void do_create(void)
{
    int to = tree();
    printf("epoll_create %d", to);
    put(epoll_create1(0), to);
}

static void do_source(void)
{
    int to = source(), kind = below(3), pair[2];
    printf("source %d kind %d", to, kind);
    if (kind < 2) {
        put(eventfd(below(2), EFD_NONBLOCK | (kind ? EFD_SEMAPHORE : 0)), to);
        return;
    }
    int other = source();
    if (pipe2(pair, O_NONBLOCK))
        exit(2);
    printf(" and %d", other);
    dup2(pair[0], to);
    dup2(pair[1], other);
    close(pair[0]);
    close(pair[1]);
    result(0);
}

static void do_control(void)
{
    static const unsigned extra[] = {0, 0, 0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT, EPOLLEXCLUSIVE};
    int at = chance(95) ? tree() : source(), target = any(), operation = chance(60) ? EPOLL_CTL_ADD : 1 + below(4);
    struct epoll_event event = {.events = (chance(80) ? EPOLLIN : 0) | (chance(30) ? EPOLLOUT : 0) | ONE_OF(extra), .data.u64 = target};
    printf("epoll_ctl %d %d %d %x", at, operation, target, event.events);
    result(epoll_ctl(at, operation, target, &event));
}

static int by_data(const void *one, const void *other)
{
    return (int)((const struct epoll_event *)one)->data.u64 - (int)((const struct epoll_event *)other)->data.u64;
}

static void do_wait(void)
{
    struct epoll_event events[EPOLLS + SOURCES];
    int at = tree(), most = chance(95) ? EPOLLS + SOURCES : 0;
    printf("epoll_wait %d", at);
    int got = epoll_wait(at, events, most, 0);
    if (got > 0)
        qsort(events, got, sizeof *events, by_data);
    for (int i = 0; i < got; i++)
        printf(" %d:%x", (int)events[i].data.u64, events[i].events);
    result(got);
}

static void do_poll(void)
{
    struct pollfd all[EPOLLS + SOURCES];
    for (int i = 0; i < EPOLLS + SOURCES; i++)
        all[i] = (struct pollfd){BASE + i, POLLIN | POLLOUT, 0};
    printf("poll");
    int got = poll(all, EPOLLS + SOURCES, 0);
    for (int i = 0; i < EPOLLS + SOURCES; i++)
        printf(" %x", all[i].revents);
    result(got);
}

static void do_write(void)
{
    uint64_t value = chance(95) ? below(3) : ~0ULL - below(2);
    int at = source();
    printf("write %d %llu", at, (unsigned long long)value);
    result(write(at, &value, chance(97) ? 8 : 7));
}

static void do_read(void)
{
    uint64_t value = 0;
    int at = source();
    printf("read %d", at);
    long got = read(at, &value, sizeof value);
    printf(" (%llu)", (unsigned long long)value);
    result(got);
}

static void do_close(void)
{
    int at = any();
    printf("close %d", at);
    result(close(at));
}

static void do_dup(void)
{
    int from = any(), to = any();
    if ((from < BASE + EPOLLS) != (to < BASE + EPOLLS))
        return;
    printf("dup2 %d %d", from, to);
    result(dup2(from, to));
}

/* What an instance watches, as /proc tells. */
static void do_watched(void)
{
    char name[40], text[3000] = "";
    int at = tree(), count = 0;
    unsigned found, events, of[EPOLLS + SOURCES] = {0}; /* their order is that of addresses in the kernel */
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", at);
    printf("fdinfo %d", at);
    int file = open(name, O_RDONLY);
    if (file < 0) {
        result(-1);
        return;
    }
    if (read(file, text, sizeof text - 1) < 0)
        exit(3);
    close(file);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (sscanf(line, "tfd: %u events: %x", &found, &events) == 2) {
            of[found - BASE] += events;
            count++;
        }
    for (unsigned i = 0; i < COUNT(of); i++)
        if (of[i])
            printf(" [%u %x]", BASE + i, of[i]);
    result(count);
}

/* -- names, watched by inotify and with attributes ------------------------------------------------------------------------ */

static const char *const names[] = {"a", "b", "d", "d/a", "d/b", "link"};
static int watches[COUNT(names)];

static const char *name(void)
{
    const char *chosen = ONE_OF(names);
    printf(" %s", chosen);
    return chosen;
}

static void do_watch(void)
{
    static const unsigned all[] = {IN_ALL_EVENTS, IN_ALL_EVENTS, IN_MODIFY | IN_CLOSE, IN_CREATE | IN_DELETE | IN_MOVE, IN_ATTRIB, IN_OPEN | IN_ACCESS, 0};
    static const unsigned more[] = {0, 0, 0, IN_ONESHOT, IN_ONLYDIR, IN_DONT_FOLLOW, IN_MASK_ADD, IN_EXCL_UNLINK, 0x10000000 /* IN_MASK_CREATE */};
    unsigned mask = ONE_OF(all) | ONE_OF(more);
    int which = below(COUNT(names) + 1);
    const char *chosen = which < (int)COUNT(names) ? names[which] : ".";
    printf("inotify_add_watch %s %x", chosen, mask);
    int got = inotify_add_watch(NOTIFY, chosen, mask);
    if (got > 0 && which < (int)COUNT(names))
        watches[which] = got;
    result(got);
}

static void do_unwatch(void)
{
    int which = chance(95) ? watches[below(COUNT(names))] : 77;
    printf("inotify_rm_watch %d", which);
    result(inotify_rm_watch(NOTIFY, which));
}

static void do_events(void)
{
    static char data[4096] __attribute__((aligned(8)));
    static uint32_t cookies[64];
    static int known;
    int size = chance(80) ? (int)sizeof data : (int)below(60), waiting = -1;
    int asked = ioctl(NOTIFY, FIONREAD, &waiting);
    printf("events %d %d room %d", asked, waiting, size);
    long got = read(NOTIFY, data, size);
    for (long at = 0; at < got;) {
        struct inotify_event *event = (struct inotify_event *)(data + at);
        int cookie = 0;
        if (event->cookie) {
            for (cookie = 0; cookie < known && cookies[cookie] != event->cookie; cookie++)
                ;
            if (cookie == known && known < 64)
                cookies[known++] = event->cookie;
            cookie++;
        }
        printf(" [%d %x %d %u %s]", event->wd, event->mask, cookie, event->len, event->len ? event->name : "");
        at += sizeof *event + event->len;
    }
    result(got);
}

static void do_file(void)
{
    switch (below(9)) {
    case 0: {
        printf("open");
        int file = open(name(), O_RDWR | O_CREAT | (chance(30) ? O_TRUNC : 0), 0600);
        if (file >= 0) {
            char byte = 'x';
            printf(" write %ld read %ld", (long)write(file, "text", below(5)), (long)read(file, &byte, below(2)));
            if (chance(20))
                printf(" truncate %d", ftruncate(file, below(3)));
            close(file);
        }
        result(file < 0 ? -1 : 0);
        break;
    }
    case 1: printf("unlink"); result(unlink(name())); break;
    case 2: printf("mkdir"); result(mkdir(name(), 0700)); break;
    case 3: printf("rmdir"); result(rmdir(name())); break;
    case 4:
    case 5: {
        printf("rename");
        const char *from = name();
        result(rename(from, name()));
        break;
    }
    case 6: {
        printf("link");
        const char *from = name();
        result(link(from, name()));
        break;
    }
    case 7: printf("chmod"); result(chmod(name(), 0600 | below(64))); break;
    default: {
        printf("symlink");
        const char *from = name();
        result(symlink(from, name()));
    }
    }
}

static const char *attribute(void)
{
    static const char *const all[] = {"user.one", "user.one", "user.two", "user.three", "trusted.t", "user.", "user", "nothing.x", "security.s", ""};
    const char *chosen = ONE_OF(all);
    printf(" \"%s\"", chosen);
    return chosen;
}

static void do_set_attribute(void)
{
    char value[50];
    unsigned size = below(sizeof value), flags = chance(60) ? 0 : below(4);
    memset(value, 'a' + below(26), sizeof value);
    printf("setxattr");
    const char *of = name(), *which = attribute();
    printf(" %u flags %u", size, flags);
    result(chance(70) ? setxattr(of, which, value, size, flags) : lsetxattr(of, which, value, size, flags));
}

static void do_get_attribute(void)
{
    char value[60];
    unsigned room = chance(60) ? sizeof value : chance(50) ? 0 : below(40);
    printf("getxattr");
    const char *of = name(), *which = attribute();
    printf(" room %u", room);
    long got = getxattr(of, which, value, room);
    if (got > 0 && room)
        printf(" (%x)", sum(value, got));
    result(got);
}

static void do_list_attributes(void)
{
    char list[200];
    unsigned room = chance(70) ? sizeof list : below(20), total = 0;
    printf("listxattr");
    long got = listxattr(name(), list, room);
    printf(" room %u", room);
    for (long at = 0; room && at < got; at += strlen(list + at) + 1)
        total += sum(list + at, strlen(list + at)); /* their order is the file system's */
    printf(" (%x)", total);
    result(got);
}

static void do_remove_attribute(void)
{
    printf("removexattr");
    const char *of = name();
    result(removexattr(of, attribute()));
}

static const struct operation operations[] = {
    {6, do_create}, {6, do_source}, {22, do_control}, {12, do_wait}, {8, do_poll}, {10, do_write}, {6, do_read}, {2, do_close}, {2, do_dup}, {2, do_watched},
    {10, do_watch}, {3, do_unwatch}, {10, do_events}, {24, do_file}, {10, do_set_attribute}, {6, do_get_attribute}, {4, do_list_attributes},
    {4, do_remove_attribute},
};

int main(int argc, char **argv)
{
    umask(0);
    signal(SIGPIPE, SIG_IGN);
    put(inotify_init1(IN_NONBLOCK), NOTIFY);
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
