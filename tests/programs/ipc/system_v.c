/* System V semaphores, message queues and shared memory: what each call answers, and what waits, ends and is undone. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
    struct seminfo *info;
};

#define TELL(what)                                                        \
    do {                                                                  \
        errno = 0;                                                        \
        long result = (what);                                             \
        printf("%s: %ld %d\n", #what, result, result < 0 ? errno : 0);     \
        fflush(stdout);                                                   \
    } while (0)

static int operate(int set, int number, int amount, int flags) {
    struct sembuf operation = {number, amount, flags};
    return semop(set, &operation, 1);
}

static void wait_for(pid_t child) {
    int status;
    waitpid(child, &status, 0);
    printf("child: %x\n", status);
    fflush(stdout);
}

/* A child that does something which waits; told of by what the kernel says of waiters, so that nobody has to sleep. */
static pid_t sleeper(int set, int number, int amount) {
    pid_t child = fork();
    if (!child) {
        int result = operate(set, number, amount, 0);
        _exit(result < 0 ? errno : 0);
    }
    while (!semctl(set, number, amount ? GETNCNT : GETZCNT))
        sched_yield();
    return child;
}

static void semaphores(void) {
    unsigned short values[3] = {1, 2, 3};
    struct semid_ds status;
    struct timespec at_once = {0, 1000}, bad = {0, -1};
    struct sembuf both[2] = {{0, -1, 0}, {1, -9, IPC_NOWAIT}};
    union semun set_values = {.array = values}, set_status = {.buf = &status};
    int set = semget(IPC_PRIVATE, 3, 0640);
    TELL(semget(IPC_PRIVATE, 0, 0));
    TELL(semget(IPC_PRIVATE, 32001, 0));
    TELL(semctl(set, 0, SETALL, set_values));
    TELL(semctl(set, 1, GETVAL));
    TELL(semctl(set, 3, GETVAL));
    TELL(semctl(set, 0, 4711));
    TELL(semctl(-1, 0, GETVAL));
    TELL(semctl(set, 0, SETVAL, 32768));
    TELL(semctl(set, 0, SETVAL, -1));
    TELL(operate(set, 0, -2, IPC_NOWAIT));
    TELL(operate(set, 0, 32767, 0));
    TELL(operate(set, 3, 1, 0));
    TELL(semop(set, both, 0));
    TELL(semop(set, both, 501));
    TELL(semop(set, both, 2));
    TELL(semop(set, (struct sembuf *)8, 1));
    TELL(semctl(set, 0, GETVAL));
    TELL(semtimedop(set, &(struct sembuf){0, -9, 0}, 1, &at_once));
    TELL(semtimedop(set, &(struct sembuf){0, -9, 0}, 1, &bad));
    TELL(semctl(set, 0, IPC_STAT, set_status));
    printf("mode %o sems %d otime %d ctime %d mine %d\n", status.sem_perm.mode, (int)status.sem_nsems,
           status.sem_otime != 0, status.sem_ctime != 0, status.sem_perm.uid == geteuid());
    status.sem_perm.mode = 0600;
    TELL(semctl(set, 0, IPC_SET, set_status));
    pid_t child = sleeper(set, 0, -4);
    TELL(operate(set, 0, 3, 0));
    wait_for(child);
    TELL(semctl(set, 0, GETVAL));
    child = sleeper(set, 1, 0);
    TELL(operate(set, 1, -2, 0));
    wait_for(child);
    printf("by the child: %d\n", semctl(set, 1, GETPID) == child);
    child = fork();
    if (!child) {
        operate(set, 2, -2, SEM_UNDO);
        operate(set, 0, 5, SEM_UNDO);
        printf("in the child: %d %d\n", semctl(set, 2, GETVAL), semctl(set, 0, GETVAL));
        fflush(stdout);
        _exit(0);
    }
    wait_for(child);
    TELL(semctl(set, 2, GETVAL));
    TELL(semctl(set, 0, GETVAL));
    child = sleeper(set, 0, -9);
    TELL(kill(child, SIGTERM));
    wait_for(child);
    TELL(semctl(set, 0, GETNCNT));
    child = sleeper(set, 0, -9);
    TELL(semctl(set, 0, IPC_RMID));
    wait_for(child);
    TELL(operate(set, 0, 1, 0));
}

