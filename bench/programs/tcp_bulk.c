/* tcp_bulk N: N blocks of 64 KiB go from one process to another by TCP on the loopback interface. Status 1 if less comes. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 65536 };
static char block[BLOCK];

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 1, come = 0, size;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&name, length) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&name, &length))
        return 2;
    if (!fork()) {
        int sender = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(sender, (struct sockaddr *)&name, length))
            _exit(1);
        for (long i = 0; i < rounds; i++)
            for (long sent = 0; sent < BLOCK; sent += size)
                if ((size = write(sender, block + sent, BLOCK - sent)) <= 0)
                    _exit(1);
        _exit(0);
    }
    int receiver = accept(listener, NULL, NULL);
    while ((size = read(receiver, block, BLOCK)) > 0)
        come += size;
    wait(NULL);
    return come != rounds * BLOCK;
}
