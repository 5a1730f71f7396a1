/* ipc SEED STEPS: random sequences of calls on System V semaphores, segments and queues, and POSIX message queues; nothing waits. */
#include "sequence.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { KEYS = 3, KINDS = 3, HELD = 4, QUEUES = 3, BASE = 100, FILES = 5 };

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static key_t first;
static int ids[KINDS][KEYS];
static char *held[HELD];
static long now_held[HELD];
static const char *const kinds[] = {"sem", "shm", "msg"};

/* The number of what a key had when it was looked at last, or one of nothing. */
static int id(int kind)
{
    int key = below(KEYS);
    printf(" %d", key);
    return ids[kind][key] >= 0 ? ids[kind][key] : 0x7ffffff0;
}

static void do_get(void)
{
    static const int flags[] = {IPC_CREAT, IPC_CREAT, IPC_CREAT | IPC_EXCL, 0};
    int kind = below(KINDS), key = below(KEYS), how = ONE_OF(flags) | 0600, size = chance(92) ? 1 + below(5) : (int)below(3) - 1, got;
    printf("%sget %d flags %o size %d", kinds[kind], key, how, size);
    if (kind == 0)
        got = semget(first + key, size, how);
    else if (kind == 1)
        got = shmget(first + key, size < 0 ? (size_t)size : (size_t)size * 3000, how);
    else
        got = msgget(first + key, how);
    if (got >= 0)
        ids[kind][key] = got;
    result(got < 0 ? -1 : 0);
}

static void do_remove(void)
{
    int kind = below(KINDS);
    printf("%s IPC_RMID", kinds[kind]);
    int which = id(kind);
    result(kind == 0 ? semctl(which, 0, IPC_RMID) : kind == 1 ? shmctl(which, IPC_RMID, NULL) : msgctl(which, IPC_RMID, NULL));
}

static void do_stat(void)
{
    int kind = below(KINDS);
    printf("%s IPC_STAT", kinds[kind]);
    int which = id(kind), got;
    if (kind == 0) {
        struct semid_ds found;
        got = semctl(which, 0, IPC_STAT, (union semun){.buf = &found});
        if (!got)
            printf(" mode %o %lu changed %d used %d", found.sem_perm.mode, (unsigned long)found.sem_nsems, found.sem_ctime > 0, found.sem_otime > 0);
    } else if (kind == 1) {
        struct shmid_ds found;
        got = shmctl(which, IPC_STAT, &found);
        if (!got)
            printf(" mode %o size %zu attached %lu by me %d last %d", found.shm_perm.mode, found.shm_segsz, (unsigned long)found.shm_nattch,
                   found.shm_cpid == getpid(), found.shm_lpid == getpid());
    } else {
        struct msqid_ds found;
        got = msgctl(which, IPC_STAT, &found);
        if (!got)
            printf(" mode %o messages %lu most %lu sent %d", found.msg_perm.mode, (unsigned long)found.msg_qnum, (unsigned long)found.msg_qbytes,
                   found.msg_lspid == getpid());
    }
    result(got);
}

static void do_set(void)
{
    int kind = below(KINDS), mode = chance(50) ? 0600 : 0666;
    printf("%s IPC_SET mode %o", kinds[kind], mode);
    int which = id(kind), got;
    if (kind == 0) {
        struct semid_ds found = {.sem_perm = {.uid = getuid(), .gid = getgid(), .mode = mode}};
        got = semctl(which, 0, IPC_SET, (union semun){.buf = &found});
    } else if (kind == 1) {
        struct shmid_ds found = {.shm_perm = {.uid = getuid(), .gid = getgid(), .mode = mode}};
        got = shmctl(which, IPC_SET, &found);
    } else {
        struct msqid_ds found = {.msg_perm = {.uid = getuid(), .gid = getgid(), .mode = mode}, .msg_qbytes = 100 + below(400)};
        got = msgctl(which, IPC_SET, &found);
    }
    result(got);
}

static void do_operate(void)
{
    struct sembuf operations[3];
    int count = 1 + below(3);
    printf("semop");
    int which = id(0);
    for (int i = 0; i < count; i++) {
        operations[i] = (struct sembuf){below(chance(95) ? 4 : 8), (int)below(7) - 3, IPC_NOWAIT | (chance(25) ? SEM_UNDO : 0)};
        printf(" [%d %d %x]", operations[i].sem_num, operations[i].sem_op, operations[i].sem_flg);
    }
    result(semop(which, operations, count));
}

