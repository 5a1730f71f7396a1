/* What /proc/locks says of the program's own locks. */
#include "try.h"

#include <sys/file.h>

static int compare(const void *one, const void *two) { return strcmp(*(char **)one, *(char **)two); }

static void shown(const char *title) {
    static char lines[64][200], *mine[64];
    struct stat one, two;
    stat("one", &one);
    stat("two", &two);
    FILE *file = fopen("/proc/locks", "r");
    int count = 0;
    printf("-- %s\n", title);
    while (count < 64 && fgets(lines[count], sizeof *lines, file)) {
        long long number;
        int at = 0, end = 0, owner = 0;
        char *colon = strrchr(lines[count], ':');
        number = colon ? strtoll(colon + 1, NULL, 10) : 0;
        if (number != (long long)one.st_ino && number != (long long)two.st_ino)
            continue;
        sscanf(lines[count], "%*d: %n%*s %*s %*s %d %n", &at, &owner, &end);
        int own = owner == getpid();
        lines[count][end] = 0;
        char *pid = strrchr(lines[count] + at, ' ');
        while (pid[-1] != ' ')
            pid--;
        char *rest = strchr(colon, ' ');
        memmove(pid, own ? "own " : "-1 ", 5);
        sprintf(pid + strlen(pid), "%s%s", number == (long long)one.st_ino ? "one" : "two", rest);
        mine[count] = lines[count] + at;
        count++;
    }
    fclose(file);
    qsort(mine, count, sizeof *mine, compare);
    for (int n = 0; n < count; n++)
        printf("%s", mine[n]);
}

int main(void) {
    int one = open("one", O_RDWR | O_CREAT, 0644), two = open("two", O_RDWR | O_CREAT, 0644);
    struct flock lock = {F_RDLCK, SEEK_SET, 3, 10};
    shown("none");
    fcntl(one, F_SETLK, &lock);
    lock = (struct flock){F_WRLCK, SEEK_SET, 20, 0};
    fcntl(one, F_SETLK, &lock);
    shown("ranges");
    flock(two, LOCK_SH);
    lock = (struct flock){F_WRLCK, SEEK_SET, 0, 5, 0};
    fcntl(two, 37, &lock);
    shown("of an open file");
    flock(two, LOCK_EX);
    lock = (struct flock){F_UNLCK, SEEK_SET, 25, 5};
    fcntl(one, F_SETLK, &lock);
    shown("changed");
    close(two);
    shown("closed");
}
