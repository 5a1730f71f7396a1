/* What processes of Solaris do with each other: a deed of each family by its name, which prints what came of it. */

#include "solaris.h"

extern pid_t fork(void), waitpid(pid_t, int *, int), setsid(void);
extern int waitid(int, id_t, siginfo_t *, int), setpgid(pid_t, pid_t), raise(int), pause(void);
extern int pipe(int[2]), socketpair(int, int, int, int[2]);
extern ssize_t __xnet_sendmsg(int, const void *, int), __xnet_recvmsg(int, void *, int), sendmsg(int, const void *, int), recvmsg(int, void *, int);

enum { WUNTRACED = 4, WCONTINUED = 8, WNOHANG = 0x40, P_PID = 0, SIGTERM = 15, SIGSTOP = 23, SIGTSTP = 24, SIGCONT = 25 };

static volatile int noted;

static void note(int signal, siginfo_t *info)
{
	(void)signal;
	noted = info->si_code;
}

static void continued(int signal)
{
	noted = signal;
}

static int status_of(pid_t child, int options)
{
	int status = -1;
	return waitpid(child, &status, options) == child ? status : -1;
}

/* A child stops, is continued and killed; another one catches what stops and continues. */
static void jobs(void)
{
	struct sigaction action = { SA_SIGINFO | SA_RESTART, (void (*)(int))(uintptr_t)note, { { 0 } } };
	siginfo_t info;
	int status, fds[2];
	char text[8] = "";
	sigaction(SIGCLD, &action, NULL);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		_exit(7);
	}
	printf("stopped %x code %d\n", status_of(child, WUNTRACED), noted);
	printf("again %d\n", waitpid(child, &status, WUNTRACED | WNOHANG));
	kill(child, SIGCONT);
	printf("continued %x code %d\n", status_of(child, WCONTINUED), noted);
	printf("ended %x\n", status_of(child, 0));
	pipe(fds);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		read(fds[0], text, sizeof text);	/* which goes on after the stop as if nothing had been */
		_exit(text[0] == 'x' ? 0 : 1);
	}
	sched_yield();
	kill(child, SIGSTOP);
	memset(&info, 0, sizeof info);
	waitid(P_PID, child, &info, WUNTRACED);
	int signal;
	memcpy(&signal, info.si_data + SI_STATUS_AT, sizeof signal);
	printf("waitid %d %d %d\n", info.si_signo, info.si_code, signal);
	write(fds[1], "x", 1);
	kill(child, SIGCONT);
	printf("read through %x\n", status_of(child, 0));
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		action.sa_flags = 0;
		action.sa_handler = continued;
		sigaction(SIGCONT, &action, NULL);
		raise(SIGTSTP);
		_exit(noted == SIGCONT ? 3 : 4);
	}
	printf("terminal stop %x", status_of(child, WUNTRACED));
	kill(child, SIGCONT);
	printf(" handler %x\n", status_of(child, 0));
	child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		_exit(1);
	}
	status_of(child, WUNTRACED);
	kill(child, SIGTERM);
	printf("terminated %d", waitpid(child, &status, WNOHANG));
	kill(child, SIGKILL);
	printf(" killed %x\n", status_of(child, 0));
	child = fork();
	if (child == 0) {
		setsid();
		raise(SIGTSTP);		/* nobody of its session could continue it: nothing happens */
		_exit(5);
	}
	printf("orphaned %x\n", status_of(child, WUNTRACED));
}

struct msghdr {
	void *name;
	socklen_t name_size;
	struct {
		void *base;
		size_t size;
	} *vector;
	int count;
	void *control;
	socklen_t control_size;
	int flags;
};
struct rights {
	socklen_t size;
	int level, type, fd;
};

/* Descriptors go from socket to socket: in control messages, and as programs before XPG4 did it. */
static void passing(void)
{
	int pair[2], fds[2];
	char text[8] = "";
	struct rights rights = { sizeof rights, 0xffff, 0x1010, 0 };
	struct msghdr message = { NULL, 0, NULL, 1, &rights, sizeof rights, 0 };
	struct {
		void *base;
		size_t size;
	} vector = { text, 1 };
	message.vector = (void *)&vector;
	socketpair(1, 2, 0, pair);
	pipe(fds);
	rights.fd = fds[1];
	text[0] = 'm';
	printf("sent %ld", (long)__xnet_sendmsg(pair[0], &message, 0));
	close(fds[1]);
	memset(&rights, 0, sizeof rights);
	text[0] = 0;
	printf(" got %ld %s size %u flags %d:", (long)__xnet_recvmsg(pair[1], &message, 0), text, message.control_size, message.flags);
	printf(" %u %x %x\n", rights.size, rights.level, rights.type);
	write(rights.fd, "passed", 6);
	printf("%.*s\n", (int)read(fds[0], text, sizeof text), text);
	int fd = rights.fd, got = -1;
	message.control = &fd;
	message.control_size = sizeof fd;
	vector.size = 1;
	printf("rights %ld", (long)sendmsg(pair[0], &message, 0));
	message.control = &got;
	printf(" %ld size %u fd %d\n", (long)recvmsg(pair[1], &message, 0), message.control_size, got > fd);
	message.control = &fd;
	sendmsg(pair[0], &message, 0);
	message.control_size = 8;
	message.control = &rights;
	__xnet_recvmsg(pair[1], &message, 0);
	printf("no room: size %u flags %x\n", message.control_size, message.flags);
	rights.type = 77;
	rights.size = sizeof rights;
	message.control_size = sizeof rights;
	printf("other %ld %d", (long)__xnet_sendmsg(pair[0], &message, 0), errno);
	rights.type = 0x1010;
	rights.fd = 99;
	printf(" closed %ld %d\n", (long)__xnet_sendmsg(pair[0], &message, 0), errno);
}

