/* SO_PEERPIDFD: a descriptor of the process at the other end, living or not waited for, and of whom there is none. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static int ask(const char *what, int of)
{
    int found = -1;
    socklen_t size = sizeof found;
    int result = getsockopt(of, SOL_SOCKET, SO_PEERPIDFD, &found, &size);
    struct pollfd one = {found, POLLIN, 0};
    printf("%s: %d errno %d descriptor %d size %u", what, result, result ? errno : 0, found > of, size);
    if (!result)
        printf(" ended %d", poll(&one, 1, 0));
    printf("\n");
    return found;
}

int main(void)
{
    int pair[2];
    struct sockaddr_un name = {AF_UNIX, ""};
    siginfo_t end;
    memcpy(name.sun_path, "\0peer process", 13);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    ask("pair", pair[0]);
    ask("internet", socket(AF_INET, SOCK_STREAM, 0));
    ask("alone", socket(AF_UNIX, SOCK_STREAM, 0));
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listening, (struct sockaddr *)&name, sizeof(sa_family_t) + 13);
    listen(listening, 1);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        int connected = socket(AF_UNIX, SOCK_STREAM, 0);
        connect(connected, (struct sockaddr *)&name, sizeof(sa_family_t) + 13);
        ask("listener", connected);
        fflush(stdout);
        _exit(0);
    }
    waitid(P_PID, child, &end, WEXITED | WNOWAIT);
    ask("ended", accept(listening, NULL, NULL));
    return 0;
}
