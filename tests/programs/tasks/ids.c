/* Users and groups: every call of the family with what it may and may not do, for user 0 and for others. */
#include "call.h"

#ifdef __i386__
#define NEW(name) name##32
#else
#define NEW(name) name
#endif
#define ID(name, ...) TRY2(NEW(name), ##__VA_ARGS__)
#define TRY2(name, ...) TRY3(name, ##__VA_ARGS__)
#define TRY3(name, ...) printf("%s(%s) = %ld\n", #name, #__VA_ARGS__, call(SYS_##name, ##__VA_ARGS__))
#define NUMBER2(name) SYS_##name
#define NUMBER(name) NUMBER2(name)

static void show(void) {
    uint32_t u[3], g[3], groups[40];
    call(NUMBER(NEW(getresuid)), &u[0], &u[1], &u[2]);
    call(NUMBER(NEW(getresgid)), &g[0], &g[1], &g[2]);
    long fsuid = call(NUMBER(NEW(setfsuid)), -1), fsgid = call(NUMBER(NEW(setfsgid)), -1);
    struct cap_header header = {CAPS_3, 0};
    struct cap_data data[2];
    call(SYS_capget, &header, data);
    printf("  uid %u %u %u fs %ld, gid %u %u %u fs %ld, caps %x %x %x, groups", u[0], u[1], u[2], fsuid, g[0], g[1], g[2],
           fsgid, data[0].effective, data[0].permitted, data[0].inheritable);
    long n = call(NUMBER(NEW(getgroups)), 40, groups);
    for (long i = 0; i < n; i++)
        printf(" %u", groups[i]);
    printf(", dumpable %ld\n", call(SYS_prctl, 3));
}
#define DO(name, ...) (TRY2(NEW(name), ##__VA_ARGS__), show())

static void users(void) {
    DO(setresuid, 10, 20, 30);
    DO(setuid, 10);
    DO(setuid, 40);
    DO(setuid, 30);
    DO(setuid, 20);
    DO(setreuid, -1, 10);
    DO(setreuid, 10, -1);
    DO(setreuid, 20, -1);
    DO(setreuid, -1, 77);
    DO(setresuid, -1, -1, 10);
    DO(setresuid, 10, 10, 10);
    DO(setresuid, -1, 20, -1);
    DO(setuid, -1);
}

static void one_way(void) { DO(setuid, 1000); DO(setuid, 0); DO(setreuid, 0, 0); DO(setresuid, 0, 0, 0); }


static void saved(void) {
    DO(setresuid, -1, 1000, -1);
    DO(setresuid, -1, 0, -1);
    DO(setreuid, 1000, 0);
    DO(setreuid, -1, 1000);
    DO(setreuid, 5, -1);
    DO(setreuid, -1, 0);
    DO(setreuid, 5, 6);
    DO(setreuid, 6, 5);
}

static void groups_of_root(void) {
    DO(setresgid, 10, 20, 30);
    DO(setregid, 20, 10);
    DO(setregid, -1, 40);
    DO(setregid, 50, -1);
    DO(setgid, 60);
    uint32_t list[4] = {9, 70000, 3, 3};
    DO(setgroups, 4, list);
    list[1] = -1;
    DO(setgroups, 4, list);
    DO(setgroups, 0, BAD);
    DO(setgroups, -1, BAD);
    DO(setgroups, 65537, BAD);
    DO(setgroups, 1, BAD);
    DO(setgid, -1);
}

static void groups_of_user(void) {
    uint32_t list[4] = {9, 8, 7, 6};
    DO(setgroups, 4, list);
    DO(setresgid, 10, 20, 30);
    DO(setuid, 1000);
    DO(setgid, 20);
    DO(setgid, 10);
    DO(setgid, 30);
    DO(setgid, 99);
    DO(setregid, 10, 30);
    DO(setregid, 30, -1);
    DO(setregid, 99, -1);
    DO(setregid, -1, 99);
    DO(setregid, 10, 10);
    DO(setresgid, 99, -1, -1);
    DO(setresgid, -1, -1, -1);
    DO(setresgid, 10, 30, 10);
    DO(setgroups, 2, list);
    DO(setgroups, -1, list);
    ID(getgroups, -1, list);
    ID(getgroups, 0, BAD);
    ID(getgroups, 3, list);
    ID(getgroups, 4, BAD);
    ID(getresuid, list, BAD, list);
    ID(getresgid, BAD, list, list);
}

