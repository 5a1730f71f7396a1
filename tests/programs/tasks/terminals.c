/* Pseudoterminals: both ends, what the line discipline does, and who is served and told. */
#include "call.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#define SHOW(x) show(#x, (errno = 0, (long)(x)))

static int master, slave;

static void show(const char *what, long result) {
    printf("%s = %ld\n", what, result == -1 ? -errno : result);
}

static void print(const char *what, const char *text, int size) {
    printf("%s: %d \"", what, size < 0 ? -errno : size);
    for (int i = 0; i < size; i++)
        if (text[i] < 32 || text[i] > 126)
            printf("\\%02x", text[i] & 0xff);
        else
            putchar(text[i]);
    printf("\"\n");
}

/* Reads so many bytes, however many reads that takes, or one read with count 0 */
static void take(const char *what, int fd, int count) {
    char text[256];
    int size = 0, found = 1;
    if (count == 0)
        size = read(fd, text, sizeof text);
    while (size < count && found > 0)
        if ((found = read(fd, text + size, count - size)) > 0)
            size += found;
    print(what, text, size);
}

static void type(const char *text) {
    if (write(master, text, strlen(text)) < 0)
        perror("type");
}

static int name_of_slave(char *name) {
    int number = -1;
    ioctl(master, TIOCGPTN, &number);
    return sprintf(name, "/dev/pts/%d", number);
}

static void open_pair(int flags) {
    char name[32];
    int unlock = 0;
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    name_of_slave(name);
    ioctl(master, TIOCSPTLCK, &unlock);
    slave = open(name, O_RDWR | flags);
}

static void set_flags(unsigned clear, unsigned set) {
    struct termios settings;
    tcgetattr(slave, &settings);
    settings.c_lflag = (settings.c_lflag & ~clear) | set;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
}

static void pairs(void) {
    char name[32];
    int lock = -1, other = -1;
    struct stat info;
    struct winsize size = {24, 80, 0, 0};
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    name_of_slave(name);
    SHOW(ioctl(master, TIOCGPTLCK, &lock));
    SHOW(open(name, O_RDWR | O_NOCTTY));
    lock = 0;
    SHOW(ioctl(master, TIOCSPTLCK, &lock));
    slave = open(name, O_RDWR | O_NOCTTY);
    SHOW(isatty(master) && isatty(slave));
    SHOW(fstat(slave, &info));
    printf("%o %d\n", info.st_mode & S_IFMT, (int)(info.st_rdev >> 8));
    SHOW(lseek(slave, 0, SEEK_SET));
    SHOW(ioctl(slave, TIOCGPTN, &other));
    SHOW(ioctl(master, TIOCSWINSZ, &size));
    memset(&size, 0, sizeof size);
    SHOW(ioctl(slave, TIOCGWINSZ, &size));
    printf("%d %d\n", size.ws_row, size.ws_col);
    SHOW(ioctl(slave, TIOCGPGRP, &other));
    SHOW(ioctl(slave, TIOCGSID, &other));
    SHOW(ioctl(master, TIOCGSID, &other));
    SHOW(ioctl(slave, 0x54ff, &other));
    SHOW(ioctl(slave, FIONREAD, &other));
    close(slave);
    take("master", master, 0);
    struct pollfd poll_master = {master, POLLIN, 0};
    SHOW(poll(&poll_master, 1, -1));
    printf("%x\n", poll_master.revents);
    slave = ioctl(master, 0x5441 /* TIOCGPTPEER */, O_RDWR | O_NOCTTY);
    SHOW(slave >= 0);
    SHOW(write(slave, "a\nb\tc", 5));
    take("master", master, 6);
    close(master);
    take("slave", slave, 0);
    SHOW(write(slave, "x", 1));
    struct pollfd poll_slave = {slave, POLLIN | POLLOUT, 0};
    SHOW(poll(&poll_slave, 1, 0));
    printf("%x\n", poll_slave.revents);
    SHOW(ioctl(slave, TIOCGWINSZ, &size));
    SHOW(open(name, O_RDWR | O_NOCTTY));
    close(slave);
}

