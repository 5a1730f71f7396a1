/* A connection to itself with five bytes, one that is refused, and a message of three bytes, all on the loopback. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in bound(int fd)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd, (struct sockaddr *)&at, sizeof at);
    getsockname(fd, (struct sockaddr *)&at, &size);
    return at;
}

int main(void)
{
    char buffer[8];
    int listening = socket(AF_INET, SOCK_STREAM, 0), calling = socket(AF_INET, SOCK_STREAM, 0);
    int refused = socket(AF_INET, SOCK_STREAM, 0), message = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in at = bound(listening), nobody = at, here = bound(message);
    listen(listening, 1);
    connect(calling, (struct sockaddr *)&at, sizeof at);
    int called = accept(listening, NULL, NULL);
    write(calling, "hello", 5);
    read(called, buffer, sizeof buffer);
    nobody.sin_port = htons(1);
    connect(refused, (struct sockaddr *)&nobody, sizeof nobody);
    sendto(message, "abc", 3, 0, (struct sockaddr *)&here, sizeof here);
    recv(message, buffer, sizeof buffer, 0);
    return 0;
}
