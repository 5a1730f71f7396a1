/* Whom a process runs as, as another one learns it (ucred_get(3C), getpeerucred(3C)): the kernel's bytes, and looks into them. */

#include "solaris.h"

enum { UCREDGET, GETPEERUCRED };
#define MOST_GROUPS 1024

typedef struct ucred_s {
	unsigned size, cred_at, privileges_at;
	pid_t pid;
	unsigned audit_at;
	int zone, project;
	unsigned label_at;
} ucred_t;
struct cred {
	uid_t euid, ruid, suid;
	gid_t egid, rgid, sgid;
	int ngroups;
	gid_t groups[1];
};
struct privileges {
	unsigned sets, words, more, set[4 * 3];
};

extern int __ucredsys(int, int, void *);

size_t ucred_size(void)
{
	return sizeof(ucred_t) + sizeof(struct cred) + MOST_GROUPS * sizeof(gid_t) + sizeof(struct privileges);
}

__attribute__((visibility("hidden"))) ucred_t *__ucred_room(void)
{
	return malloc(ucred_size());
}

void ucred_free(ucred_t *ucred)
{
	free(ucred);
}

ucred_t *ucred_get(pid_t pid)
{
	ucred_t *room = __ucred_room();
	if (room && __ucredsys(UCREDGET, pid, room) < 0) {
		free(room);
		room = NULL;
	}
	return room;
}

int getpeerucred(int fd, ucred_t **found)
{
	ucred_t *room = *found ? *found : __ucred_room();
	if (!room)
		return -1;
	if (__ucredsys(GETPEERUCRED, fd, room) < 0) {
		if (!*found)
			free(room);
		return -1;
	}
	*found = room;
	return 0;
}

static const struct cred *cred(const ucred_t *ucred)
{
	if (!ucred->cred_at)
		errno = EINVAL;
	return ucred->cred_at ? (const void *)((const char *)ucred + ucred->cred_at) : NULL;
}

#define ID(name, type, field) \
	type name(const ucred_t *ucred) \
	{ \
		const struct cred *of = cred(ucred); \
		return of ? of->field : (type)-1; \
	}

ID(ucred_geteuid, uid_t, euid)
ID(ucred_getruid, uid_t, ruid)
ID(ucred_getsuid, uid_t, suid)
ID(ucred_getegid, gid_t, egid)
ID(ucred_getrgid, gid_t, rgid)
ID(ucred_getsgid, gid_t, sgid)

int ucred_getgroups(const ucred_t *ucred, const gid_t **groups)
{
	const struct cred *of = cred(ucred);
	if (!of)
		return -1;
	*groups = of->groups;
	return of->ngroups;
}

pid_t ucred_getpid(const ucred_t *ucred)
{
	if (ucred->pid == -1)
		errno = EINVAL;
	return ucred->pid;
}

id_t ucred_getprojid(const ucred_t *ucred)
{
	return ucred->project;
}

id_t ucred_getzoneid(const ucred_t *ucred)
{
	return ucred->zone;
}

/* A set by its name: Effective, Inheritable, Permitted, Limit. */
const unsigned *ucred_getprivset(const ucred_t *ucred, const char *name)
{
	static const char *const names[] = { "Effective", "Inheritable", "Permitted", "Limit" };
	const struct privileges *all = (const void *)((const char *)ucred + ucred->privileges_at);
	for (int set = 0; set < 4; set++) {
		if (ucred->privileges_at && strcmp(name, names[set]) == 0)
			return all->set + set * all->words;
	}
	errno = EINVAL;
	return NULL;
}
