/* tcp_echo N: a byte goes N times from one process to another and back over TCP on the loopback interface.
   Status 1 if one is lost. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char byte = 'x';
    if (bind(listener, (void *)&address, size) || listen(listener, 1) ||
        getsockname(listener, (void *)&address, &size))
        return 2;
    if (!fork()) {
        int end = accept(listener, NULL, NULL);
        setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        while (read(end, &byte, 1) == 1 && write(end, &byte, 1) == 1)
            ;
        _exit(0);
    }
    int end = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(end, (void *)&address, sizeof address))
        return 2;
    for (long i = 0; i < rounds; i++)
        if (write(end, &byte, 1) != 1 || read(end, &byte, 1) != 1)
            return 1;
    close(end);
    wait(NULL);
    return 0;
}
