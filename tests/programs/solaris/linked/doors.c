/* Doors and who is at the other end: a deed by its name, which prints what came of it. */

#include "solaris.h"

#define DOOR_UNREF 0x01
#define DOOR_PRIVATE 0x02
#define DOOR_REFUSE_DESC 0x40
#define DOOR_DESCRIPTOR 0x10000
#define DOOR_RELEASE 0x40000
#define DOOR_PARAM_DATA_MIN 2
#define DOOR_PARAM_DATA_MAX 3
#define S_IFDOOR 0xd000
#define THR_DETACHED 0x40

#pragma pack(4)
typedef struct {
	unsigned attributes;
	int descriptor;
	unsigned long long id;
	int rest[2];
} desc_t;
typedef struct {
	pid_t target;
	unsigned long long procedure, cookie;
	unsigned attributes;
	unsigned long long number;
	int rest[4];
} info_t;
#pragma pack()
typedef struct {
	char *data;
	size_t size;
	desc_t *desc;
	unsigned count;
	char *rbuf;
	size_t rsize;
} arg_t;
typedef struct ucred_s ucred_t;

extern int door_create(void (*)(void *, char *, size_t, desc_t *, unsigned), void *, unsigned), door_call(int, arg_t *);
extern int door_return(void *, size_t, desc_t *, unsigned), door_info(int, info_t *), door_revoke(int), door_bind(int), door_unbind(void);
extern int door_getparam(int, int, size_t *), door_setparam(int, int, size_t), door_ucred(ucred_t **);
extern void (*door_server_create(void (*)(info_t *)))(info_t *);
extern int dup(int), thr_create(void *, size_t, void *(*)(void *), void *, long, pthread_t *), pipe(int[2]), socketpair(int, int, int, int[2]);
extern ucred_t *ucred_get(pid_t);
extern int getpeerucred(int, ucred_t **), ucred_getgroups(const ucred_t *, const gid_t **), sched_yield(void);
extern pid_t ucred_getpid(const ucred_t *), fork(void), waitpid(pid_t, int *, int);
extern uid_t ucred_geteuid(const ucred_t *), getuid(void);
extern const unsigned *ucred_getprivset(const ucred_t *, const char *);
extern void ucred_free(ucred_t *);
extern int sem_init(void *, int, unsigned), sem_wait(void *), sem_post(void *);

static long lost[8];
static char large[100000];

/* Gives back what it got, doubled by name; '!' ends the process, '#' returns more than fits, '@' a pipe's end, '?' who asks. */
static void serve(void *cookie, char *data, size_t size, desc_t *desc, unsigned count)
{
	if (data == (char *)1) {
		printf("nobody else has it: cookie %d size %zu\n", *(int *)cookie, size);
		sem_post(lost);
		door_return(NULL, 0, NULL, 0);
	}
	if (size && data[0] == '!')
		_exit(3);
	if (size && data[0] == '#') {
		memset(large, 'x', sizeof large);
		door_return(large, sizeof large, NULL, 0);
	}
	if (size && data[0] == '@') {
		int fds[2];
		pipe(fds);
		write(fds[1], "through", 7);
		desc_t back = { DOOR_DESCRIPTOR | DOOR_RELEASE, fds[0], 0, { 0 } };
		door_return("here", 4, &back, 1);
	}
	if (size && data[0] == '?') {
		ucred_t *who = NULL;
		pid_t pid = door_ucred(&who) == 0 ? ucred_getpid(who) : -1;
		door_return(&pid, sizeof pid, NULL, 0);
	}
	if (count) {
		char text[16] = "";
		ssize_t got = read(desc[0].descriptor, text, sizeof text);
		close(desc[0].descriptor);
		door_return(text, got < 0 ? 0 : (size_t)got, NULL, 0);
	}
	for (size_t n = 0; n < size; n++)
		data[n]++;
	door_return(data, size, NULL, 0);
}

static int ask(int fd, const char *text, char *room, size_t size, arg_t *found)
{
	arg_t arg = { (char *)text, strlen(text), NULL, 0, room, size };
	int result = door_call(fd, &arg);
	*found = arg;
	return result;
}