static void do_semctl(void)
{
    static const int commands[] = {GETVAL, SETVAL, SETVAL, GETPID, GETNCNT, GETZCNT, GETALL, SETALL, 99};
    unsigned short values[8] = {0};
    int command = ONE_OF(commands), number = below(5);
    union semun argument = {.array = values};
    printf("semctl");
    int which = id(0);
    if (command == SETVAL)
        argument.val = chance(90) ? (int)below(5) : chance(50) ? 32768 : -1;
    else if (command == SETALL)
        for (int i = 0; i < 8; i++)
            values[i] = below(4);
    printf(" %d of %d", command, number);
    int got = semctl(which, number, command, argument);
    if (!got && command == GETALL)
        printf(" (%x)", sum(values, sizeof values));
    result(command == GETPID && got > 0 ? got == getpid() : got);
}

static void do_attach(void)
{
    int slot = below(HELD), flags = chance(30) ? SHM_RDONLY : 0;
    if (held[slot])
        return;
    printf("shmat %d %x", slot, flags);
    int which = id(1);
    void *got = shmat(which, NULL, flags);
    if (got != (void *)-1) {
        held[slot] = got;
        now_held[slot] = flags;
    }
    result(got == (void *)-1 ? -1 : 0);
}

static void do_detach(void)
{
    int slot = below(HELD);
    printf("shmdt %d", slot);
    result(shmdt(held[slot] ? held[slot] : (void *)4096));
    held[slot] = NULL;
}

static void do_touch(void)
{
    int slot = below(HELD), value = below(256);
    if (!held[slot])
        return;
    printf("segment %d %d", slot, held[slot][5]);
    if (!now_held[slot])
        held[slot][5] = value;
    printf(" -> %d\n", held[slot][5]);
}

static struct {
    long type;
    char text[600];
} message;

static void do_send(void)
{
    unsigned size = below(chance(90) ? 60 : 600);
    printf("msgsnd");
    int which = id(2);
    message.type = chance(95) ? 1 + below(4) : 0;
    memset(message.text, 'a' + below(26), sizeof message.text);
    printf(" type %ld %u", message.type, size);
    result(msgsnd(which, &message, size, IPC_NOWAIT));
}

static void do_receive(void)
{
    static const int all[] = {0, 0, MSG_NOERROR, 020000, 040000, 040000 | MSG_NOERROR};
    int flags = ONE_OF(all), size = chance(80) ? 600 : (int)below(50);
    long type = (long)below(8) - 3;
    printf("msgrcv");
    int which = id(2);
    printf(" type %ld flags %o %d", type, flags, size);
    long got = msgrcv(which, &message, size, type, flags | IPC_NOWAIT);
    if (got >= 0)
        printf(" [%ld %x]", message.type, sum(message.text, got));
    result(got);
}

/* A child's undoing, and what it keeps of segments. */
static void do_child(void)
{
    printf("fork:\n");
    fflush(stdout);
    if (fork() == 0) {
        for (int i = 0; i < 3; i++)
            do_operate();
        do_detach();
        _exit(0);
    }
    wait(NULL);
}

/* -- POSIX message queues ----------------------------------------------------------------------------------------------- */

static const char *queue_name(void)
{
    static char name[40];
    int which = below(QUEUES);
    printf(" %d", which);
    snprintf(name, sizeof name, "/ring3-test-%d-%d", getpid(), which);
    return name;
}

static int queue(void) { return BASE + below(FILES); }

static void do_open(void)
{
    static const int modes[] = {O_RDWR, O_RDWR, O_RDONLY, O_WRONLY};
    static const int more[] = {0, O_CREAT, O_CREAT, O_CREAT, O_CREAT | O_EXCL};
    int flags = ONE_OF(modes) | ONE_OF(more) | O_NONBLOCK, to = queue();
    struct mq_attr attributes = {0, (int)below(4), 1 + (int)below(40), 0, {0}};
    printf("mq_open %d flags %x", to, flags);
    const char *name = queue_name();
    printf(" %ld of %ld", (long)attributes.mq_maxmsg, (long)attributes.mq_msgsize);
    int got = mq_open(name, flags, 0600, &attributes);
    if (got >= 0) {
        dup2(got, to);
        close(got);
        got = to;
    }
    result(got);
}

static void do_unlink(void)
{
    printf("mq_unlink");
    result(mq_unlink(queue_name()));
}

