/* What /proc/net tells of a program's sockets: the columns that do not depend on the machine. */
#include "sockets.h"

static void list(const char *name, const char *form, int columns) {
    char path[64], line[512], a[128], b[128], c[128], d[128] = "";
    snprintf(path, sizeof path, "/proc/net/%s", name);
    FILE *file = fopen(path, "r");
    fgets(line, sizeof line, file);
    for (; fgets(line, sizeof line, file); *d = 0)
        if (sscanf(line, form, a, b, c, d) >= columns)
            printf("%s: %s %s %s%s%s\n", name, a, b, c, *d ? " " : "", d);
    fclose(file);
}

int main(void) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(8080)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(8081)};
    inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
    int tcp = socket(AF_INET, SOCK_STREAM, 0), tcp6 = socket(AF_INET6, SOCK_STREAM, 0);
    int udp = socket(AF_INET, SOCK_DGRAM, 0), named = socket(AF_UNIX, SOCK_STREAM, 0);
    socket(AF_UNIX, SOCK_DGRAM, 0);
    bind(tcp, (void *)&four, sizeof four);
    listen(tcp, 1);
    bind(tcp6, (void *)&six, sizeof six);
    listen(tcp6, 1);
    bind(udp, (void *)&four, sizeof four);
    unix_bind(named, "@listed");
    listen(named, 1);
    list("tcp", " %*d: %127s %127s %127s", 3);
    list("tcp6", " %*d: %127s %127s %127s", 3);
    list("udp", " %*d: %127s %127s %127s", 3);
    list("unix", "%*s %*s %*s %127s %127s %127s %*d %127s", 3);
    char target[64];
    long size = readlink("/proc/net", target, sizeof target - 1);
    target[size < 0 ? 0 : size] = 0;
    printf("link: %d\n", !strcmp(target, "self/net"));
}