static void call(void)
{
	int cookie = 5;
	char room[64];
	arg_t arg;
	info_t info;
	struct stat found;
	int fd = door_create(serve, &cookie, 0);
	printf("created %d\n", fd >= 0);
	int result = ask(fd, "HAL", room, sizeof room, &arg);
	printf("call %d %.*s in place %d\n", result, (int)arg.size, arg.data, arg.data == room);
	result = ask(fd, "#", room, sizeof room, &arg);
	printf("large %d size %zu moved %d last %c\n", result, arg.size, arg.rbuf != room && arg.rsize >= arg.size, arg.data[arg.size - 1]);
	result = ask(fd, "@", room, sizeof room, &arg);
	ssize_t got = read(arg.desc[0].descriptor, room + 40, 16);
	printf("file %d %.*s %u %x %.*s\n", result, (int)arg.size, arg.data, arg.count, arg.desc[0].attributes, (int)got, room + 40);
	int fds[2];
	pipe(fds);
	write(fds[1], "given", 5);
	desc_t given = { DOOR_DESCRIPTOR | DOOR_RELEASE, fds[0], 0, { 0 } };
	arg_t with = { NULL, 0, &given, 1, room, sizeof room };
	result = door_call(fd, &with);
	printf("gave %d %.*s closed %d\n", result, (int)with.size, with.data, read(fds[0], room, 1) < 0 && errno == EBADF);
	memset(large, 'a', sizeof large);
	arg_t many = { large, sizeof large, NULL, 0, large, sizeof large };
	result = door_call(fd, &many);
	printf("many %d %zu %c\n", result, many.size, many.data[sizeof large - 1]);
	door_info(fd, &info);
	fstat(fd, &found);
	printf("info %d %d %d %x type %x\n", info.target == getpid(), info.procedure == (uintptr_t)serve, info.cookie == (uintptr_t)&cookie,
		info.attributes, found.st_mode & 0xf000);
	printf("nothing %d\n", door_call(fd, NULL));
}

static void refused(void)
{
	char room[64];
	arg_t arg;
	size_t limit = 0;
	info_t info;
	int fd = door_create(serve, NULL, DOOR_REFUSE_DESC);
	desc_t given = { DOOR_DESCRIPTOR, 0, 0, { 0 } };
	arg_t with = { NULL, 0, &given, 1, room, sizeof room };
	int result = door_call(fd, &with);
	printf("descriptor %d %d\n", result, errno);
	result = door_setparam(fd, DOOR_PARAM_DATA_MAX, 2);
	door_getparam(fd, DOOR_PARAM_DATA_MAX, &limit);
	printf("limit %d %zu\n", result, limit);
	result = ask(fd, "abc", room, sizeof room, &arg);
	printf("too large %d %d\n", result, errno);
	result = door_setparam(fd, DOOR_PARAM_DATA_MIN, 3);
	printf("least %d %d\n", result, errno);
	printf("no door %d %d", door_call(0, NULL), errno);
	printf(" %d %d", door_create(serve, NULL, 0x11), errno);
	printf(" %d %d\n", door_bind(fd), errno);
	int other = dup(fd);
	printf("revoke %d", door_revoke(fd));
	result = ask(other, "a", room, sizeof room, &arg);
	printf(" call %d %d closed %d", result, errno, door_info(fd, &info) < 0 && errno == EBADF);
	door_info(other, &info);
	printf(" target %d %x\n", info.target, info.attributes);
}

