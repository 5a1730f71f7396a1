/* unix_echo N: a byte goes N times from one process to another and back through a pair of AF_UNIX sockets.
   Status 1 if one is lost. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 1;
    int ends[2];
    char byte = 'x';
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return 2;
    if (!fork()) {
        close(ends[0]);
        while (read(ends[1], &byte, 1) == 1 && write(ends[1], &byte, 1) == 1)
            ;
        _exit(0);
    }
    close(ends[1]);
    for (long i = 0; i < rounds; i++)
        if (write(ends[0], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
            return 1;
    close(ends[0]);
    wait(NULL);
    return 0;
}
