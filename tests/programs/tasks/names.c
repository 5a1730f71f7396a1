/* What only the system itself can be asked: names of mappings, of the machine, quirks of a personality. */
#include "call.h"
#include <sys/mman.h>

static void maps(const char *word) {
    char line[400];
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof line, file))
        if (strstr(line, word))
            printf("%s\n", strstr(line, "[anon") ? strstr(line, "[anon") : "-");
    if (file)
        fclose(file);
}

static void mappings(void) {
    char *at = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRY(prctl, 0x53564d41, 0, at, 4096, "first name");
    TRY(prctl, 0x53564d41, 0, at + 4096, 1, "second");
    TRY(prctl, 0x53564d41, 0, at + 1, 4096, "odd");
    TRY(prctl, 0x53564d41, 0, at, 4096, "bad[name");
    TRY(prctl, 0x53564d41, 0, at, 4096, "bad\nname");
    TRY(prctl, 0x53564d41, 0, at, 4096, BAD);
    TRY(prctl, 0x53564d41, 0, at, 4096, "a name of eighty letters, which is one more than fits in the kernel, with its end........");
    TRY(prctl, 0x53564d41, 1, at, 4096, "x");
    TRY(prctl, 0x53564d41, 0, at, 0, "nothing");
    maps("[anon");
    TRY(prctl, 0x53564d41, 0, at, 4096, 0);
    maps("[anon");
}

static void machine(void) {
    char raw[6][65];
    TRY(sethostname, "short", 5);
    TRY(setdomainname, "a.domain", 8);
    TRY(sethostname, BAD, 3);
    TRY(sethostname, "", 65);
    TRY(uname, raw);
    printf("%s %s\n", raw[1], raw[5]);
    call(SYS_personality, 0x20000);
    TRY(uname, raw);
    printf("%s\n", raw[2]);
}

static void heap(void) {
    uintptr_t end = (uintptr_t)sbrk(0);
    TRY(prctl, 35, 7, end + 4096);
    printf("%d\n", (uintptr_t)sbrk(0) == end + 4096);
    TRY(prctl, 35, 6, end + 8192);
    TRY(prctl, 35, 5, 0x10000);
    TRY(prctl, 35, 1, end);
    TRY(prctl, 35, 7, 8);
}

static void log_and_absent(void) {
    char buffer[16];
    TRY(syslog, 10, 0, 0);
    TRY(syslog, 3, buffer, 16);
    TRY(syslog, 3, 0, 16);
    TRY(syslog, 3, buffer, -1);
    TRY(syslog, 8, 0, 0);
    TRY(syslog, 8, 0, 4);
    TRY(syslog, 11, 0, 0);
    TRY(acct, 0);
    TRY(vhangup);
    TRY(ioperm, 0, 0, 1);
    TRY(ioperm, 0x60, 1, 0);
    TRY(ioperm, 0xffff, 2, 0);
    TRY(iopl, 0);
    TRY(iopl, 4);
}

int main(void) {
    mappings();
    machine();
    heap();
    log_and_absent();
    return 0;
}