static void processes(void)
{
	char room[64];
	arg_t arg;
	int status = 0, fds[2];
	int fd = door_create(serve, NULL, 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		info_t info;
		pid_t who;
		int result = ask(fd, "IBM", room, sizeof room, &arg);
		printf("child %d %.*s", result, (int)arg.size, arg.data);
		ask(fd, "?", room, sizeof room, &arg);
		memcpy(&who, arg.data, sizeof who);
		door_info(fd, &info);
		printf(" known %d target %d attributes %x revoke %d", who == getpid(), info.target != getpid(), info.attributes, door_revoke(fd));
		printf(" %d\n", errno);
		exit(0);
	}
	waitpid(child, &status, 0);
	printf("status %x\n", status);
	fflush(stdout);
	/* the child makes a door, and gives it through the parent's */
	pipe(fds);
	child = fork();
	if (child == 0) {
		int own = door_create(serve, NULL, 0);
		desc_t given = { DOOR_DESCRIPTOR, own, 0, { 0 } };
		arg_t with = { NULL, 0, &given, 1, room, sizeof room };
		door_call(fd, &with);
		close(fds[1]);
		for (;;)
			sched_yield();
	}
	close(fds[1]);
	read(fds[0], room, 1);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	printf("ended %x\n", status);
	/* a server ends in the middle of a call: the first child, whose own child makes it */
	fflush(stdout);
	pipe(fds);
	child = fork();
	if (child == 0) {
		fd = door_create(serve, NULL, 0);
		if (fork() != 0)
			for (;;)
				sched_yield();
		int result = ask(fd, "!", room, sizeof room, &arg);
		printf("server ended %d %d", result, errno);
		result = ask(fd, "a", room, sizeof room, &arg);
		printf(" then %d %d\n", result, errno);
		exit(0);
	}
	close(fds[1]);
	read(fds[0], room, 1);
	waitpid(child, &status, 0);
	printf("ended %x\n", status);
}

static void unref(void)
{
	int cookie = 9;
	sem_init(lost, 0, 0);
	int fd = door_create(serve, &cookie, DOOR_UNREF);
	int other = dup(fd);
	close(other);
	sem_wait(lost);
	other = dup(fd);
	close(other);
	printf("once\n");
}

static int private_door = -1, made, bound;

static void *serve_alone(void *info)
{
	(void)info;
	while (private_door < 0)
		sched_yield();
	bound += door_bind(private_door) == 0;
	door_return(NULL, 0, NULL, 0);
	return NULL;
}

static void make(info_t *info)
{
	if (info) {
		made++;
		printf("make %d target %d\n", made, info->target == getpid());
		thr_create(NULL, 0, serve_alone, NULL, THR_DETACHED, NULL);
	}
}

static void alone(void)
{
	char room[64];
	arg_t arg;
	door_server_create(make);
	int fd = private_door = door_create(serve, NULL, DOOR_PRIVATE);
	int result = ask(fd, "HAL", room, sizeof room, &arg);
	printf("call %d %.*s bound %d\n", result, (int)arg.size, arg.data, bound > 0);
	printf("unbind %d %d\n", door_unbind(), errno);
}

static void credentials(void)
{
	int fds[2];
	const gid_t *groups;
	ucred_t *mine = ucred_get(getpid()), *peer = NULL;
	printf("mine %d %d groups %d set %d", ucred_getpid(mine) == getpid(), ucred_geteuid(mine) == getuid(),
		ucred_getgroups(mine, &groups) >= 0, ucred_getprivset(mine, "Limit") != NULL);
	printf(" none %d", ucred_getprivset(mine, "All") == NULL);
	printf(" gone %d %d\n", ucred_get(9999) == NULL, errno);
	socketpair(1, 2, 0, fds);
	printf("peer %d", getpeerucred(fds[0], &peer));
	printf(" %d %d", ucred_getpid(peer) == getpid(), ucred_geteuid(peer) == getuid());
	ucred_free(peer);
	peer = NULL;
	printf(" file %d %d\n", getpeerucred(0, &peer), errno);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} deeds[] = {
		{ "call", call }, { "refused", refused }, { "processes", processes }, { "unref", unref }, { "private", alone },
		{ "credentials", credentials },
	};
	for (size_t n = 0; n < sizeof deeds / sizeof *deeds; n++)
		if (argc > 1 && strcmp(argv[1], deeds[n].name) == 0) {
			deeds[n].run();
			return 0;
		}
	return 2;
}