extern int msgget(key_t, int), msgctl(int, int, void *), msgsnd(int, const void *, size_t, int), msgids(int *, unsigned, unsigned *);
extern ssize_t msgrcv(int, void *, size_t, long, int);
extern int semget(key_t, int, int), semctl(int, int, int, ...), semop(int, void *, size_t), semtimedop(int, void *, size_t, const struct timespec *);
extern int shmget(key_t, size_t, int), shmdt(const void *), shmctl(int, int, void *);
extern void *shmat(int, const void *, int);

enum { IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000, IPC_RMID = 10, IPC_STAT = 12, GETVAL = 5, GETALL = 6, SETVAL = 8, SETALL = 9, SEM_UNDO = 010000 };

struct ipc_perm {
	uid_t uid;
	gid_t gid;
	uid_t cuid;
	gid_t cgid;
	mode_t mode;
	unsigned seq;
	key_t key;
#ifdef __i386__
	int pad[4];
#endif
};
struct message {
	long type;
	char text[16];
};

/* Queues of messages: by type, with waiting, cut off, and removed while somebody waits. */
static void messages(void)
{
	struct message message = { 5, "five" };
	struct {
		struct ipc_perm perm;
		void *first, *last;
		unsigned long bytes, count, room;
		pid_t sender, receiver;
		char rest[128];
	} about;
	int ids[4], status;
	unsigned count = 0;
	int id = msgget(77, IPC_CREAT | IPC_EXCL | 0600);
	printf("made %d again %d %d found %d none %d %d\n", id >= 0, msgget(77, IPC_CREAT | IPC_EXCL), errno, msgget(77, 0) == id, msgget(78, 0), errno);
	msgsnd(id, &message, 4, 0);
	message = (struct message) { 3, "three" };
	msgsnd(id, &message, 5, 0);
	msgctl(id, IPC_STAT, &about);
	printf("key %d mode %o bytes %lu count %lu room %lu mine %d\n", about.perm.key, about.perm.mode, about.bytes, about.count, about.room, about.sender == getpid());
	long got = msgrcv(id, &message, 16, -4, 0);
	printf("lowest %ld %ld %.*s", got, message.type, (int)got, message.text);
	printf(" big %ld %d", (long)msgrcv(id, &message, 2, 0, 0), errno);
	got = msgrcv(id, &message, 2, 5, 010000);
	printf(" cut %ld %.*s none %ld %d\n", got, (int)got, message.text, (long)msgrcv(id, &message, 2, 0, IPC_NOWAIT), errno);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		got = msgrcv(id, &message, 16, 9, 0);
		msgrcv(id, &message, 16, 10, 0);
		_exit(got == 4 && errno == 36 ? 6 : 1);		/* EIDRM */
	}
	sched_yield();
	message = (struct message) { 9, "nine" };
	msgsnd(id, &message, 4, 0);
	sched_yield();
	printf("ids %d %u", msgids(ids, 4, &count), count);
	msgctl(id, IPC_RMID, NULL);
	printf(" removed %x gone %d %d\n", status_of(child, 0), msgctl(id, IPC_STAT, &about), errno);
	message.type = 0;
	id = msgget(0, 0600);
	printf("type %d %d", msgsnd(id, &message, 1, 0), errno);
	message.type = 1;
	printf(" size %d %d\n", msgsnd(id, &message, 1 << 20, 0), errno);
	(void)status;
}

struct sembuf {
	unsigned short number;
	short amount, flags;
};

