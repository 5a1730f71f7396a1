/* Forty small programs whose traces are compared with strace's, each in a child of its own; or the one named by the argument. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifdef __i386__ /* the calls with times of 64 bits, as musl's types have them */
#define SYS_clock_gettime 403
#define SYS_clock_settime 404
#define SYS_clock_getres 406
#define SYS_clock_nanosleep 407
#define SYS_timer_settime 409
#endif

static char buffer[4096];
static void handler(int number) { (void)number; }
static void informed(int number, siginfo_t *info, void *context) { (void)number, (void)info, (void)context; }
static int made(const char *name) { return open(name, O_RDWR | O_CREAT | O_TRUNC, 0644); }

static void opening(void) {
    close(open("a", O_RDWR | O_CREAT | O_EXCL, 0600));
    open("a", O_RDWR | O_CREAT | O_EXCL, 0600);
    close(open("a", O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    open("none", O_WRONLY | O_APPEND);
    open("a", O_RDONLY | O_DIRECTORY);
    openat(-1, "a", O_PATH);
    open((char *)8, O_RDONLY);
    close(77);
}
static void reading(void) {
    int fd = made("a");
    write(fd, "one\ttwo\0\377 and more than thirty-two bytes", 42);
    pread(fd, buffer, 12, 4);
    read(fd, buffer, 10);
    pwrite(fd, "X", 1, 2);
    lseek(fd, 0, SEEK_SET);
    read(fd, buffer, 4096);
    read(fd, (char *)8, 1);
    write(fd, (char *)8, 1);
    read(-1, buffer, 1);
    write(fd, buffer, 0);
}
static void sizes(void) {
    int fd = made("a");
    lseek(fd, 100, SEEK_SET);
    lseek(fd, -1, SEEK_SET);
    lseek(fd, 0, 7);
    ftruncate(fd, 5000);
    truncate("none", 3);
    ftruncate(fd, -1);
    posix_fallocate(fd, 0, 8192);
    fsync(fd);
    fdatasync(fd);
    posix_fadvise(fd, 0, 100, POSIX_FADV_WILLNEED);
}
static void links(void) {
    close(made("a"));
    symlink("a", "s");
    readlink("s", buffer, sizeof buffer);
    readlink("a", buffer, sizeof buffer);
    link("a", "b");
    rename("b", "c");
    syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 1);
    unlink("c");
    unlinkat(AT_FDCWD, "s", 0);
    unlink("none");
}
static void folders(void) {
    mkdir("d", 0755);
    mkdir("d", 0755);
    chdir("d");
    getcwd(buffer, 2);
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    chdir("..");
    rmdir("d");
    rmdir("none");
    fchdir(fd);
}
static void attributes(void) {
    struct timespec times[2] = {{7, 5}, {0, UTIME_OMIT}};
    close(made("a"));
    chmod("a", 04711);
    fchmodat(AT_FDCWD, "a", 0600, 0);
    chown("a", -1, -1);
    lchown("none", 1, 2);
    utimensat(AT_FDCWD, "a", times, 0);
    utimensat(AT_FDCWD, "none", 0, AT_SYMLINK_NOFOLLOW);
    access("a", R_OK | W_OK);
    access("none", F_OK);
    umask(077);
    umask(022);
}
static void descriptors(void) {
    int fd = made("a");
    dup(fd);
    dup2(fd, 20);
    dup3(fd, 21, O_CLOEXEC);
    dup2(77, 3);
    fcntl(fd, F_GETFD);
    fcntl(21, F_GETFD);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_DUPFD, 30);
    fcntl(fd, F_DUPFD_CLOEXEC, -1);
    fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK);
    fcntl(fd, F_GETFL);
    fcntl(fd, 1000, 1);
    syscall(SYS_close_range, 20, 40, 0);
}
static void locks(void) {
    int fd = made("a");
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
    fcntl(fd, F_SETLK, &lock);
    fcntl(fd, F_GETLK, &lock);
    lock.l_type = 9;
    fcntl(fd, F_SETLK, &lock);
    fcntl(fd, F_SETLK, 8);
    syscall(SYS_flock, fd, 1);
    syscall(SYS_flock, fd, 8 | 4);
    fcntl(fd, F_SETLEASE, F_RDLCK);
}
static void pipes(void) {
    int ends[2];
    pipe(ends);
    write(ends[1], "hello", 5);
    ioctl(ends[0], FIONREAD, buffer);
    fcntl(ends[0], F_GETPIPE_SZ);
    read(ends[0], buffer, 100);
    pipe2(ends, O_CLOEXEC | O_NONBLOCK);
    read(ends[0], buffer, 1);
    pipe((int *)8);
    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    write(ends[1], "x", 1);
}
static void splices(void) {
    int ends[2], fd = made("a"), other = made("b");
    off_t at = 2;
    loff_t from = 1;
    pipe(ends);
    write(fd, "0123456789", 10);
    sendfile(other, fd, &at, 3);
    splice(fd, &from, ends[1], 0, 4, 0);
    tee(ends[0], ends[1], 3, SPLICE_F_NONBLOCK);
    struct iovec part = {"gift", 4};
    vmsplice(ends[1], &part, 1, 0);
    from = 0;
    copy_file_range(fd, &from, other, 0, 2, 0);
}
static void vectors(void) {
    int fd = made("a");
    struct iovec parts[3] = {{"one", 3}, {"", 0}, {"two", 3}}, room[2] = {{buffer, 2}, {buffer + 2, 9}};
    writev(fd, parts, 3);
    preadv(fd, room, 2, 1);
    pwritev(fd, parts, 1, 2);
    lseek(fd, 0, SEEK_SET);
    readv(fd, room, 2);
    readv(fd, (void *)8, 2);
    writev(-1, parts, 0);
}
static void in_memory(void) {
    int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK);
    fcntl(fd, F_GET_SEALS);
    write(fd, "x", 1);
    memfd_create((char *)8, 0);
    memfd_create("x", 0x80);
}
static void notices(void) {
    int fd = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE | IN_ONLYDIR);
    inotify_add_watch(fd, "none", IN_ALL_EVENTS);
    inotify_rm_watch(fd, 77);
    inotify_init1(5);
}
static void children(void) {
    int status;
    if (!fork())
        _exit(7);
    wait4(-1, &status, 0, 0);
    wait4(-1, &status, WNOHANG | __WALL, 0);
    waitid(P_ALL, 0, 0, WEXITED);
    waitid(P_PID, 1 << 30, 0, 0);
}
static void killed(void) {
    int status;
    if (!fork()) {
        raise(SIGKILL);
        _exit(0);
    }
    wait4(-1, &status, 0, 0);
    if (!fork()) {
        signal(SIGSEGV, SIG_DFL);
        *(volatile int *)16 = 1;
    }
    wait4(-1, &status, 0, 0);
}
static void executing(void) {
    char *arguments[] = {"none", "two words", "\"\n", 0}, *environment[] = {"A=B", 0};
    execve("none", arguments, environment);
    execve("/", arguments, 0);
    execve((char *)8, 0, environment);
    syscall(SYS_execveat, -1, "none", arguments, environment, AT_SYMLINK_NOFOLLOW);
}
static void identities(void) {
    gid_t groups[40];
    uid_t real, effective, saved;
    getuid();
    getegid();
    getresuid(&real, &effective, &saved);
    getgroups(40, groups);
    setpgid(0, 0);
    setsid();
    setreuid(-1, -1);
    setpriority(PRIO_PROCESS, 0, 3);
    getpriority(PRIO_PROCESS, 0);
    getpriority(9, 0);
}
static void limits(void) {
    struct rlimit limit = {64, RLIM_INFINITY};
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 65536;
    setrlimit(RLIMIT_FSIZE, &limit);
    getrlimit(77, &limit);
    syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 8, 0);
    struct rusage usage;
    getrusage(77, &usage);
}
static void controls(void) {
    prctl(PR_SET_NAME, "a name that is too long");
    prctl(PR_GET_NAME, buffer);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    prctl(PR_GET_PDEATHSIG, buffer);
    prctl(PR_SET_DUMPABLE, 1);
    prctl(PR_CAPBSET_READ, 21);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 5, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_GET_KEEPCAPS);
    prctl(0x7777, 1, 2, 3, 4);
}
static void scheduling(void) {
    struct sched_param parameters = {0};
    sched_yield();
    syscall(SYS_sched_getparam, 0, &parameters);
    syscall(SYS_sched_getscheduler, 0);
    syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameters);
    sched_get_priority_max(SCHED_FIFO);
    sched_get_priority_min(77);
}
static void actions(void) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_NODEFER};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR1, 0, &action);
    signal(SIGTERM, SIG_IGN);
    syscall(SYS_rt_sigaction, 9, &action, 0, 8);
    syscall(SYS_rt_sigaction, 1, 8, 0, 8);
    syscall(SYS_rt_sigaction, 1, &action, 0, 4);
}
static void masks(void) {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, &old);
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, 0);
    raise(SIGUSR1);
    sigpending(&set);
    syscall(SYS_rt_sigprocmask, 7, &set, 0, 8);
}
static void handled(void) {
    struct sigaction action = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO};
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    sigaction(SIGUSR2, &action, 0);
    union sigval value = {.sival_int = 77};
    sigqueue(getpid(), SIGUSR2, value);
    kill(1 << 30, 0);
    syscall(SYS_tgkill, 1 << 30, 1, 99);
}
static void stacks_of_signals(void) {
    stack_t stack = {.ss_sp = buffer, .ss_size = sizeof buffer}, old;
    sigaltstack(&stack, &old);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, 0);
    stack.ss_flags = 77;
    sigaltstack(&stack, 0);
    sigaltstack((void *)8, 0);
}
static void signals_read(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    signalfd(77, &set, 0);
    read(fd, buffer, 128);
    raise(SIGUSR1);
    struct timespec none = {0, 0};
    sigtimedwait(&set, 0, &none);
    sigtimedwait(&set, 0, &none);
}
static void pairs(void) {
    int ends[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    send(ends[0], "hello", 5, MSG_NOSIGNAL);
    recv(ends[1], buffer, 3, MSG_PEEK);
    recv(ends[1], buffer, 100, 0);
    recv(ends[1], buffer, 100, MSG_DONTWAIT);
    shutdown(ends[0], SHUT_RDWR);
    recv(ends[1], buffer, 100, 0);
    socket(AF_UNIX, 77, 0);
    socket(99, SOCK_DGRAM, 5);
}
static void streams(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int server = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), client = socket(AF_INET, SOCK_STREAM, 0);
    bind(server, (void *)&name, sizeof name);
    listen(server, 5);
    getsockname(server, (void *)&name, &size);
    connect(client, (void *)&name, size);
    size = 2;
    int other = accept4(server, (void *)&name, &size, SOCK_CLOEXEC);
    send(client, "hello", 5, 0);
    recv(other, buffer, 5, MSG_WAITALL);
    shutdown(client, SHUT_WR);
    recv(other, buffer, 5, 0);
    getpeername(server, (void *)&name, &size);
}
static void datagrams(void) {
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(7), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_un path = {AF_UNIX, "path"}, hidden = {AF_UNIX, "\0hidden"};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    bind(fd, (void *)&path, sizeof path);
    sendto(fd, "to myself", 9, 0, (void *)&path, sizeof path);
    socklen_t size = sizeof path;
    recvfrom(fd, buffer, 100, MSG_TRUNC, (void *)&path, &size);
    connect(fd, (void *)&hidden, 9);
    sendto(fd, "x", 1, 0, (void *)&name, sizeof name);
    sendto(fd, "x", 1, 0, (void *)&name, 5);
    unlink("path");
}
static void options(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct linger linger = {1, 2};
    socklen_t size = sizeof one;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &one, &size);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 5);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &one, &size);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, 999, 5, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 0, 4);
}
static void messages(void) {
    int ends[2];
    socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec part = {"abc", 3}, room = {buffer, 100};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(&control.head), ends, sizeof ends);
    sendmsg(ends[0], &message, 0);
    struct sockaddr_un name;
    message = (struct msghdr){.msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &room, .msg_iovlen = 1};
    recvmsg(ends[1], &message, 0);
    recvmsg(ends[1], &message, MSG_DONTWAIT);
}
static void clocks(void) {
    struct timespec time = {0, 1000}, wrong = {0, -1};
    syscall(SYS_clock_getres, CLOCK_MONOTONIC, &time);
    time = (struct timespec){0, 1000};
    nanosleep(&time, 0);
    nanosleep(&wrong, &time);
    syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &time, 0);
    syscall(SYS_clock_settime, 77, &time);
    syscall(SYS_clock_gettime, 77, &time);
}
static void timers(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 5};
    struct itimerspec when = {{0, 0}, {1000, 0}}, old;
    int id;
    syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
    syscall(SYS_timer_settime, id, 0, &when, &old);
    syscall(SYS_timer_getoverrun, id);
    syscall(SYS_timer_delete, id);
    syscall(SYS_timer_delete, 77);
    struct itimerval interval = {{0, 0}, {1000, 5}}, none = {0};
    setitimer(ITIMER_VIRTUAL, &interval, 0);
    setitimer(77, &none, 0);
    alarm(0);
}
static void timer_files(void) {
    struct itimerspec when = {{0, 0}, {0, 1}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    timerfd_settime(fd, 0, &when, 0);
    read(fd, buffer, 8);
    timerfd_settime(0, 0, &when, 0);
    timerfd_create(77, 5);
}
static void mappings(void) {
    char *at = mmap((void *)0x30000000, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mprotect(at, 4096, PROT_READ);
    mprotect(at + 1, 4096, PROT_READ);
    madvise(at, 4096, MADV_DONTNEED);
    msync(at, 4096, MS_SYNC);
    mlock(at, 4096);
    munlock(at, 4096);
    mremap(at, 16384, 8192, 0);
    mremap(at, 4096, 4096, MREMAP_FIXED | MREMAP_MAYMOVE, (void *)0x30100000);
    munmap(at, 8192);
    mmap(0, 0, PROT_NONE, MAP_SHARED, 77, 0);
    munmap((void *)1, 4096);
}
static void files_in_memory(void) {
    int fd = made("a");
    ftruncate(fd, 8192);
    char *at = mmap((void *)0x30000000, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 4096);
    memcpy(at, "mapped", 6);
    msync(at, 4096, MS_ASYNC | MS_INVALIDATE);
    pread(fd, buffer, 6, 4096);
    mincore(at, 4096, (void *)buffer);
    munmap(at, 4096);
    mmap(0, 4096, PROT_EXEC, MAP_PRIVATE, fd, 0x100000);
}
static void queues(void) {
    struct sembuf operation = {0, 1, IPC_NOWAIT | SEM_UNDO};
    struct {
        long kind;
        char text[6];
    } message = {7, "hello"};
    msgget(5, 0);
    semop(-1, &operation, 1);
    semget(5, -1, IPC_CREAT | 0600);
    msgsnd(-1, &message, 5, IPC_NOWAIT);
    msgctl(-1, IPC_RMID, 0);
    semctl(-1, 0, IPC_RMID);
}
static void terminals(void) {
    struct termios settings;
    struct winsize window = {24, 80, 0, 0};
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), zero = 0;
    ioctl(master, TIOCSPTLCK, &zero);
    ioctl(master, TCGETS, &settings);
    settings.c_lflag &= ~(ICANON | ECHO);
    ioctl(master, TCSETS, &settings);
    ioctl(master, TIOCSWINSZ, &window);
    ioctl(master, TIOCGWINSZ, &window);
    ioctl(master, TCFLSH, TCIFLUSH);
    ioctl(master, TIOCPKT, &zero);
    ioctl(master, FIONREAD, &zero);
    ioctl(master, 0x5499, 1);
}
static void no_terminal(void) {
    struct termios settings;
    int fd = open("/dev/null", O_RDWR), number = 5;
    ioctl(fd, TCGETS, &settings);
    ioctl(fd, TIOCGPGRP, &number);
    ioctl(fd, TIOCSPGRP, &number);
    ioctl(fd, TCSBRK, 1);
    ioctl(fd, TIOCSCTTY, 0);
    ioctl(-1, FIONBIO, &number);
    ioctl(fd, 0x12345678, &number);
}
static void interfaces(void) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ioctl(fd, SIOCGIFADDR, &request);
    ioctl(fd, SIOCGIFHWADDR, &request);
    ioctl(fd, SIOCGIFINDEX, &request);
    ioctl(fd, SIOCGIFNAME, &request);
    strcpy(request.ifr_name, "nothing");
    ioctl(fd, SIOCGIFMTU, &request);
    ioctl(fd, SIOCGIFFLAGS, 8);
}
static void waiting(void) {
    int ends[2];
    pipe(ends);
    struct pollfd files[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 0}};
    struct timeval none = {0, 0};
    fd_set set;
    syscall(SYS_poll, files, 3, 0);
    syscall(SYS_poll, files, 1, 1);
    FD_ZERO(&set);
    FD_SET(ends[1], &set);
