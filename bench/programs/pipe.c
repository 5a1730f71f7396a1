/* pipe N: a byte goes N times from one process to another and back through two pipes. Status 1 if one is lost. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 1;
    int there[2], back[2];
    char byte = 'x';
    if (pipe(there) || pipe(back))
        return 2;
    if (!fork()) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
            ;
        _exit(0);
    }
    for (long i = 0; i < rounds; i++)
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            return 1;
    close(there[1]);
    wait(NULL);
    return 0;
}