/* Semaphores: all or nothing, waiting for zero, taken back at the end of a process. */
static void semaphores(void)
{
	struct timespec soon = { 0, 1000000 };
	unsigned short values[3] = { 1, 0, 5 };
	int id = semget(0, 3, 0600), status;
	semctl(id, 0, SETALL, values);
	struct sembuf both[] = { { 0, -1, IPC_NOWAIT }, { 1, -1, IPC_NOWAIT } };
	printf("both %d %d kept %d", semop(id, both, 2), errno, semctl(id, 0, GETVAL));
	printf(" timed %d %d\n", semtimedop(id, (struct sembuf[]) { { 1, -1, 0 } }, 1, &soon), errno);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		semop(id, (struct sembuf[]) { { 2, -3, SEM_UNDO } }, 1);
		semop(id, (struct sembuf[]) { { 1, -1, 0 } }, 1);
		_exit(semctl(id, 2, GETVAL));
	}
	sched_yield();
	printf("waits %d value %d", semctl(id, 1, 3), semctl(id, 2, GETVAL));
	semop(id, (struct sembuf[]) { { 1, 1, 0 } }, 1);
	printf(" child %x undone %d pid %d\n", status_of(child, 0), semctl(id, 2, GETVAL), semctl(id, 2, 4) == child);
	semctl(id, 0, SETVAL, 7);
	semctl(id, 0, GETALL, values);
	printf("values %d %d %d range %d %d", values[0], values[1], values[2], semctl(id, 0, SETVAL, 40000), errno);
	printf(" number %d %d", semop(id, (struct sembuf[]) { { 3, 1, 0 } }, 1), errno);
	semctl(id, 0, IPC_RMID);
	printf(" gone %d %d\n", semctl(id, 0, GETVAL), errno);
	(void)status;
}

/* Memory that processes share, and what is in it: a mutex with a condition, a semaphore, a lock for readers, a barrier. */
static void sharing(void)
{
	extern int pthread_mutexattr_init(void *), pthread_mutexattr_setpshared(void *, int), pthread_mutexattr_setrobust(void *, int);
	extern int pthread_mutex_init(void *, const void *), pthread_mutex_lock(void *), pthread_mutex_trylock(void *), pthread_mutex_unlock(void *);
	extern int pthread_condattr_init(void *), pthread_condattr_setpshared(void *, int), pthread_cond_init(void *, const void *);
	extern int pthread_cond_wait(void *, void *), pthread_cond_signal(void *), pthread_mutex_consistent(void *), pthread_barrier_wait(void *);
	extern int sem_init(void *, int, unsigned), sem_wait(void *), sem_post(void *), sem_trywait(void *), pthread_barrier_init(void *, const void *, unsigned);
	extern int pthread_rwlockattr_init(void *), pthread_rwlockattr_setpshared(void *, int), pthread_rwlock_init(void *, const void *);
	extern int pthread_rwlock_rdlock(void *), pthread_rwlock_tryrdlock(void *), pthread_rwlock_trywrlock(void *), pthread_rwlock_wrlock(void *), pthread_rwlock_unlock(void *);
	struct {
		long mutex[8], robust[8], condition[8], semaphore[16], lock[16], barrier[32];
		int turn, count;
	} *shared;
	struct {
		struct ipc_perm perm;
		size_t size;
		uintptr_t flags;
		unsigned short locks;
		pid_t last, maker;
		unsigned long attached;
		char rest[128];
	} about;
	void *attr = NULL;
	int id = shmget(5, sizeof *shared, IPC_CREAT | 0640), status;
	shared = shmat(id, NULL, 0);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, 1);
	pthread_mutex_init(shared->mutex, &attr);
	pthread_mutexattr_setrobust(&attr, 0x40);
	pthread_mutex_init(shared->robust, &attr);
	pthread_condattr_init(&attr);
	pthread_condattr_setpshared(&attr, 1);
	pthread_cond_init(shared->condition, &attr);
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setpshared(&attr, 1);
	pthread_rwlock_init(shared->lock, &attr);
	pthread_barrier_init(shared->barrier, &attr, 2);
	sem_init(shared->semaphore, 1, 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		void *other = shmat(shmget(5, 0, 0), NULL, 0);	/* at another address */
		shared = other;
		for (int n = 0; n < 10; n++) {
			pthread_mutex_lock(shared->mutex);
			while (shared->turn != 1)
				pthread_cond_wait(shared->condition, shared->mutex);
			shared->count++;
			shared->turn = 0;
			pthread_cond_signal(shared->condition);
			pthread_mutex_unlock(shared->mutex);
		}
		sem_post(shared->semaphore);
		pthread_barrier_wait(shared->barrier);
		pthread_rwlock_wrlock(shared->lock);
		pthread_barrier_wait(shared->barrier);
		pthread_barrier_wait(shared->barrier);
		pthread_rwlock_unlock(shared->lock);
		pthread_mutex_lock(shared->robust);
		_exit(0);
	}
	for (int n = 0; n < 10; n++) {
		pthread_mutex_lock(shared->mutex);
		while (shared->turn != 0)
			pthread_cond_wait(shared->condition, shared->mutex);
		shared->turn = 1;
		pthread_cond_signal(shared->condition);
		pthread_mutex_unlock(shared->mutex);
	}
	sem_wait(shared->semaphore);
	printf("turns %d left %d %d", shared->count, sem_trywait(shared->semaphore), errno);
	pthread_barrier_wait(shared->barrier);
	pthread_barrier_wait(shared->barrier);
	printf(" written %d %d", pthread_rwlock_tryrdlock(shared->lock), pthread_rwlock_trywrlock(shared->lock));
	pthread_barrier_wait(shared->barrier);
	printf(" free %d", pthread_rwlock_rdlock(shared->lock));
	printf(" child %x\n", status_of(child, 0));
	printf("owner died %d consistent %d unlock %d\n", pthread_mutex_lock(shared->robust), pthread_mutex_consistent(shared->robust), pthread_mutex_unlock(shared->robust));
	shmctl(id, IPC_STAT, &about);
	printf("size %d mode %o attached %lu maker %d last %d\n", about.size == sizeof *shared, about.perm.mode, about.attached, about.maker == getpid(), about.last == child);
	printf("removed %d found %d %d detach %d again %d %d\n", shmctl(id, IPC_RMID, NULL), shmget(5, 0, 0), errno, shmdt(shared), shmdt(shared), errno);
	(void)status;
}

