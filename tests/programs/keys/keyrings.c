/* keyrings: makes, finds, links, changes and ends keys, and prints what each call answers. Numbers of keys are drawn at
   random: they are shown by the names that they get here. */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    long serial;
    const char *name;
} known[32];
static int count;

static const char *name_of(long serial) {
    for (int i = 0; i < count; i++)
        if (known[i].serial == serial)
            return known[i].name;
    return NULL;
}

static long say(const char *what, long answer) {
    if (answer < 0)
        printf("%s: %s\n", what, strerror(errno));
    else if (name_of(answer))
        printf("%s: %s\n", what, name_of(answer));
    else if (answer > 65536)
        printf("%s: a number\n", what);
    else
        printf("%s: %ld\n", what, answer);
    return answer;
}

static long named(const char *name, long answer) {
    if (answer > 0 && !name_of(answer)) {
        known[count].serial = answer;
        known[count++].name = name;
    }
    return say(name, answer);
}

#define add(type, text, data, ring) syscall(SYS_add_key, type, text, data, data ? strlen(data) : 0, ring)
#define ctl(...) syscall(SYS_keyctl, __VA_ARGS__)

static void describe(const char *what, long key) {
    char text[300] = "";
    if (say(what, ctl(KEYCTL_DESCRIBE, key, text, sizeof text)) > 0)
        printf("  %s\n", text);
}

static void read_key(const char *what, long key) {
    char text[300] = "";
    long got = ctl(KEYCTL_READ, key, text, sizeof text);
    say(what, got);
    if (got > 0)
        printf("  %.*s\n", (int)got, text);
}

static void list(const char *what, long ring) {
    int serials[64];
    say("part of a number", ctl(KEYCTL_READ, ring, serials, 6));
    long got = ctl(KEYCTL_READ, ring, serials, sizeof serials);
    printf("%s: %ld:", what, got < 0 ? got : got / 4);
    for (int n = 0; n < count; n++) /* Linux orders them by a hash */
        for (long i = 0; i < got / 4; i++)
            if (serials[i] == known[n].serial)
                printf(" %s", known[n].name);
    puts("");
}

