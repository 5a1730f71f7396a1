/* sendfile, copy_file_range, statfs and what else moves or describes data. */
#include "try.h"

#include <sys/sendfile.h>
#include <sys/statfs.h>

int main(void) {
    put("a", "0123456789");
    int a = open("a", O_RDONLY), b = open("b", O_RDWR | O_CREAT | O_TRUNC, 0644);
    off_t offset = 2;
    LIBC(sendfile(b, a, &offset, 3));
    printf("%lld %lld\n", (long long)offset, (long long)lseek(a, 0, SEEK_CUR));
    LIBC(sendfile(b, a, NULL, 4));
    printf("%lld\n", (long long)lseek(a, 0, SEEK_CUR));
    LIBC(sendfile(b, a, NULL, 100));
    LIBC(sendfile(b, a, NULL, 100));
    get("b");
    offset = -1;
    LIBC(sendfile(b, a, &offset, 3));
    LIBC(sendfile(a, b, NULL, 3));
    LIBC(sendfile(99, a, NULL, 3));
    int p[2];
    pipe(p);
    lseek(a, 0, SEEK_SET);
    LIBC(sendfile(p[1], a, NULL, 5));
    char text[200] = "";
    LIBC(read(p[0], text, 100));
    printf("%s\n", text);
    write(p[1], "piped", 5);
    LIBC(sendfile(b, p[0], NULL, 5));
    int append = open("b", O_WRONLY | O_APPEND);
    LIBC(sendfile(append, a, NULL, 5));
    int c = open("c", O_RDWR | O_CREAT | O_TRUNC, 0644);
    long long in = 1, out = 4;
    LIBC(call(SYS_copy_file_range, a, &in, c, &out, 5, 0));
    printf("%lld %lld\n", in, out);
    lseek(a, 0, SEEK_SET);
    LIBC(call(SYS_copy_file_range, a, 0, c, 0, 3, 0));
    printf("%lld %lld\n", (long long)lseek(a, 0, SEEK_CUR), (long long)lseek(c, 0, SEEK_CUR));
    LIBC(lseek(c, 0, SEEK_END));
    pread(c, text, 9, 0);
    printf("%.3s %d %.5s\n", text, text[3], text + 4);
    LIBC(call(SYS_copy_file_range, a, 0, c, 0, 3, 1));
    LIBC(call(SYS_copy_file_range, a, 0, p[1], 0, 3, 0));
    LIBC(call(SYS_copy_file_range, c, 0, a, 0, 3, 0));
    in = 0, out = 2;
    LIBC(call(SYS_copy_file_range, c, &in, c, &out, 5, 0));
    int dir = open(".", O_RDONLY);
    LIBC(call(SYS_copy_file_range, dir, 0, c, 0, 3, 0));
    in = 100;
    LIBC(call(SYS_copy_file_range, a, &in, c, 0, 3, 0));
    struct statfs st;
    LIBC(statfs("a", &st));
    SHOW(st.f_bsize);
    SHOW(st.f_namelen);
    SHOW(st.f_blocks > 0 && st.f_bfree <= st.f_blocks);
    LIBC(fstatfs(a, &st));
    LIBC(statfs("none", &st));
    LIBC(fstatfs(99, &st));
    LIBC(statfs("/proc", &st));
    printf("%lx\n", (long)st.f_type);
    LIBC(fstatfs(p[0], &st));
    printf("%lx\n", (long)st.f_type);
    TRY(getxattr, "none", "user.x", text, 100);
    TRY(getxattr, "a", "", text, 100);
    TRY(listxattr, "none", text, 100);
    TRY(sync);
    TRY(syncfs, a);
    TRY(syncfs, 99);
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
    TRY(read, null, text, 10);
    TRY(write, null, text, 10);
    text[0] = 1;
    TRY(read, zero, text, 10);
    printf("%d\n", text[0]);
    TRY(write, zero, text, 10);
    TRY(write, full, text, 10);
    TRY(read, full, text, 10);
    LIBC(lseek(null, 100, SEEK_SET));
    LIBC(pread(zero, text, 5, 1000));
    int random = open("/dev/urandom", O_RDONLY);
    TRY(read, random, text, 16);
    TRY(ftruncate, null, 5);
    TRY(openat, AT_FDCWD, "/dev/null", O_CREAT | O_TRUNC | O_WRONLY, 0644);
    TRY(openat, AT_FDCWD, "/dev/null/x", O_RDONLY);
    TRY(mkdirat, AT_FDCWD, "/dev/null", 0755);
    return 0;
}
