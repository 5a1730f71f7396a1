/* Resource controls, of which a process has those of its limits (getrctl(2)). */

#include "solaris.h"

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
