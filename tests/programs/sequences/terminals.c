/* terminals SEED STEPS: random sequences on both sides of a pseudoterminal: modes, keys, output, packets, flow. */
#include "sequence.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <asm/termbits.h>

static int master = -1, slave = -1, is_packet;
static char name[64];

/* What was written is handed on by a worker of Linux, at some time: with SETTLE in the environment, that many
   microseconds are left to it after each call. */
static void settle(void)
{
    static int time = -1;
    if (time < 0)
        time = getenv("SETTLE") ? atoi(getenv("SETTLE")) : 0;
    if (time)
        usleep(time);
}

static void show(const unsigned char *data, long size)
{
    printf(" \"");
    for (long i = 0; i < size && i < 300; i++)
        if (data[i] > 32 && data[i] < 127)
            putchar(data[i]);
        else
            printf("\\%02x", data[i]);
    printf("\"");
}

static long end(long value)
{
    value = result(value);
    settle();
    return value;
}

static tcflag_t some(const tcflag_t *flags, size_t count, unsigned percent)
{
    tcflag_t all = 0;
    for (size_t i = 0; i < count; i++)
        if (chance(percent))
            all |= flags[i];
    return all;
}

#define SOME(array, percent) some(array, COUNT(array), percent)

static void do_modes(void)
{
    static const tcflag_t in[] = {ICRNL, ICRNL, INLCR, IGNCR, ISTRIP, IUCLC, IXON, IXON, IXANY, IMAXBEL, IUTF8, PARMRK, IXOFF};
    static const tcflag_t out[] = {ONLCR, ONLCR, ONLCR, OCRNL, ONOCR, ONLRET, OLCUC, XTABS};
    static const tcflag_t local[] = {ECHO, ECHO, ECHO, ECHOE, ECHOE, ECHOK, ECHONL, ECHOCTL, ECHOCTL, ECHOKE, ECHOPRT, IEXTEN, IEXTEN, ISIG, NOFLSH};
    static const unsigned long how[] = {TCSETS, TCSETS, TCSETSW, TCSETSF};
    struct termios modes;
    int side = chance(90) ? slave : master;
    unsigned long request = ONE_OF(how);
    ioctl(slave, TCGETS, &modes);
    modes.c_iflag = SOME(in, 20);
    modes.c_oflag = SOME(out, 25) | (chance(75) ? OPOST : 0);
    modes.c_lflag = SOME(local, 45) | (chance(65) ? ICANON : 0) | (chance(5) ? EXTPROC : 0);
    modes.c_cc[VMIN] = chance(70) ? 1 : below(5);
    modes.c_cc[VTIME] = 0;
    if (chance(15)) {
        static const unsigned char places[] = {VEOL, VEOL2, VERASE, VKILL, VEOF, VWERASE, VLNEXT, VREPRINT, VSTART, VSTOP, VINTR, VDISCARD};
        static const unsigned char keys[] = {0, 'e', 'x', 4, 8, 127, 'q', 1};
        modes.c_cc[ONE_OF(places)] = ONE_OF(keys);
    }
    printf("modes by %lx i %x o %x l %x min %d", request, modes.c_iflag, modes.c_oflag, modes.c_lflag, modes.c_cc[VMIN]);
    end(ioctl(side, request, &modes));
}