#ifdef __x86_64__
    syscall(SYS_select, 9, 0, &set, 0, &none);
#else
    syscall(SYS__newselect, 9, 0, &set, 0, &none);
#endif
    syscall(SYS_poll, 8, 1, 0);
}
static void event_loops(void) {
    int set = epoll_create1(EPOLL_CLOEXEC), counter = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 77}};
    epoll_ctl(set, EPOLL_CTL_ADD, counter, &event);
    epoll_ctl(set, EPOLL_CTL_ADD, counter, &event);
    epoll_wait(set, &event, 5, 0);
    read(counter, buffer, 8);
    epoll_ctl(set, EPOLL_CTL_DEL, counter, 0);
    epoll_wait(set, &event, 0, 0);
    epoll_ctl(set, 77, counter, &event);
}
static void futexes(void) {
    static int word = 5;
    struct timespec soon = {0, 1000};
    syscall(SYS_futex, &word, 0, 4, 0, 0, 0);
    syscall(SYS_futex, &word, 0x80, 5, &soon, 0, 0);
    syscall(SYS_futex, &word, 0x81, 1, 0, 0, 0);
    syscall(SYS_futex, &word, 4, 1, 1, &word, 5);
    syscall(SYS_futex, 1, 1, 1, 0, 0, 0);
    syscall(SYS_futex, &word, 77, 1, 2, 3, 4);
}

