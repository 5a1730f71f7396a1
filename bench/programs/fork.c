/* fork N: fork a child that ends at once and wait for it, N times. Status 1 if one ended otherwise. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long times = argc > 1 ? atol(argv[1]) : 1;
    for (long i = 0; i < times; i++) {
        int status;
        pid_t child = fork();
        if (child < 0)
            return 2;
        if (!child)
            _exit(i & 127);
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != (i & 127))
            return 1;
    }
    return 0;
}
