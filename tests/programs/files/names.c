/* Making, moving and removing names, and the errors of all that. */
#include "try.h"

#define AT AT_FDCWD

static char long_name[300], long_path[5000];

static void directories(void) {
    TRY(mkdirat, AT, "d", 0777);
    TRY(mkdirat, AT, "d", 0777);
    TRY(mkdirat, AT, "d/", 0777);
    TRY(mkdirat, AT, "d/e/", 01777);
    TRY(mkdirat, AT, "x/y", 0777);
    TRY(mkdirat, AT, "", 0777);
    TRY(mkdirat, AT, ".", 0777);
    TRY(mkdirat, AT, "..", 0777);
    TRY(mkdirat, AT, "/", 0777);
    TRY(mkdirat, AT, BAD, 0777);
    TRY(mkdirat, AT, long_name, 0777);
    TRY(mkdirat, AT, long_path, 0777);
    kind("d");
    kind("d/e");
    put("f", "file");
    TRY(mkdirat, AT, "f/x", 0777);
    TRY(mkdirat, AT, "f", 0777);
    TRY(mkdirat, AT, "f/", 0777);
    TRY(unlinkat, AT, "d", 0);
    TRY(unlinkat, AT, "d/", 0);
    TRY(unlinkat, AT, "d", AT_REMOVEDIR);
    TRY(unlinkat, AT, "f", AT_REMOVEDIR);
    TRY(unlinkat, AT, "f/", AT_REMOVEDIR);
    TRY(unlinkat, AT, "f/", 0);
    TRY(unlinkat, AT, "d/.", AT_REMOVEDIR);
    TRY(unlinkat, AT, "d/..", AT_REMOVEDIR);
    TRY(unlinkat, AT, "d/e", AT_REMOVEDIR | 0x1000);
    TRY(unlinkat, AT, "nothing", 0);
    TRY(unlinkat, AT, "nothing/", 0);
    TRY(unlinkat, AT, "nothing/at/all", 0);
    TRY(unlinkat, AT, "f/x", 0);
    TRY(unlinkat, AT, long_name, 0);
    TRY(unlinkat, 99, "f", 0);
    TRY(unlinkat, AT, "d/e/", AT_REMOVEDIR);
    TRY(unlinkat, AT, "d", AT_REMOVEDIR);
    kind("d");
    TRY(unlinkat, AT, "f", 0);
    kind("f");
}

static void links(void) {
    put("f", "contents");
    TRY(linkat, AT, "f", AT, "g", 0);
    TRY(linkat, AT, "f", AT, "g", 0);
    TRY(linkat, AT, "f", AT, "g/", 0);
    TRY(linkat, AT, "f", AT, "h/", 0);
    TRY(linkat, AT, "f/", AT, "h", 0);
    TRY(linkat, AT, "none", AT, "h", 0);
    TRY(linkat, AT, ".", AT, "h", 0);
    TRY(linkat, AT, "f", AT, "h", 1);
    kind("g");
    TRY(symlinkat, "f", AT, "s");
    TRY(symlinkat, "f", AT, "s");
    TRY(symlinkat, "", AT, "t");
    TRY(symlinkat, "f", AT, "t/");
    TRY(symlinkat, long_path, AT, "t");
    TRY(symlinkat, "loop", AT, "loop");
    TRY(symlinkat, "missing/file", AT, "dangling");
    TRY(symlinkat, ".", AT, "here");
    TRY(linkat, AT, "s", AT, "hard_to_link", 0);
    TRY(linkat, AT, "s", AT, "hard_to_file", AT_SYMLINK_FOLLOW);
    kind("hard_to_link");
    kind("hard_to_file");
    kind("s");
    char text[100] = "";
    TRY(readlinkat, AT, "s", text, sizeof text);
    printf("[%s]\n", text);
    TRY(readlinkat, AT, "dangling", text, 7);
    printf("[%.7s]\n", text);
    TRY(readlinkat, AT, "s", text, 0);
    TRY(readlinkat, AT, "s", text, -1);
    TRY(readlinkat, AT, "s", BAD, 10);
    TRY(readlinkat, AT, "f", text, 10);
    TRY(readlinkat, AT, ".", text, 10);
    TRY(readlinkat, AT, "s/", text, 10);
    TRY(readlinkat, AT, "here/", text, 10);
    TRY(readlinkat, AT, "", text, 10);
    TRY(readlinkat, AT, "loop", text, 10);
    get("s");
    get("loop");
    get("dangling");
    get("here/here/here/s");
    get("s/");
    get("s/x");
    get("here/f/");
    TRY(mkdirat, AT, "dangling", 0777);
    TRY(mkdirat, AT, "here/", 0777);
    TRY(unlinkat, AT, "s/", 0);
    TRY(unlinkat, AT, "here/", AT_REMOVEDIR);
    TRY(unlinkat, AT, "here", AT_REMOVEDIR);
    for (int i = 0; i < 41; i++) {
        char name[20], target[20];
        snprintf(name, sizeof name, "chain%d", i);
        snprintf(target, sizeof target, i ? "chain%d" : "f", i - 1);
        SHOW(symlink(target, name));
    }
    get("chain39");
    get("chain40");
    kind("chain40");
    SHOW(rmdir("chain1"));
    for (int i = 0; i < 41; i++) {
        char name[20];
        snprintf(name, sizeof name, "chain%d", i);
        unlink(name);
    }
    const char *all[] = {"f", "g", "s", "loop", "dangling", "here", "hard_to_link", "hard_to_file"};
    for (int i = 0; i < 8; i++)
        LIBC(unlink(all[i]));
}

