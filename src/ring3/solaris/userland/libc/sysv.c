/* System V interprocess communication (msgget(2), semget(2), shmget(2)). */

#include "thread.h"

enum { MSGGET, MSGCTL, MSGRCV, MSGSND, MSGIDS };
enum { SEMCTL, SEMGET, SEMOP, SEMIDS, SEMTIMEDOP };
enum { SHMAT, SHMCTL, SHMDT, SHMGET, SHMIDS };
extern long __msgsys(int, long, long, long, long, long), __semsys(int, long, long, long, long), __shmsys(int, long, long, long);

int msgget(key_t key, int flags)
{
	return (int)__msgsys(MSGGET, key, flags, 0, 0, 0);
}

int msgctl(int id, int command, void *buffer)
{
	return (int)__msgsys(MSGCTL, id, command, (long)buffer, 0, 0);
}

int msgsnd(int id, const void *message, size_t size, int flags)
{
	return POINT(int, (int)__msgsys(MSGSND, id, (long)message, (long)size, flags, 0));
}

ssize_t msgrcv(int id, void *message, size_t size, long type, int flags)
{
	return POINT(ssize_t, __msgsys(MSGRCV, id, (long)message, (long)size, type, flags));
}

int msgids(int *buffer, unsigned room, unsigned *count)
{
	return (int)__msgsys(MSGIDS, (long)buffer, (long)room, (long)count, 0, 0);
}

int semget(key_t key, int count, int flags)
{
	return (int)__semsys(SEMGET, key, count, flags, 0);
}

int semctl(int id, int number, int command, ...)
{
	va_list arguments;
	va_start(arguments, command);
	long value = command == 8 ? va_arg(arguments, int) : va_arg(arguments, long);	/* SETVAL's is an int */
	va_end(arguments);
	return (int)__semsys(SEMCTL, id, number, command, value);
}

int semop(int id, void *operations, size_t count)
{
	return (int)__semsys(SEMOP, id, (long)operations, (long)count, 0);
}

int semtimedop(int id, void *operations, size_t count, const struct timespec *most)
{
	return (int)__semsys(SEMTIMEDOP, id, (long)operations, (long)count, (long)most);
}

int semids(int *buffer, unsigned room, unsigned *count)
{
	return (int)__semsys(SEMIDS, (long)buffer, (long)room, (long)count, 0);
}

int shmget(key_t key, size_t size, int flags)
{
	return (int)__shmsys(SHMGET, key, (long)size, flags);
}

void *shmat(int id, const void *address, int flags)
{
	return (void *)__shmsys(SHMAT, id, (long)address, flags);
}

int shmdt(const void *address)
{
	return (int)__shmsys(SHMDT, (long)address, 0, 0);
}

int shmctl(int id, int command, void *buffer)
{
	return (int)__shmsys(SHMCTL, id, command, (long)buffer);
}

int shmids(int *buffer, unsigned room, unsigned *count)
{
	return (int)__shmsys(SHMIDS, (long)buffer, (long)room, (long)count);
}
