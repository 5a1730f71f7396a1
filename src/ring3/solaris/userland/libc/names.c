/* Users and groups, by /etc/passwd and /etc/group (getpwnam(3C), getgrnam(3C)). */

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

static struct passwd *as_user(char *fields[7], struct passwd *user)
{
	*user = (struct passwd) {
		fields[0], fields[1], (uid_t)strtoul(fields[2], NULL, 10), (gid_t)strtoul(fields[3], NULL, 10), "", "", fields[4], fields[5],
		fields[6]
	};
	return user;
}

/* The members are cut where they stand; their vector is one of libc's own, of the group read last. */
static struct group *as_group(char *fields[4], struct group *group)
{
	static char *members[64];
	int count = 0;
	for (char *at = fields[3]; *at && count < 63;) {
		members[count++] = at;
		if ((at = strchr(at, ',')) == NULL)
			break;
		*at++ = '\0';
	}
	members[count] = NULL;
	*group = (struct group) { fields[0], fields[1], (gid_t)strtoul(fields[2], NULL, 10), members };
	return group;
}

static struct passwd *find_user(const char *name, uid_t uid, struct passwd *user, char *line, int size)
{
	FILE *file = fopen("/etc/passwd", "r");
	struct passwd *found = NULL;
	char *fields[7];
	while (file && found == NULL && fgets(line, size, file))
		if (cut(line, fields, 7) && (name ? strcmp(fields[0], name) == 0 : strtoul(fields[2], NULL, 10) == uid))
			found = as_user(fields, user);
	if (file)
		fclose(file);
	return found;
}

static struct group *find_group(const char *name, gid_t gid, struct group *group, char *line, int size)
{
	FILE *file = fopen("/etc/group", "r");
	struct group *found = NULL;
	char *fields[4];
	while (file && found == NULL && fgets(line, size, file))
		if (cut(line, fields, 4) && (name ? strcmp(fields[0], name) == 0 : strtoul(fields[2], NULL, 10) == gid))
			found = as_group(fields, group);
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

static FILE *users, *groups;

/* The lines of a file one after the other (getpwent(3C)); it is opened by whoever asks first. */
static char *next_line(FILE **file, const char *path, char *line, int size)
{
	if (*file == NULL)
		*file = fopen(path, "r");
	return *file ? fgets(line, size, *file) : NULL;
}

static void close_lines(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

struct passwd *getpwent(void)
{
	char *fields[7];
	while (next_line(&users, "/etc/passwd", user_line, sizeof user_line))
		if (cut(user_line, fields, 7))
			return as_user(fields, &a_user);
	return NULL;
}

void setpwent(void)
{
	close_lines(&users);
}

void endpwent(void)
{
	close_lines(&users);
}

struct group *getgrent(void)
{
	char *fields[4];
	while (next_line(&groups, "/etc/group", group_line, sizeof group_line))
		if (cut(group_line, fields, 4))
			return as_group(fields, &a_group);
	return NULL;
}

void setgrent(void)
{
	close_lines(&groups);
}

void endgrent(void)
{
	close_lines(&groups);
}

int __posix_getgrgid_r(gid_t gid, struct group *group, char *line, size_t size, struct group **found)
{
	*found = find_group(NULL, gid, group, line, (int)size);
	return 0;
}

int __posix_getgrnam_r(const char *name, struct group *group, char *line, size_t size, struct group **found)
{
	*found = find_group(name, 0, group, line, (int)size);
	return 0;
}

struct passwd *getpwuid_r(uid_t uid, struct passwd *user, char *line, int size)
{
	return find_user(NULL, uid, user, line, size);
}

struct passwd *getpwnam_r(const char *name, struct passwd *user, char *line, int size)
{
	return find_user(name, 0, user, line, size);
}

struct group *getgrgid_r(gid_t gid, struct group *group, char *line, int size)
{
	return find_group(NULL, gid, group, line, size);
}

struct group *getgrnam_r(const char *name, struct group *group, char *line, int size)
{
	return find_group(name, 0, group, line, size);
}

/* The groups that list a user, and one more. */
int initgroups(const char *name, gid_t first)
{
	extern int setgroups(int, const gid_t *);
	gid_t list[16] = { first };
	int count = 1;
	setgrent();
	for (struct group *at; count < 16 && (at = getgrent()) != NULL;)
		for (char **member = at->gr_mem; *member; member++)
			if (strcmp(*member, name) == 0 && at->gr_gid != first) {
				list[count++] = at->gr_gid;
				break;
			}
	endgrent();
	return setgroups(count, list);
}

int getlogin_r(char *name, size_t size)
{
	struct passwd *user = getpwuid(getuid());
	if (user == NULL)
		return ENOENT;
	return strlcpy(name, user->pw_name, size) < size ? 0 : ERANGE;
}

int __posix_getlogin_r(char *name, size_t size)
{
	return getlogin_r(name, size);
}

char *getlogin(void)
{
	static char name[33];
	return getlogin_r(name, sizeof name) == 0 ? name : NULL;
}

char *cuserid(char *name)
{
	static char own[33];
	name = name ? name : own;
	if (getlogin_r(name, 33))
		*name = '\0';
	return name;
}