static void fs_ids(void) {
    DO(setfsuid, 1000);
    DO(setfsuid, 0);
    DO(setfsgid, 1000);
    DO(setresuid, -1, -1, -1);
    DO(setresuid, -1, 0, -1);
    DO(setfsuid, 77);
    DO(setuid, 1000);
    DO(setfsuid, 0);
    DO(setfsuid, 1000);
    DO(setfsgid, 0);
    DO(setfsgid, 5);
}

static void keep_caps(void) {
    TRY(prctl, 8, 1);
    DO(setresuid, 1000, 1000, 1000);
    TRY(prctl, 7);
    DO(setresuid, 1, 1, 1);
    struct cap_header header = {CAPS_3, 0};
    struct cap_data data[2] = {{0x80, 0x1e3, 0x83}};
    TRY(capset, &header, data);
    show();
    DO(setresuid, 7, 8, 9);
    DO(setuid, 0);
    TRY(prctl, 8, 2);
}

static void no_fixup(void) {
    TRY(prctl, 28, 4);
    TRY(prctl, 27);
    DO(setresuid, 1000, 1000, 1000);
    DO(setfsuid, 4);
    DO(setfsuid, 0);
}

static void ids16(void) {
#ifdef __i386__
    uint16_t r = 1, e = 2, s = 3, list[4];
    uint32_t wide[3] = {70000, 5, 65535};
    call(SYS_setgroups32, 3, wide);
    call(SYS_setresgid32, 70001, 65535, 9);
    call(SYS_setresuid32, 70001, 0, 70000);
    TRY(getuid);
    TRY(geteuid);
    TRY(getgid);
    TRY(getegid);
    TRY(getresuid, &r, &e, &s);
    printf("%u %u %u\n", r, e, s);
    TRY(getresgid, &r, &e, &s);
    printf("%u %u %u\n", r, e, s);
    memset(list, 0, sizeof list);
    TRY(getgroups, 3, list);
    printf("%u %u %u %u\n", list[0], list[1], list[2], list[3]);
    TRY(getgroups, 2, list);
    TRY(setgroups, 2, list);
    list[1] = 65535;
    TRY(setgroups, 2, list);
    TRY(setfsuid, 65535);
    TRY(setfsuid, 17);
    TRY(setfsuid, 18);
    TRY(setfsgid, 0x10012);
    TRY(setfsgid, 3);
    show();
    TRY(setreuid, 65535, 65535);
    show();
    TRY(setregid, 65535, 12);
    TRY(setgid, 65535);
    TRY(setgid, 0x10011);
    show();
    TRY(setresgid, 1, 65535, 3);
    TRY(setresuid, 1, 65535, 3);
    show();
    TRY(setreuid, 4, 5);
    TRY(setuid, 0);
    TRY(setuid, 65535);
    TRY(setuid, 4);
    show();
#endif
}

int main(void) {
    int root = geteuid() == 0;
    if (root) {
        few_capabilities();
        call(NUMBER(NEW(setgroups)), 0, 0);
        call(NUMBER(NEW(setresgid)), 0, 0, 0);
    }
    show();
    in_child("users", users);
    in_child("one way", one_way);
    in_child("saved", saved);
    in_child("groups of root", groups_of_root);
    in_child("groups of a user", groups_of_user);
    in_child("fs ids", fs_ids);
    in_child("keep caps", keep_caps);
    in_child("no fixup", no_fixup);
    in_child("ids of 16 bits", ids16);
    return 0;
}