static const struct timespec past = {1, 0};

static void do_mq_send(void)
{
    int to = queue();
    unsigned size = below(45), priority = chance(95) ? below(4) : 32768;
    memset(message.text, 'A' + below(26), sizeof message.text);
    printf("mq_send %d %u at %u", to, size, priority);
    result(chance(50) ? mq_send(to, message.text, size, priority) : mq_timedsend(to, message.text, size, priority, &past));
}

static void do_mq_receive(void)
{
    int from = queue();
    unsigned size = chance(80) ? 64 : below(45), priority = 77;
    printf("mq_receive %d %u", from, size);
    long got = chance(50) ? mq_receive(from, message.text, size, &priority) : mq_timedreceive(from, message.text, size, &priority, &past);
    if (got >= 0)
        printf(" [%u %x]", priority, sum(message.text, got));
    result(got);
}

static void do_attributes(void)
{
    struct mq_attr found = {0}, new = {O_NONBLOCK, 1, 1, 1, {0}};
    int of = queue(), set = chance(20);
    printf("mq_%sattr %d", set ? "set" : "get", of);
    int got = set ? mq_setattr(of, &new, &found) : mq_getattr(of, &found);
    if (!got)
        printf(" %lx %ld %ld %ld", (long)found.mq_flags, (long)found.mq_maxmsg, (long)found.mq_msgsize, (long)found.mq_curmsgs);
    result(got);
}

static void do_notify(void)
{
    struct sigevent event = {.sigev_notify = chance(60) ? SIGEV_SIGNAL : SIGEV_NONE, .sigev_signo = chance(95) ? SIGUSR1 : 65, .sigev_value.sival_int = below(50)};
    int of = queue(), off = chance(30);
    printf("mq_notify %d how %d off %d", of, event.sigev_notify, off);
    result(mq_notify(of, off ? NULL : &event));
}

static void do_take(void)
{
    struct timespec none = {0, 0};
    sigset_t set;
    siginfo_t info = {0};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    printf("sigtimedwait");
    int got = sigtimedwait(&set, &info, &none);
    if (got > 0)
        printf(" code %d value %d by me %d", info.si_code, info.si_value.sival_int, info.si_pid == getpid());
    result(got);
}

static void do_files(void)
{
    struct pollfd files[FILES];
    struct stat found;
    int at = queue();
    char text[100] = "";
    for (int i = 0; i < FILES; i++)
        files[i] = (struct pollfd){BASE + i, POLLIN | POLLOUT, 0};
    int got = poll(files, FILES, 0);
    printf("poll");
    for (int i = 0; i < FILES; i++)
        printf(" %x", files[i].revents);
    if (fstat(at, &found) == 0 && S_ISREG(found.st_mode) && lseek(at, 0, SEEK_SET) == 0 && read(at, text, sizeof text - 1) > 0) {
        for (char *pid = strstr(text, "NOTIFY_PID:"); pid && pid[11]; pid++)
            if (pid[11] >= '1' && pid[11] <= '9')
                pid[11] = 0;
        printf(" %o %ld %s", found.st_mode, (long)found.st_size, text);
    }
    result(got);
}

static void do_close(void)
{
    int at = queue();
    printf("close %d", at);
    result(close(at));
}

static const struct operation operations[] = {
    {14, do_get}, {3, do_remove}, {8, do_stat}, {3, do_set}, {14, do_operate}, {10, do_semctl}, {5, do_attach}, {3, do_detach}, {5, do_touch}, {10, do_send},
    {10, do_receive}, {2, do_child}, {12, do_open}, {2, do_unlink}, {14, do_mq_send}, {12, do_mq_receive}, {5, do_attributes}, {5, do_notify}, {5, do_take},
    {4, do_files}, {2, do_close},
};

int main(int argc, char **argv)
{
    sigset_t set;
    first = 0x52330000 + getpid() * 4;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    memset(ids, -1, sizeof ids);
    run_all(argc, argv, operations, COUNT(operations));
    for (int key = 0; key < KEYS; key++) {
        char name[40];
        snprintf(name, sizeof name, "/ring3-test-%d-%d", getpid(), key);
        mq_unlink(name);
        semctl(ids[0][key], 0, IPC_RMID);
        shmctl(ids[1][key], IPC_RMID, NULL);
        msgctl(ids[2][key], IPC_RMID, NULL);
    }
    return 0;
}
