/* Users and groups, by /etc/passwd and /etc/group; resource controls, of which a process has those of its limits. */

#include "solaris.h"

extern FILE *fopen(const char *, const char *);
extern int fclose(FILE *);
extern char *fgets(char *, int, FILE *);

/* Cuts a line at its colons; 0 if there are fewer fields. */
static int cut(char *line, char *fields[], int count)
{
	line[strlen(line) - (line[0] && line[strlen(line) - 1] == '\n')] = '\0';
	for (int n = 0; n < count; n++) {
		fields[n] = line;
		line = strchr(line, ':');
		if (line == NULL)
			return n == count - 1;
		*line++ = '\0';
	}
	return 1;
}

static struct passwd *find_user(const char *name, uid_t uid, struct passwd *user, char *line, int size)
{
	FILE *file = fopen("/etc/passwd", "r");
	struct passwd *found = NULL;
	char *fields[7];
	while (file && found == NULL && fgets(line, size, file))
		if (cut(line, fields, 7) && (name ? strcmp(fields[0], name) == 0 : strtoul(fields[2], NULL, 10) == uid)) {
			*user = (struct passwd) {
				fields[0], fields[1], (uid_t)strtoul(fields[2], NULL, 10), (gid_t)strtoul(fields[3], NULL, 10), "", "",
				fields[4], fields[5], fields[6]
			};
			found = user;
		}
	if (file)
		fclose(file);
	return found;
}

static struct group *find_group(const char *name, gid_t gid, struct group *group, char *line, int size)
{
	static char *nobody[1];
	FILE *file = fopen("/etc/group", "r");
	struct group *found = NULL;
	char *fields[4];
	while (file && found == NULL && fgets(line, size, file))
		if (cut(line, fields, 4) && (name ? strcmp(fields[0], name) == 0 : strtoul(fields[2], NULL, 10) == gid)) {
			*group = (struct group) { fields[0], fields[1], (gid_t)strtoul(fields[2], NULL, 10), nobody };
			found = group;
		}
	if (file)
		fclose(file);
	return found;
}

static char user_line[1024], group_line[1024];
static struct passwd a_user;
static struct group a_group;

struct passwd *getpwuid(uid_t uid)
{
	return find_user(NULL, uid, &a_user, user_line, sizeof user_line);
}

struct passwd *getpwnam(const char *name)
{
	return find_user(name, 0, &a_user, user_line, sizeof user_line);
}

int __posix_getpwuid_r(uid_t uid, struct passwd *user, char *line, size_t size, struct passwd **found)
{
	*found = find_user(NULL, uid, user, line, (int)size);
	return 0;
}

int __posix_getpwnam_r(const char *name, struct passwd *user, char *line, size_t size, struct passwd **found)
{
	*found = find_user(name, 0, user, line, (int)size);
	return 0;
}

struct group *getgrgid(gid_t gid)
{
	return find_group(NULL, gid, &a_group, group_line, sizeof group_line);
}

struct group *getgrnam(const char *name)
{
	return find_group(name, 0, &a_group, group_line, sizeof group_line);
}

/* rctlblk_t (rctlblk_set_value(3C)); the kernel fills it in */
struct rctlblk {
	uint64_t value, enforced, privilege;
	int local_action, local_signal;
	unsigned local_flag, global_action, global_flag;
	int pid;
};

size_t rctlblk_size(void)
{
	return sizeof(struct rctlblk);
}

uint64_t rctlblk_get_value(const struct rctlblk *block)
{
	return block->value;
}

unsigned rctlblk_get_local_action(const struct rctlblk *block, int *signal)
{
	if (signal)
		*signal = block->local_signal;
	return (unsigned)block->local_action;
}

unsigned rctlblk_get_local_flags(const struct rctlblk *block)
{
	return block->local_flag;
}

int getrctl(const char *name, const struct rctlblk *old, struct rctlblk *new, unsigned flags)
{
	extern int __rctlsys(int, const char *, const void *, void *, size_t, int);
	return __rctlsys(0, name, old, new, 0, (int)flags);
}