static void moving(void) {
    put("a", "A");
    put("b", "B");
    mkdir("d", 0755);
    mkdir("d/sub", 0755);
    mkdir("e", 0755);
    put("e/in", "E");
    TRY(renameat2, AT, "a", AT, "c", 0);
    get("a");
    get("c");
    TRY(renameat2, AT, "c", AT, "b", 0);
    get("b");
    TRY(renameat2, AT, "b", AT, "b", 0);
    TRY(renameat2, AT, "none", AT, "c", 0);
    TRY(renameat2, AT, "b", AT, "d", 0);
    TRY(renameat2, AT, "d", AT, "b", 0);
    TRY(renameat2, AT, "d", AT, "e", 0);
    TRY(renameat2, AT, "d", AT, "d/sub/x", 0);
    TRY(renameat2, AT, "d/sub", AT, "d", 0);
    TRY(renameat2, AT, "d", AT, "d", 0);
    TRY(renameat2, AT, "b", AT, "c/", 0);
    TRY(renameat2, AT, "b/", AT, "c", 0);
    TRY(renameat2, AT, "d", AT, "dd/", 0);
    TRY(renameat2, AT, "dd/", AT, "d", 0);
    TRY(renameat2, AT, ".", AT, "c", 0);
    TRY(renameat2, AT, "d/..", AT, "c", 0);
    TRY(renameat2, AT, "b", AT, "d/.", 0);
    TRY(renameat2, AT, "", AT, "c", 0);
    TRY(renameat2, AT, "b", AT, "", 0);
    TRY(renameat2, AT, "b", AT, "none/c", 0);
    TRY(renameat2, AT, "b", AT, "b/c", 0);
    TRY(renameat2, AT, "b", AT, long_name, 0);
    TRY(renameat2, AT, "b", AT, "e/in", 1);
    TRY(renameat2, AT, "b", AT, "new", 1);
    TRY(renameat2, AT, "new", AT, "b", 0);
    TRY(renameat2, AT, "b", AT, "e/in", 2);
    get("b");
    get("e/in");
    TRY(renameat2, AT, "b", AT, "e", 2);
    kind("b");
    get("e");
    get("b/in");
    TRY(renameat2, AT, "b", AT, "none", 2);
    TRY(renameat2, AT, "b", AT, "b/in", 2);
    TRY(renameat2, AT, "b/in", AT, "b", 2);
    TRY(renameat2, AT, "b", AT, "e", 3);
    TRY(renameat2, AT, "b", AT, "e", 8);
    TRY(renameat2, AT, "e", AT, "b/in", 0);
    TRY(renameat2, AT, "b", AT, "d/sub", 0);
    get("d/sub/in");
    TRY(chdir, "d/sub");
    TRY(renameat2, AT, "../../d", AT, "../../moved", 0);
    char cwd[PATH_MAX];
    printf("%s\n", strstr(getcwd(cwd, sizeof cwd), "/moved/"));
    TRY(chdir, "../..");
    TRY(unlinkat, AT, "moved/sub/in", 0);
    TRY(unlinkat, AT, "moved/sub", AT_REMOVEDIR);
    TRY(unlinkat, AT, "moved", AT_REMOVEDIR);
}

static void unnamed(void) {
    int fd = open(".", O_TMPFILE | O_RDWR, 0640);
    SHOW(fd >= 0);
    struct stat st;
    fstat(fd, &st);
    printf("mode %o links %ld\n", st.st_mode, (long)st.st_nlink);
    SHOW(write(fd, "later", 5));
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    TRY(linkat, AT, link, AT, "named", AT_SYMLINK_FOLLOW);
    kind("named");
    get("named");
    SHOW(unlink("named"));
    TRY(linkat, fd, "", AT, "again", AT_EMPTY_PATH);
    close(fd);
    unlink("again");
    LIBC(open(".", O_TMPFILE | O_RDONLY, 0600));
    LIBC(open("nothing", O_TMPFILE | O_RDWR, 0600));
}

int main(void) {
    umask(022);
    memset(long_name, 'n', 256);
    for (int i = 0; i < 4999; i++)
        long_path[i] = i % 50 ? 'p' : '/';
    directories();
    links();
    moving();
    unnamed();
    return 0;
}
