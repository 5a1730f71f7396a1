/* Spends its time in functions whose names can be found: computing, reading, faulting pages in, waiting for a child. */

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) static unsigned long computes(unsigned long count)
{
    unsigned long sum = 0;
    for (unsigned long at = 0; at < count; at++) {
        sum = sum * 31 + at;
        __asm__ volatile("" : "+r"(sum));
    }
    return sum + (getppid() < 0); /* a call that has this function on its stack */
}

__attribute__((noinline)) static int reads(void)
{
    char bytes[64];
    int found = 0;
    int file = open("/proc/self/stat", O_RDONLY);
    for (int at = 0; at < 20; at++)
        found += pread(file, bytes, sizeof bytes, 0) > 0;
    close(file);
    return found;
}

__attribute__((noinline)) static int touches(void)
{
    static volatile char memory[1 << 20];
    for (unsigned at = 0; at < sizeof memory; at += 4096)
        memory[at] = 1;
    return memory[4096];
}

__attribute__((noinline)) static int waits(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(computes(100000) == 1);
    waitpid(child, &status, 0);
    return status;
}

int main(void)
{
    unsigned long sum = computes(3000000);
    return (reads() + touches() + waits() + (int)(sum & 0)) != 21;
}