static void refused(void) {
    char big[5000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    say("no such kind", add("nonsense", "a", "b", KEY_SPEC_THREAD_KEYRING));
    say("kind of the kernel", add(".hidden", "a", "b", KEY_SPEC_THREAD_KEYRING));
    say("empty kind", add("", "a", "b", KEY_SPEC_THREAD_KEYRING));
    say("long kind", add(big, "a", "b", KEY_SPEC_THREAD_KEYRING));
    say("bad kind", syscall(SYS_add_key, (void *)8, "a", "b", 1, KEY_SPEC_THREAD_KEYRING));
    say("long text", add("user", big, "b", KEY_SPEC_THREAD_KEYRING));
    say("empty text", add("user", "", "b", KEY_SPEC_THREAD_KEYRING));
    say("no text", add("user", NULL, "b", KEY_SPEC_THREAD_KEYRING));
    say("hidden keyring", add("keyring", ".a", NULL, KEY_SPEC_THREAD_KEYRING));
    say("no payload", add("user", "a", NULL, KEY_SPEC_THREAD_KEYRING));
    say("keyring with payload", add("keyring", "a", "b", KEY_SPEC_THREAD_KEYRING));
    say("login without service", add("logon", "nothing", "b", KEY_SPEC_THREAD_KEYRING));
    say("login with empty service", add("logon", ":rest", "b", KEY_SPEC_THREAD_KEYRING));
    say("bad payload", syscall(SYS_add_key, "user", "a", (void *)8, 4, KEY_SPEC_THREAD_KEYRING));
    say("huge payload", syscall(SYS_add_key, "user", "a", (void *)8, 1 << 20, KEY_SPEC_THREAD_KEYRING));
    say("large payload", syscall(SYS_add_key, "user", "a", big, 32768, KEY_SPEC_THREAD_KEYRING) < 0 ? -1 : 0);
    say("group keyring", add("user", "a", "b", KEY_SPEC_GROUP_KEYRING));
    say("authority", add("user", "a", "b", KEY_SPEC_REQKEY_AUTH_KEY));
    say("requestor", add("user", "a", "b", KEY_SPEC_REQUESTOR_KEYRING));
    say("keyring -9", add("user", "a", "b", -9));
    say("keyring 0", add("user", "a", "b", 0));
    say("no such keyring", add("user", "a", "b", 1));
    say("operation 99", ctl(99, 0, 0, 0, 0));
}

static void life(long ring) {
    long key = named("key", add("user", "mine", "secret", ring));
    describe("describe", key);
    read_key("read", key);
    say("add again", add("user", "mine", "changed", ring));
    read_key("read changed", key);
    say("update", ctl(KEYCTL_UPDATE, key, "once more", 9));
    read_key("read updated", key);
    say("update with nothing", ctl(KEYCTL_UPDATE, key, NULL, 0));
    say("update too large", ctl(KEYCTL_UPDATE, key, "x", 5000));
    say("update a keyring", ctl(KEYCTL_UPDATE, ring, "x", 1));
    say("room for less", ctl(KEYCTL_READ, key, (void *)8, 3));
    say("bad room", ctl(KEYCTL_READ, key, (void *)8, 300));
    say("label", ctl(KEYCTL_GET_SECURITY, key, NULL, 0));
    say("bad rights", ctl(KEYCTL_SETPERM, key, 0x80000000));
    say("rights", ctl(KEYCTL_SETPERM, key, 0x3f000000));
    describe("describe rights", key);
    say("rights without reading", ctl(KEYCTL_SETPERM, key, 0x35000000));
    read_key("read without right", key);
    say("update without right", ctl(KEYCTL_UPDATE, key, "x", 1));
    say("revoke without right to write", ctl(KEYCTL_REVOKE, key));
    describe("describe revoked", key);
    say("link revoked", ctl(KEYCTL_LINK, key, ring));
    say("unlink revoked", ctl(KEYCTL_UNLINK, key, ring));
    long login = named("login", add("logon", "service:me", "password", ring));
    describe("describe login", login);
    read_key("read login", login);
    long ending = named("ending", add("user", "ending", "payload", ring));
    say("time", ctl(KEYCTL_SET_TIMEOUT, ending, 1000));
    describe("describe ending", ending);
    say("invalidate", ctl(KEYCTL_INVALIDATE, ending));
    ctl(KEYCTL_UNLINK, ending, ring); /* Linux may have done that by now */
}

static void rings(long ring) {
    long inner = named("inner", add("keyring", "inner", NULL, ring));
    describe("describe inner", inner);
    long deep = named("deep", add("user", "deep", "found", inner));
    list("inner", inner);
    say("circle", ctl(KEYCTL_LINK, ring, inner));
    say("itself", ctl(KEYCTL_LINK, inner, inner));
    say("link into key", ctl(KEYCTL_LINK, inner, deep));
    say("search", ctl(KEYCTL_SEARCH, ring, "user", "deep", 0));
    say("search what is not", ctl(KEYCTL_SEARCH, ring, "user", "shallow", 0));
    say("search in key", ctl(KEYCTL_SEARCH, deep, "user", "deep", 0));
    say("search kind", ctl(KEYCTL_SEARCH, ring, "nonsense", "deep", 0));
    say("search keyring", ctl(KEYCTL_SEARCH, ring, "keyring", "inner", 0));
    say("request", syscall(SYS_request_key, "user", "deep", NULL, KEY_SPEC_PROCESS_KEYRING));
    list("process", KEY_SPEC_PROCESS_KEYRING);
    say("request what is not", syscall(SYS_request_key, "user", "shallow", NULL, 0));
    say("request kind", syscall(SYS_request_key, "nonsense", "shallow", NULL, 0));
    say("request a keyring", syscall(SYS_request_key, "keyring", "shallow", "info", 0));
    say("unlink what is not there", ctl(KEYCTL_UNLINK, deep, ring));
    say("unlink from key", ctl(KEYCTL_UNLINK, deep, deep));
    say("move", ctl(KEYCTL_MOVE, deep, inner, ring, 0));
    say("move again", ctl(KEYCTL_MOVE, deep, inner, ring, 0));
    say("move flags", ctl(KEYCTL_MOVE, deep, ring, inner, 2));
    say("move over", ctl(KEYCTL_MOVE, deep, ring, KEY_SPEC_PROCESS_KEYRING, KEYCTL_MOVE_EXCL));
    list("ring", ring);
    list("inner moved", inner);
    long other = named("inner again", add("keyring", "inner", NULL, ring));
    say("close", ctl(KEYCTL_RESTRICT_KEYRING, other, NULL, NULL));
    say("close again", ctl(KEYCTL_RESTRICT_KEYRING, other, NULL, NULL));
    say("close key", ctl(KEYCTL_RESTRICT_KEYRING, deep, NULL, NULL));
    say("close by kind", ctl(KEYCTL_RESTRICT_KEYRING, ring, "user", "x"));
    say("link into closed", ctl(KEYCTL_LINK, deep, other));
    say("add to closed", add("user", "late", "x", other));
    say("clear key", ctl(KEYCTL_CLEAR, deep));
    say("clear", ctl(KEYCTL_CLEAR, ring));
    list("cleared", ring);
    long chain = ring;
    for (int i = 0; i < 8; i++)
        chain = add("keyring", "chain", NULL, chain);
    say("too deep", ctl(KEYCTL_LINK, ring, KEY_SPEC_PROCESS_KEYRING) < 0 ? -1 : 0);
    say("clear chain", ctl(KEYCTL_CLEAR, ring));
}

static void children(long ring) {
    fflush(stdout);
    if (!fork()) {
        say("thread's in child", ctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0));
        say("process's in child", ctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0));
        say("session's in child", ctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
        say("session to parent", ctl(KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? -1 : ctl(KEYCTL_SESSION_TO_PARENT));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    printf("another session: %d\n", ctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) != ring);
    long same = ctl(KEYCTL_JOIN_SESSION_KEYRING, "ring3-test");
    describe("named session", same);
    say("hidden session", ctl(KEYCTL_JOIN_SESSION_KEYRING, ".ring3-test"));
    fflush(stdout);
    if (!fork()) {
        setgid(65534);
        setuid(65534);
        say("key of another user", ctl(KEYCTL_DESCRIBE, same, NULL, 0) < 0 ? -1 : 0);
        say("rights of another user's", ctl(KEYCTL_SETPERM, same, 0x3f3f0000));
        say("owner of another user's", ctl(KEYCTL_CHOWN, same, 65534, -1));
        long own = add("user", "nobody's", "x", KEY_SPEC_PROCESS_KEYRING);
        describe("own key", own);
        say("given away", ctl(KEYCTL_CHOWN, own, 1, -1));
        say("other group", ctl(KEYCTL_CHOWN, own, -1, 1));
        say("own group", ctl(KEYCTL_CHOWN, own, -1, 65534));
        say("bits of kept keyring", ctl(KEYCTL_GET_PERSISTENT, 0, KEY_SPEC_PROCESS_KEYRING));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

int main(void) {
    unsigned char can[4] = {9, 9, 9, 9};
    named("session", ctl(KEYCTL_JOIN_SESSION_KEYRING, NULL));
    long session = known[0].serial;
    describe("describe session", session);
    refused();
    say("thread's, none", ctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0));
    named("thread's", ctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 1));
    named("process's", ctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
    describe("describe thread's", KEY_SPEC_THREAD_KEYRING);
    describe("describe process's", KEY_SPEC_PROCESS_KEYRING);
    describe("describe user's", KEY_SPEC_USER_KEYRING);
    describe("describe user's session", KEY_SPEC_USER_SESSION_KEYRING);
    life(session);
    rings(session);
    say("default", ctl(KEYCTL_SET_REQKEY_KEYRING, KEY_REQKEY_DEFL_USER_KEYRING));
    say("default before", ctl(KEYCTL_SET_REQKEY_KEYRING, KEY_REQKEY_DEFL_NO_CHANGE));
    say("default group", ctl(KEYCTL_SET_REQKEY_KEYRING, KEY_REQKEY_DEFL_GROUP_KEYRING));
    say("default 8", ctl(KEYCTL_SET_REQKEY_KEYRING, 8));
    say("no authority", ctl(KEYCTL_ASSUME_AUTHORITY, 0));
    say("negative authority", ctl(KEYCTL_ASSUME_AUTHORITY, -1));
    say("instantiate", ctl(KEYCTL_INSTANTIATE, session, "x", 1, 0));
    say("negate", ctl(KEYCTL_NEGATE, session, 1, 0));
    say("reject", ctl(KEYCTL_REJECT, session, 1, ENOKEY, 0));
    say("reject with 512", ctl(KEYCTL_REJECT, session, 1, 512, 0));
    say("abilities", ctl(KEYCTL_CAPABILITIES, can, sizeof can));
    printf("zeros behind: %d %d\n", can[2], can[3]);
    children(session);
    return 0;
}