static const struct {
    const char *name;
    void (*run)(void);
} programs[] = {
    {"opening", opening}, {"reading", reading}, {"sizes", sizes}, {"links", links}, {"folders", folders},
    {"attributes", attributes}, {"descriptors", descriptors}, {"locks", locks}, {"pipes", pipes}, {"splices", splices},
    {"vectors", vectors}, {"in_memory", in_memory}, {"notices", notices}, {"children", children}, {"killed", killed},
    {"executing", executing}, {"identities", identities}, {"limits", limits}, {"controls", controls},
    {"scheduling", scheduling}, {"actions", actions}, {"masks", masks}, {"handled", handled},
    {"stacks_of_signals", stacks_of_signals}, {"signals_read", signals_read}, {"pairs", pairs}, {"streams", streams},
    {"datagrams", datagrams}, {"options", options}, {"messages", messages}, {"clocks", clocks}, {"timers", timers},
    {"timer_files", timer_files}, {"mappings", mappings}, {"files_in_memory", files_in_memory}, {"queues", queues},
    {"terminals", terminals}, {"no_terminal", no_terminal}, {"interfaces", interfaces}, {"waiting", waiting},
    {"event_loops", event_loops}, {"futexes", futexes},
};

int main(int argc, char **argv) {
    for (unsigned i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (argc > 1 && strcmp(argv[1], programs[i].name))
            continue;
        mkdir(programs[i].name, 0700);
        if (!fork()) {
            chdir(programs[i].name);
            errno = 0;
            programs[i].run();
            _exit(0);
        }
        while (wait(0) < 0 && errno == EINTR)
            ;
    }
    return 0;
}