static void lines(void) {
    struct termios settings;
    int count = -1;
    open_pair(O_NOCTTY);
    SHOW(tcgetattr(slave, &settings));
    printf("%x %x %x %x\n", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag);
    print("cc", (char *)settings.c_cc, 19);
    type("one\rtwo\n");
    take("echo", master, 10);
    take("line", slave, 0);
    SHOW(ioctl(slave, FIONREAD, &count));
    printf("%d\n", count);
    take("line", slave, 2);
    take("line", slave, 0);
    type("abc\177d\tx\177\177e\n"); /* erase, a tab too */
    take("echo", master, 20);
    take("line", slave, 0);
    type("some words  here\027there\n"); /* werase */
    take("echo", master, 35);
    take("line", slave, 0);
    type("gone\025\001\026\003k\n"); /* kill, a control character, lnext */
    take("echo", master, 25);
    take("line", slave, 0);
    type("end\004\004"); /* eof */
    take("echo", master, 3);
    take("line", slave, 0);
    take("line", slave, 0);
    type("re\022print\n");
    take("echo", master, 15);
    take("line", slave, 0);
    set_flags(ECHO, ECHONL);
    type("secret\n");
    take("echo", master, 2);
    take("line", slave, 0);
    type("\023"); /* stop */
    type("\n");
    take("line", slave, 0);
    fcntl(slave, F_SETFL, O_NONBLOCK);
    SHOW(write(slave, "stopped", 7));
    type("\021"); /* start */
    struct pollfd ready = {slave, POLLOUT, 0};
    SHOW(poll(&ready, 1, -1));
    take("echo", master, 2);
    SHOW(write(slave, "started", 7));
    take("shown", master, 7);
    SHOW(read(slave, &count, 1));
    close(master);
    close(slave);
}

static void raw(void) {
    struct termios settings;
    int count = -1;
    open_pair(O_NOCTTY);
    type("typed before");
    take("echo", master, 12);
    tcgetattr(slave, &settings);
    cfmakeraw(&settings);
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    take("raw", slave, 12);
    type("\003\n\r\177\377");
    take("raw", slave, 5);
    SHOW(write(slave, "\n", 1));
    take("shown", master, 1);
    settings.c_cc[VMIN] = 0;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    take("nothing", slave, 0);
    settings.c_cc[VTIME] = 1;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    take("nothing after a while", slave, 0);
    settings.c_cc[VMIN] = 3;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    type("123");
    take("three", slave, 0);
    type("dropped");
    struct pollfd ready = {slave, POLLIN, 0};
    SHOW(poll(&ready, 1, -1));
    SHOW(tcflush(slave, TCIFLUSH));
    SHOW(ioctl(slave, FIONREAD, &count));
    printf("%d\n", count);
    settings.c_oflag = OPOST | OCRNL | TABDLY;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    SHOW(write(slave, "a\tb\r\n", 5));
    take("shown", master, 7);
    close(master);
    close(slave);
}

static volatile sig_atomic_t caught;
static void note(int signal) { caught = signal; }

static void wait_for(int signal) {
    sigset_t all, one;
    sigfillset(&all);
    sigfillset(&one);
    sigdelset(&one, signal);
    sigprocmask(SIG_BLOCK, &all, NULL);
    caught = 0;
    while (!caught)
        sigsuspend(&one);
    printf("caught %d\n", caught);
}

