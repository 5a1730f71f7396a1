/* What /proc tells of a child that has ended and is not waited for, and of process 1; signals for the former. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void rows(const char *pid, const char *const *names) {
    char path[64], row[256];
    snprintf(path, sizeof path, "/proc/%s/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(row, sizeof row, file))
        for (const char *const *name = names; *name; name++)
            if (!strncmp(row, *name, strlen(*name)) && row[strlen(*name)] == ':')
                printf("%s", row);
    if (file)
        fclose(file);
}

int main(void) {
    static const char *const of_zombie[] = {"Name", "Umask", "State", "FDSize", "Threads", "VmSize", "NoNewPrivs", 0};
    static const char *const of_init[] = {"Tgid", "Pid", "PPid", 0};
    static const char *const files[] = {"cmdline", "maps", "statm", "comm"};
    char pid[16], path[64], text[64];
    siginfo_t info;
    pid_t child = fork();
    if (!child)
        _exit(3);
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    snprintf(pid, sizeof pid, "%d", child);
    rows(pid, of_zombie);
    printf("killed: %d\n", kill(child, SIGUSR1));
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "/proc/%s/%s", pid, files[i]);
        FILE *file = fopen(path, "r");
        size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
        text[length] = 0;
        printf("%s: %d %s\n", files[i], file ? 0 : errno, text);
        if (file)
            fclose(file);
    }
    snprintf(path, sizeof path, "/proc/%s/exe", pid);
    printf("exe: %d", (int)readlink(path, text, sizeof text));
    printf(" error %d\n", errno);
    int listed = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(proc));)
        listed += !strcmp(entry->d_name, pid) || !strcmp(entry->d_name, "1");
    printf("listed %d\n", listed);
    waitpid(child, 0, 0);
    snprintf(path, sizeof path, "/proc/%s", pid);
    printf("afterwards %d\n", access(path, F_OK));
    rows("1", of_init);
    return 0;
}
