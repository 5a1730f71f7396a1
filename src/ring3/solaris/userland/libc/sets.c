/* Sets of processes and of processors: signals and priorities for them (sigsend(2), priocntl(2), pset_bind(2)), projects. */

#include "solaris.h"

struct procset {
	int operation, left_type, left, right_type, right;
};
enum { POP_AND = 1, P_ALL = 7 };
enum { PSET_CREATE, PSET_DESTROY, PSET_ASSIGN, PSET_INFO, PSET_BIND, PSET_GETLOADAVG, PSET_LIST };
extern int sigsendset(const struct procset *, int);
extern long __priocntlsys(int, const struct procset *, int, void *, void *), __tasksys(int, long, int, void *, size_t);
extern long __pset(int, long, long, long, long, long);

int sigsend(int type, id_t id, int signal)
{
	struct procset set = { POP_AND, type, id, P_ALL, 0 };
	return sigsendset(&set, signal);
}

long __priocntlset(int version, const struct procset *set, int command, void *argument, ...)
{
	return __priocntlsys(version, set, command, argument, NULL);
}

long __priocntl(int version, int type, id_t id, int command, void *argument, ...)
{
	struct procset set = { POP_AND, type, id, P_ALL, 0 };
	return __priocntlsys(version, &set, command, argument, NULL);
}

long priocntl(int type, id_t id, int command, void *argument, ...)
{
	return __priocntl(1, type, id, command, argument);
}

int settaskid(int project, unsigned flags)
{
	return (int)__tasksys(0, project, (int)flags, NULL, 0);
}

int gettaskid(void)
{
	return (int)__tasksys(1, 0, 0, NULL, 0);
}

int getprojid(void)
{
	return (int)__tasksys(2, 0, 0, NULL, 0);
}

int pset_create(int *made)
{
	return (int)__pset(PSET_CREATE, (long)made, 0, 0, 0, 0);
}

int pset_destroy(int set)
{
	return (int)__pset(PSET_DESTROY, set, 0, 0, 0, 0);
}

int pset_assign(int set, int processor, int *before)
{
	return (int)__pset(PSET_ASSIGN, set, processor, (long)before, 0, 0);
}

int pset_info(int set, int *type, unsigned *count, int *processors)
{
	return (int)__pset(PSET_INFO, set, (long)type, (long)count, (long)processors, 0);
}

int pset_bind(int set, int type, id_t id, int *before)
{
	return (int)__pset(PSET_BIND, set, type, id, (long)before, 0);
}

int pset_list(int *list, unsigned *count)
{
	return (int)__pset(PSET_LIST, (long)list, (long)count, 0, 0, 0);
}
