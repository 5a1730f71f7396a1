/* What inotify(7) tells of files and directories: names, contents, attributes, renames, and what ends a watch. */
#include "try.h"

#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/time.h>

static int queue;

/* All events so far; cookies as they come, the first one is 1. */
static void told(const char *title) {
    char room[4096];
    unsigned first = 0;
    int waiting = 0;
    ioctl(queue, FIONREAD, &waiting);
    ssize_t length = read(queue, room, sizeof room);
    printf("%s: %d bytes waited, %d read\n", title, waiting, (int)(length < 0 ? -errno : length));
    for (char *at = room; length > 0 && at < room + length;) {
        struct inotify_event *event = (void *)at;
        if (!first)
            first = event->cookie;
        printf("  wd %d mask %x cookie %u len %u %s\n", event->wd, event->mask, event->cookie ? event->cookie - first + 1 : 0,
               event->len, event->len ? event->name : "");
        at += sizeof *event + event->len;
    }
}

static void store(const char *path, const char *text, int flags) {
    int file = open(path, O_WRONLY | O_CREAT | flags, 0644);
    write(file, text, strlen(text));
    close(file);
}

int main(void) {
    char byte, small[8];
    mkdir("folder", 0755);
    mkdir("other", 0755);
    store("folder/file", "text", 0);
    int before = open("folder/file", O_RDWR);
    queue = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    SHOW(inotify_add_watch(queue, "folder", 0));
    SHOW(inotify_add_watch(queue, "missing", IN_ACCESS));
    SHOW(inotify_add_watch(queue, "folder/file", IN_ALL_EVENTS | IN_ONLYDIR));
    SHOW(inotify_add_watch(1, "folder", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(99, "folder", IN_ALL_EVENTS));
    SHOW(inotify_init1(1));
    SHOW(inotify_add_watch(queue, "folder", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(queue, "folder/file", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(queue, "other", IN_MOVED_TO | IN_CREATE));
    SHOW(inotify_add_watch(queue, "other", IN_MOVE | IN_MASK_ADD));
    SHOW(inotify_add_watch(queue, "other", IN_MOVE | IN_MASK_CREATE));
    told("nothing yet");
    read(before, &byte, 1);
    write(before, "x", 1);
    told("a descriptor from before");
    SHOW((int)read(queue, small, sizeof small));
    store("folder/new", "some", 0);
    told("a new file");
    store("folder/new", "more", O_TRUNC);
    told("cut and written");
    chmod("folder/file", 0600);
    truncate("folder/file", 2);
    told("attributes and size");
    mkdir("folder/inner", 0755);
    symlink("file", "folder/link");
    link("folder/file", "folder/second");
    told("names");
    read(queue, small, 0);
    rename("folder/new", "folder/newer");
    rename("folder/newer", "other/newest");
    rename("other/newest", "folder/second");
    told("renames");
    unlink("folder/link");
    rmdir("folder/inner");
    unlink("folder/file");
    told("removals of a file that is open");
    close(before);
    told("and is closed");
    rename("folder", "moved");
    told("the folder itself");
    store("moved/once", "1", 0);
    SHOW(inotify_add_watch(queue, "moved/once", IN_ATTRIB | IN_ONESHOT));
    told("before");
    chmod("moved/once", 0600);
    chmod("moved/once", 0644);
    told("once");
    SHOW(inotify_rm_watch(queue, 3));
    SHOW(inotify_rm_watch(queue, 3));
    told("no more");
    unlink("moved/once");
    unlink("moved/second");
    SHOW(rmdir("moved"));
    told("the end");
    struct pollfd one = {queue, POLLIN, 0};
    SHOW(poll(&one, 1, 0));
    SHOW(rmdir("other"));
    return 0;
}
