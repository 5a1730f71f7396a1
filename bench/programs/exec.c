/* exec N: fork a child that runs this program anew, which ends at once, and wait for it, N times. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long times = argc > 1 ? atol(argv[1]) : 1;
    if (times < 0)
        return 3;
    for (long i = 0; i < times; i++) {
        int status;
        pid_t child = fork();
        if (child < 0)
            return 2;
        if (!child) {
            execl(argv[0], argv[0], "-1", (char *)NULL);
            _exit(4);
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 3)
            return 1;
    }
    return 0;
}