static void do_get(void)
{
    struct termios modes;
    long got = ioctl(chance(50) ? slave : master, TCGETS, &modes);
    printf("get i %x o %x c %x l %x cc", modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
    show(modes.c_cc, sizeof modes.c_cc);
    end(got);
}

static size_t text(unsigned char *data, size_t limit)
{
    static const unsigned char keys[] = {'\n', '\r', '\n', 8, 127, 127, 23, 21, 4, 22, 18, 15, 19, 17, 17, 3, 26, 28, '\t', '\t', 0, 0xff, 0xff, 7, 27, 1, 5};
    static const char *const wide[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xc3"};
    size_t size = 1 + below(limit - 4), at = 0;
    while (at < size)
        if (chance(70)) {
            data[at++] = "abcdefXYZ e/_."[below(14)];
        } else if (chance(90)) {
            data[at++] = ONE_OF(keys);
        } else {
            const char *one = ONE_OF(wide);
            memcpy(data + at, one, strlen(one));
            at += strlen(one);
        }
    return at;
}

static void do_type(void)
{
    unsigned char data[64];
    size_t size = text(data, chance(80) ? 8 : 60);
    printf("type");
    show(data, size);
    end(write(master, data, size));
}

static void do_print(void)
{
    unsigned char data[64];
    size_t size = text(data, chance(80) ? 10 : 60);
    printf("print");
    show(data, size);
    end(write(slave, data, size));
}

static void do_read(int from, const char *who)
{
    unsigned char data[5000];
    size_t size = chance(60) ? sizeof data : below(8);
    printf("read %s %zu", who, size);
    long got = read(from, data, size);
    if (got > 0)
        show(data, got);
    if (got > 300)
        printf(" sum %u", sum(data, got));
    end(got);
}

static void do_read_slave(void) { do_read(slave, "slave"); }
static void do_read_master(void) { do_read(master, "master"); }

static void do_poll(void)
{
    struct pollfd both[2] = {{master, POLLIN | POLLOUT | POLLPRI, 0}, {slave, POLLIN | POLLOUT | POLLPRI, 0}};
    int got = poll(both, 2, 0);
    printf("poll %x %x", both[0].revents, both[1].revents);
    end(got);
}

static void do_queues(void)
{
    static const unsigned long asks[] = {FIONREAD, TIOCOUTQ};
    unsigned long ask = ONE_OF(asks);
    int value = -1, is_slave = chance(70);
    long got = ioctl(is_slave ? slave : master, ask, &value);
    printf("queue %lx of %s %d", ask, is_slave ? "slave" : "master", value);
    end(got);
}

static void do_flush(void)
{
    int what = below(4), is_slave = chance(70);
    printf("flush %d of %s", what, is_slave ? "slave" : "master");
    end(ioctl(is_slave ? slave : master, TCFLSH, what));
}

static void do_flow(void)
{
    int what = below(5);
    printf("flow %d", what);
    end(ioctl(slave, TCXONC, what));
}

static void do_packet(void)
{
    is_packet = chance(50);
    printf("packet %d", is_packet);
    end(ioctl(master, TIOCPKT, &is_packet));
}

static void do_size(void)
{
    struct winsize size = {below(100), below(200), 0, 0}, now = {0};
    printf("size %d %d", size.ws_row, size.ws_col);
    long got = ioctl(chance(50) ? slave : master, TIOCSWINSZ, &size);
    ioctl(chance(50) ? slave : master, TIOCGWINSZ, &now);
    printf(" now %d %d", now.ws_row, now.ws_col);
    end(got);
}

static void do_state(void)
{
    static const unsigned long asks[] = {TIOCGPKT, TIOCGPTLCK, TIOCGEXCL, TIOCGETD, TIOCGSOFTCAR, TIOCGSID, TIOCGPGRP, TIOCMGET};
    unsigned long ask = ONE_OF(asks);
    int value = -1, is_slave = chance(50);
    long got = ioctl(is_slave ? slave : master, ask, &value);
    printf("state %lx of %s", ask, is_slave ? "slave" : "master");
    if (got >= 0)
        printf(" %d", value);
    end(got);
}

static void do_odd(void)
{
    static const unsigned long asks[] = {TCSBRK, TCSBRKP, TIOCEXCL, TIOCNXCL, TIOCCBRK, TIOCSBRK, TIOCNOTTY, TIOCGICOUNT, TIOCGSERIAL};
    unsigned long ask = ONE_OF(asks);
    int is_slave = chance(60);
    printf("ioctl %lx of %s", ask, is_slave ? "slave" : "master");
    end(ioctl(is_slave ? slave : master, ask, ask == TCSBRK ? 1L : 0L));
}

static void do_reopen(void)
{
    printf("reopen");
    if (chance(50)) {
        close(slave);
        settle();
        unsigned char data[5000];
        struct pollfd one = {master, POLLIN | POLLOUT, 0};
        poll(&one, 1, 0);
        printf(" poll %x", one.revents);
        long got = read(master, data, sizeof data);
        if (got > 0)
            show(data, got);
        printf(" read %ld errno %d", got, got < 0 ? errno : 0);
        slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
        end(slave >= 0 ? 0 : -1);
    } else {
        int other = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
        end(other >= 0 ? 0 : -1);
        close(other);
    }
}

/* Much at once, but not more than there is room for: when a worker of Linux takes what is beyond is anybody's guess. */
static void do_flood(void)
{
    unsigned char data[1900];
    int to = chance(50) ? master : slave, waiting = 0;
    size_t size = 1 + below(sizeof data), line = below(3) ? 1 + below(1000) : 0;
    ioctl(to == master ? slave : master, FIONREAD, &waiting);
    if (waiting)
        return;
    for (size_t at = 0; at < size; at++)
        data[at] = line && at % line == 0 ? '\n' : 'a' + at % 23;
    printf("flood %s %zu", to == master ? "slave" : "master", size);
    end(write(to, data, size));
}

static void begin(void)
{
    int number = 0, unlocked = 0;
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    ioctl(master, TIOCSPTLCK, &unlocked);
    ioctl(master, TIOCGPTN, &number);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
}

static void do_again(void)
{
    printf("a new one");
    if (chance(50)) {
        close(master);
        settle();
        unsigned char data[100];
        struct pollfd one = {slave, POLLIN | POLLOUT, 0};
        poll(&one, 1, 0);
        printf(" poll %x", one.revents);
        long got = read(slave, data, sizeof data);
        printf(" read %ld errno %d", got, got < 0 ? errno : 0);
        got = write(slave, "x", 1);
        printf(" write %ld errno %d", got, got < 0 ? errno : 0);
        struct termios modes;
        got = ioctl(slave, TCGETS, &modes);
        printf(" get %ld errno %d", got, got < 0 ? errno : 0);
        close(slave);
    } else {
        close(slave);
        close(master);
    }
    is_packet = 0;
    begin();
    end(slave >= 0 ? 0 : -1);
}

static const struct operation operations[] = {
    {10, do_modes}, {3, do_get}, {30, do_type}, {20, do_print}, {25, do_read_slave}, {20, do_read_master}, {12, do_poll},
    {10, do_queues}, {4, do_flush}, {5, do_flow}, {3, do_packet}, {2, do_size}, {4, do_state}, {2, do_odd}, {2, do_reopen}, {1, do_again}, {2, do_flood},
};

int main(int argc, char **argv)
{
    begin();
    run_all(argc, argv, operations, COUNT(operations));
    return 0;
}