struct procset {
	int operation, left_type, left, right_type, right;
};

/* What there is of processors, classes and projects, and sets of processes. */
static void sets(void)
{
	extern int processor_bind(int, id_t, int, int *), processor_info(int, void *), p_online(int, int), nice(int), sigsend(int, id_t, int);
	extern int sigsendset(const struct procset *, int), getprojid(void), gettaskid(void), settaskid(int, unsigned), mincore(void *, size_t, char *);
	extern int pset_info(int, int *, unsigned *, int *), pset_bind(int, int, id_t, int *), pset_create(int *), getpriority(int, id_t);
	extern long priocntl(int, id_t, int, void *, ...);
	enum { P_PGID = 2, P_ALL = 7, P_LWPID = 8, P_MYID = -1, POP_DIFF = 0, POP_AND = 1, SIGUSR1 = 16 };
	struct {
		int state;
		char type[16], fpu[32];
		int clock;
	} about;
	struct {
		int id;
		char name[16];
		int about[8];
	} class = { 0, "TS", { 0 } };
	int bound = 5, type, list[2] = { 7, 7 };
	unsigned count = 2;
	printf("bind %d %d", processor_bind(P_PID, P_MYID, 0, &bound), bound);
	printf(" other %d %d", processor_bind(P_LWPID, P_MYID, 3, NULL), errno);
	printf(" info %d %d %s %d %d", processor_info(0, &about), about.state, about.type, processor_info(1, &about), errno);
	printf(" online %d last %d %d\n", p_online(0, 3), p_online(0, 1), errno == 16 || errno == 1);
	printf("set %d %d %u %d", pset_info(-1, &type, &count, list), type, count, list[0]);
	printf(" bound %d %d made %d\n", pset_bind(-2, P_PID, P_MYID, &bound), bound, pset_create(&bound));
	printf("classes %ld %d %d", priocntl(0, 0, 0, &class), class.id, *(short *)class.about);
	strcpy(class.name, "RT");
	printf(" none %ld %d", priocntl(0, 0, 0, &class), errno);
	printf(" nice %d %d %d\n", nice(3), nice(100), getpriority(0, 0));
	printf("project %d task %d own %d\n", getprojid(), gettaskid() > 0, settaskid(3, 0) != 1);
	char *page = mmap(NULL, 3 * 4096, 3, 0x102, -1, 0), there[3];
	page[4096] = 1;
	printf("mincore %d %d%d%d hole %d %d\n", mincore(page, 3 * 4096, there), there[0] & 1, there[1] & 1, there[2] & 1, mincore((void *)4096, 4096, there), errno);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(1);
	}
	struct procset others = { POP_DIFF, P_ALL, 0, P_PID, P_MYID };
	printf("sent %d", sigsendset(&others, SIGUSR1));
	printf(" killed %x nobody %d %d", status_of(child, 0), sigsend(P_PID, child, 0), errno);
	printf(" mine %d type %d %d\n", sigsend(P_PGID, P_MYID, 0), sigsend(99, 0, 0), errno);
}

static const struct {
	const char *name;
	void (*deed)(void);
} deeds[] = { { "sets", sets }, { "jobs", jobs }, { "passing", passing }, { "messages", messages }, { "semaphores", semaphores }, { "sharing", sharing } };

int main(int argc, char **argv)
{
	for (size_t n = 0; argc > 1 && n < sizeof deeds / sizeof *deeds; n++)
		if (strcmp(deeds[n].name, argv[1]) == 0) {
			deeds[n].deed();
			return 0;
		}
	return 2;
}
