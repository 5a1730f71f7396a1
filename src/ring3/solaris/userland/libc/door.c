/*
 * Doors (door_create(3C) and its relatives): the threads that serve them are made here, as the kernel says that one is left too
 * few. A thread that has returned from a door is back in __door_return, whose stack holds the next call (functions.S).
 */

#include "attributes.h"
#include "tcb.h"

#define DOOR_UNREF 0x01
#define DOOR_PRIVATE 0x02
#define DOOR_UNREF_MULTI 0x10
#define DOOR_NO_DEPLETION_CB 0x100
#define THR_DETACHED 0x40
#define MAIN_STACK (256 << 10)		/* of the first thread's stack a door may have so much */
enum { CREATE, REVOKE, INFO, CALL, BIND = 6, UNBIND, UNREFSYS, UCRED, RETURN, GETPARAM, SETPARAM };

typedef struct door_desc door_desc_t;
typedef struct door_info door_info_t;
typedef struct ucred_s ucred_t;
typedef void door_server_func_t(door_info_t *);
struct returned {
	door_desc_t *desc_ptr;
	unsigned desc_num;
};
struct door_cred {
	uid_t euid;
	gid_t egid;
	uid_t ruid;
	gid_t rgid;
	pid_t pid;
	int reserved[4];
};

extern long __doorfs(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, int);
extern long __door_return(void *, size_t, struct returned *, char *, size_t, int);
extern int thr_create(void *, size_t, void *(*)(void *), void *, long, pthread_t *);
extern ucred_t *__ucred_room(void);
extern void ucred_free(ucred_t *);
extern uid_t ucred_geteuid(const ucred_t *), ucred_getruid(const ucred_t *);
extern gid_t ucred_getegid(const ucred_t *), ucred_getrgid(const ucred_t *);
extern pid_t ucred_getpid(const ucred_t *);

static long door(int subcode, uintptr_t a, uintptr_t b, uintptr_t c)
{
	return __doorfs(a, b, c, 0, 0, subcode);
}

/* The thread's stack is the next call's from where it first returned from a door; what is below is over by then. */
int door_return(void *data, size_t size, door_desc_t *descriptors, unsigned count)
{
	struct ulwp *self = curthread();
	struct returned returned = { descriptors, count };
	if (!self->ul_door_base)
		self->ul_door_base = (char *)__builtin_frame_address(0) - 512;
	char *base = self->ul_door_base;
	size_t room = self->ul_stack ? (size_t)(base - (char *)self->ul_stack) : MAIN_STACK;
	pid_t process = getpid();
	do {
		__door_return(data, size, count ? &returned : NULL, base, room, RETURN);
		data = NULL;
		size = count = 0;
	} while (errno == EINTR && getpid() == process);
	return -1;
}

static void *serve(void *none)
{
	door_return(none, 0, NULL, 0);
	return NULL;
}

static void make_server(door_info_t *info)
{
	(void)info;
	thr_create(NULL, 0, serve, NULL, THR_DETACHED, NULL);
}

static door_server_func_t *server_function = make_server;

door_server_func_t *door_server_create(door_server_func_t *wanted)
{
	door_server_func_t *before = server_function;
	server_function = wanted;
	return before;
}

/* No thread of the pool is left that waits; the door's description is there for a private one. */
__attribute__((visibility("hidden"))) void __door_depleted(door_info_t *info)
{
	server_function(info);
}

static void *tell_of_lost(void *none)
{
	while (door(UNREFSYS, 0, 0, 0) < 0 && errno == EINTR)
		;
	return none;
}

int door_create(void (*procedure)(void *, char *, size_t, door_desc_t *, unsigned), void *cookie, unsigned attributes)
{
	static pid_t serving, telling;		/* the process whose threads do that: a child of fork has none */
	char info[48];
	pid_t process = getpid();
	int fd = (int)door(CREATE, (uintptr_t)procedure, (uintptr_t)cookie, attributes);
	if (fd < 0)
		return -1;
	if (attributes & (DOOR_UNREF | DOOR_UNREF_MULTI) && telling != process) {
		telling = process;
		thr_create(NULL, 0, tell_of_lost, NULL, THR_DETACHED, NULL);
	}
	if (attributes & DOOR_PRIVATE) {
		if (!(attributes & DOOR_NO_DEPLETION_CB) && door(INFO, fd, (uintptr_t)info, 0) == 0)
			server_function((door_info_t *)info);
	} else if (serving != process) {
		serving = process;
		server_function(NULL);
	}
	return fd;
}

int door_revoke(int fd)
{
	return (int)door(REVOKE, fd, 0, 0);
}

int door_info(int fd, door_info_t *info)
{
	return (int)door(INFO, fd, (uintptr_t)info, 0);
}

int door_call(int fd, void *parameters)
{
	return (int)door(CALL, fd, (uintptr_t)parameters, 0);
}

int door_bind(int fd)
{
	return (int)door(BIND, fd, 0, 0);
}

int door_unbind(void)
{
	return (int)door(UNBIND, 0, 0, 0);
}

int door_getparam(int fd, int parameter, size_t *value)
{
	return (int)door(GETPARAM, fd, parameter, (uintptr_t)value);
}

int door_setparam(int fd, int parameter, size_t value)
{
	return (int)door(SETPARAM, fd, parameter, value);
}

int door_ucred(ucred_t **found)
{
	ucred_t *room = *found ? *found : __ucred_room();
	if (!room)
		return -1;
	if (door(UCRED, (uintptr_t)room, 0, 0) < 0) {
		if (!*found)
			ucred_free(room);
		return -1;
	}
	*found = room;
	return 0;
}

int door_cred(struct door_cred *cred)
{
	ucred_t *found = NULL;
	if (door_ucred(&found) < 0)
		return -1;
	memset(cred, 0, sizeof *cred);
	cred->euid = ucred_geteuid(found);
	cred->egid = ucred_getegid(found);
	cred->ruid = ucred_getruid(found);
	cred->rgid = ucred_getrgid(found);
	cred->pid = ucred_getpid(found);
	ucred_free(found);
	return 0;
}