struct text {
    long type;
    char text[64];
};

static void messages(void) {
    struct text message = {0, "text"};
    struct msqid_ds status;
    int queue = msgget(IPC_PRIVATE, 0600);
    TELL(msgsnd(queue, &message, 4, 0));
    TELL(msgsnd(queue, &message, -1, 0));
    TELL(msgsnd(queue, (void *)8, 4, 0));
    for (int i = 3; i; i--) {
        message.type = i;
        message.text[0] = '0' + i;
        TELL(msgsnd(queue, &message, 4 + i, 0));
    }
    TELL(msgrcv(queue, &message, 4, 0, 0));
    TELL(msgrcv(queue, &message, 4, 2, MSG_NOERROR));
    printf("type %ld text %.5s\n", message.type, message.text);
    TELL(msgrcv(queue, &message, 64, 9, IPC_NOWAIT));
    TELL(msgrcv(queue, &message, 64, 3, MSG_EXCEPT));
    printf("type %ld text %.5s\n", message.type, message.text);
    message.type = 2;
    TELL(msgsnd(queue, &message, 0, 0));
    TELL(msgrcv(queue, &message, 64, -2, 0));
    printf("type %ld\n", message.type);
    TELL(msgrcv(queue, &message, 64, 0, MSG_COPY | IPC_NOWAIT));
    TELL(msgrcv(queue, &message, 64, 0, MSG_COPY));
    TELL(msgctl(queue, IPC_STAT, &status));
    printf("messages %d bytes %d room %d sender %d\n", (int)status.msg_qnum, (int)status.msg_cbytes, (int)status.msg_qbytes,
           status.msg_lspid == getpid());
    status.msg_qbytes = 10;
    TELL(msgctl(queue, IPC_SET, &status));
    TELL(msgsnd(queue, &message, 4, IPC_NOWAIT));
    pid_t child = fork();
    if (!child)
        _exit(msgsnd(queue, &message, 6, 0) < 0 ? errno : 0);
    TELL(msgrcv(queue, &message, 64, 0, 0));
    wait_for(child);
    child = fork();
    if (!child)
        _exit(msgrcv(queue, &message, 64, 77, 0) < 0 ? errno == EIDRM || errno == EINVAL : 0);
    TELL(msgctl(queue, IPC_RMID, 0));
    wait_for(child);
    TELL(msgctl(queue, IPC_RMID, 0) < 0);
}

static void segments(void) {
    struct shmid_ds status;
    TELL(shmget(IPC_PRIVATE, 0, 0600));
    int segment = shmget(IPC_PRIVATE, 5000, 0600);
    char *memory = shmat(segment, 0, 0), *again = shmat(segment, 0, SHM_RDONLY);
    strcpy(memory, "shared");
    printf("%s %d\n", again, memory != again);
    TELL(shmat(segment, memory, 0) != (void *)-1);
    TELL(shmat(segment, memory + 5, 0) != (void *)-1);
    TELL(shmat(segment, memory + 5, SHM_RND | SHM_REMAP) == memory);
    TELL(shmat(segment, 0, SHM_REMAP) != (void *)-1);
    TELL(shmctl(segment, IPC_STAT, &status));
    printf("size %d attached %d by %d %d\n", (int)status.shm_segsz, (int)status.shm_nattch, status.shm_cpid == getpid(),
           status.shm_lpid == getpid());
    pid_t child = fork();
    if (!child) {
        shmctl(segment, IPC_STAT, &status);
        strcpy(memory, "written");
        _exit(status.shm_nattch);
    }
    wait_for(child);
    printf("%s\n", again);
    TELL(shmdt(memory + 1));
    TELL(shmdt(memory));
    TELL(shmdt(memory));
    TELL(shmctl(segment, IPC_RMID, 0));
    TELL(shmctl(segment, IPC_STAT, &status));
    printf("mode %o attached %d\n", status.shm_perm.mode, (int)status.shm_nattch);
    printf("%s\n", again);
    TELL(shmdt(again));
    TELL(shmctl(segment, IPC_STAT, &status));
}

int main(void) {
    setvbuf(stdout, 0, _IOLBF, 0);
    semaphores();
    messages();
    segments();
    return 0;
}