static void jobs(void) {
    char name[32], answer = 0;
    int number = -1, status = 0, told[2];
    struct winsize size = {25, 80, 0, 0};
    setsid();
    SHOW(open("/dev/tty", O_RDWR));
    open_pair(O_NOCTTY);
    SHOW(open("/dev/tty", O_RDWR));
    name_of_slave(name);
    close(open(name, O_RDWR));
    int tty = open("/dev/tty", O_RDWR);
    SHOW(tty >= 0);
    SHOW(write(tty, "tty", 3));
    take("shown", master, 3);
    SHOW(ioctl(slave, TIOCGSID, &number));
    SHOW(number == getpid());
    SHOW(ioctl(slave, TIOCGPGRP, &number));
    SHOW(number == getpid());
    SHOW(ioctl(slave, TIOCSCTTY, 0));
    FILE *stat = fopen("/proc/self/stat", "r");
    int device = -1;
    fscanf(stat, "%*d %*s %*c %*d %*d %*d %d %d", &device, &number);
    fclose(stat);
    printf("%d %d\n", device >> 8, number == getpid());

    struct sigaction action = {.sa_handler = note};
    sigfillset(&action.sa_mask);
    int signals[] = {SIGINT, SIGQUIT, SIGWINCH, SIGHUP, SIGCONT};
    for (int i = 0; i < 5; i++)
        sigaction(signals[i], &action, NULL);
    sigset_t block;
    sigfillset(&block);
    sigprocmask(SIG_BLOCK, &block, NULL);
    type("typed\003");
    wait_for(SIGINT);
    take("echo", master, 2); /* ^C; what was typed is dropped, unread echo too */
    type("\034");
    wait_for(SIGQUIT);
    take("echo", master, 2);
    SHOW(ioctl(master, TIOCSWINSZ, &size));
    wait_for(SIGWINCH);

    fflush(stdout);
    pipe(told);
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        for (int i = 0; i < 5; i++)
            signal(signals[i], SIG_DFL);
        setpgid(0, 0);
        write(told[1], "b", 1); /* in the background */
        number = read(slave, &answer, 1);
        printf("read %d %c\n", number, answer);
        signal(SIGTTIN, SIG_IGN);
        fflush(stdout);
        write(told[1], "r", 1);
        raise(SIGSTOP);
        SHOW(read(slave, &answer, 1));
        SHOW(write(slave, "x", 1));
        set_flags(0, TOSTOP); /* stops it */
        fflush(stdout);
        write(slave, "y", 1);
        for (;;)
            pause();
    }
    read(told[0], &answer, 1);
    SHOW(waitpid(child, &status, WUNTRACED) == child);
    printf("%x\n", status);
    SHOW(ioctl(slave, TIOCSPGRP, &child));
    SHOW(ioctl(master, TIOCGPGRP, &number));
    SHOW(number == child);
    kill(-child, SIGCONT);
    type("z\n");
    take("echo", master, 3);
    read(told[0], &answer, 1);
    waitpid(child, &status, WUNTRACED);
    printf("%x\n", status);
    number = getpid();
    SHOW(ioctl(slave, TIOCSPGRP, &number)); /* from the background, with SIGTTOU blocked */
    fflush(stdout);
    kill(-child, SIGCONT);
    take("shown", master, 1);
    waitpid(child, &status, WUNTRACED);
    printf("%x\n", status);
    SHOW(ioctl(slave, TIOCSPGRP, &child));
    fflush(stdout);
    kill(-child, SIGCONT);
    take("shown", master, 1);
    type("\032"); /* susp */
    waitpid(child, &status, WUNTRACED);
    printf("%x\n", status);
    take("echo", master, 2);
    kill(-child, SIGCONT);
    type("\003");
    waitpid(child, &status, 0);
    printf("%x\n", status);

    number = 1 << 30;
    SHOW(ioctl(slave, TIOCSPGRP, &number));
    number = getpid();
    ioctl(slave, TIOCSPGRP, &number);
    close(master);
    wait_for(SIGHUP);
    wait_for(SIGCONT);
    SHOW(open("/dev/tty", O_RDWR));
    SHOW(ioctl(slave, TIOCGPGRP, &number));
    fflush(stdout);
}

