/* A thread that is not the first one of its process executes a program. */

#include <pthread.h>
#include <unistd.h>

static void *execute(void *unused)
{
	execl("/bin/true", "true", (char *)0);
	return unused;
}

int main(void)
{
	pthread_t thread;
	pthread_create(&thread, 0, execute, 0);
	for (;;)
		pause();
}
