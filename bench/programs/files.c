/* files N: opens, reads and closes a file N times. Status 1 if that fails. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 1;
    char text[64];
    for (long i = 0; i < rounds; i++) {
        int file = open("/etc/passwd", O_RDONLY);
        if (file < 0 || read(file, text, sizeof text) <= 0 || close(file))
            return 1;
    }
    return 0;
}