/* The leader ends: those in the foreground are told. */
static void leader_ends(void) {
    int told[2], status = 0;
    char answer;
    pipe(told);
    open_pair(O_NOCTTY);
    pid_t leader = fork();
    if (leader == 0) {
        setsid();
        ioctl(slave, TIOCSCTTY, 0);
        if (fork() == 0) {
            close(told[0]);
            write(told[1], "x", 1);
            for (;;)
                pause(); /* until SIGHUP; then the pipe has no writer left */
        }
        read(told[0], &answer, 1);
        _exit(0);
    }
    close(told[1]);
    waitpid(leader, &status, 0);
    printf("%x %ld\n", status, (long)read(told[0], &answer, 1));
    SHOW(ioctl(master, TIOCGSID, &status));
    SHOW(write(slave, "x", 1)); /* the terminal is still good for others */
    take("shown", master, 1);
    close(master);
    close(slave);
}

/* A master that reads packets is told of flushes, flow and settings. */
static void packets(void) {
    struct termios settings;
    struct pollfd poll_master = {0, POLLIN | POLLPRI, 0};
    int on = 1, number = -1, bad = 0;
    open_pair(O_NOCTTY);
    poll_master.fd = master;
    SHOW(ioctl(slave, TIOCPKT, &on));
    SHOW(ioctl(master, TIOCPKT, 0));
    SHOW(ioctl(master, TIOCPKT, &on));
    SHOW(ioctl(master, TIOCGPKT, &number));
    SHOW(number);
    write(slave, "shown", 5);
    SHOW(poll(&poll_master, 1, 0));
    SHOW(poll_master.revents);
    take("one", master, 1);
    take("packet", master, 0);
    for (int queue = TCIFLUSH; queue <= TCIOFLUSH; queue++) {
        write(slave, "lost", 4);
        SHOW(ioctl(slave, TCFLSH, queue));
        SHOW(poll(&poll_master, 1, 0));
        SHOW(poll_master.revents);
        take("flushed", master, 0);
        ioctl(master, TCFLSH, TCIFLUSH);
    }
    SHOW(ioctl(slave, TCXONC, TCOOFF));
    take("stopped", master, 0);
    SHOW(ioctl(slave, TCXONC, TCOON));
    take("goes on", master, 0);
    type("\023");
    take("stopped", master, 0);
    type("\021");
    take("goes on", master, 0);
    type("typed\003");
    take("signal", master, 0);
    take("echo", master, 0);
    tcgetattr(slave, &settings);
    settings.c_iflag &= ~IXON;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    take("no keys", master, 0);
    settings.c_iflag |= IXON;
    SHOW(tcsetattr(slave, TCSAFLUSH, &settings));
    take("keys", master, 0);
    settings.c_lflag |= EXTPROC;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    take("extproc", master, 0);
    type("a\003\177b");
    take("typed", slave, 0);
    settings.c_lflag &= ~EXTPROC;
    SHOW(tcsetattr(slave, TCSANOW, &settings));
    take("line", master, 0);
    write(slave, "end", 3);
    SHOW(ioctl(master, TIOCPKT, &bad));
    take("plain", master, 0);
    close(slave);
    close(master);
}

/* A terminal that somebody has for himself: the privileged may open it nevertheless, so it is nobody's who asks. */
static void exclusive(void) {
    int flag = -1;
    char name[64];
    if (!getuid() && setuid(65534))
        perror("setuid");
    open_pair(O_RDWR | O_NOCTTY);
    name_of_slave(name);
    SHOW(ioctl(slave, TIOCEXCL));
    SHOW(open(name, O_RDWR | O_NOCTTY));
    SHOW(ioctl(slave, TIOCGEXCL, &flag));
    SHOW(flag);
    SHOW(ioctl(master, TIOCGEXCL, &flag));
    SHOW(flag);
    SHOW(ioctl(slave, TIOCNXCL));
    SHOW(open(name, O_RDWR | O_NOCTTY) >= 0);
}

int main(void) {
    in_child("pairs", pairs);
    in_child("exclusive", exclusive);
    in_child("lines", lines);
    in_child("raw", raw);
    in_child("packets", packets);
    in_child("jobs", jobs);
    in_child("leader_ends", leader_ends);
    return 0;
}
