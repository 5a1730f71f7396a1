/* mmap(2) and munmap(2): every flag that programs use, what is refused, and the rows of /proc/self/maps. */
#include "memory.h"

static void placed(void) {
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    memset(AT(0), 'a', 4 * PAGE);
    MAP(AT(1), PAGE, RW, ANON | MAP_FIXED, -1, 0);
    printf("%d %d %d\n", AT(0)[0], AT(1)[0], AT(2)[0]);
    rows("replaced in the middle");
    MAP(AT(3), 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    MAP(AT(4), 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    MAP(AT(8), PAGE, RW, ANON, -1, 0);
    MAP(AT(8), PAGE, RW, ANON, -1, 0);
    MAP(AT(10) + 5, PAGE, RW, ANON, -1, 0);
    MAP(AT(12) + 5, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(12) + 5, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    MAP(AT(14), 1, PROT_READ, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
    MAP(AT(16), PAGE + 1, RW, ANON | MAP_FIXED | MAP_LOCKED, -1, 0);
    MAP(AT(20), PAGE, PROT_NONE, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
    MAP(AT(22), PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    MAP(AT(23), PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    MAP(AT(24), PAGE, PROT_EXEC, ANON | MAP_FIXED, -1, 0);
    MAP(AT(26), PAGE, PROT_WRITE, ANON | MAP_FIXED | MAP_STACK | MAP_NONBLOCK, -1, 0);
    rows("placed");
    resident("touched", AT(0), 4);
    resident("populated", AT(14), 1);
    resident("locked", AT(16), 2);
    resident("fresh", AT(20), 1);
    TOUCH(AT(14), 1);
    TOUCH(AT(20), 0);
    TOUCH(AT(26), 0);
    TOUCH(AT(24), 1);
}

static void refused(void) {
    MAP(AT(0), 0, RW, ANON, -1, 0);
    MAP(AT(0), PAGE, RW, MAP_ANONYMOUS, -1, 0);
    MAP(AT(0), PAGE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, -1, 0);
    MAP(AT(0), PAGE, RW, MAP_ANONYMOUS | 15, -1, 0);
    MAP(AT(0), -1L, RW, ANON, -1, 0);
    MAP(AT(0), -PAGE, RW, ANON, -1, 0);
    MAP(-PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(-PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    MAP(AT(0), PAGE, RW, MAP_PRIVATE, -1, 0);
    MAP(AT(0), PAGE, RW, SHARED | MAP_GROWSDOWN, -1, 0);
    MAP(AT(0), PAGE, RW, ANON | MAP_FIXED | MAP_HUGETLB | 1 << 31, -1, 0); /* no size of 2 bytes */
    MAP(AT(0), PAGE, -1, ANON | MAP_FIXED, -1, 0);
    rows("all that could be asked for");
    TRY(munmap, AT(0) + 1, PAGE);
    TRY(munmap, AT(0), 0);
    TRY(munmap, AT(0), -1L);
    TRY(munmap, -PAGE, PAGE);
    TRY(munmap, AT(0), -PAGE);
    TRY(munmap, AT(2), PAGE);
    TRY(munmap, AT(0), 1);
    rows("nothing");
}

static void cut(void) {
    MAP(AT(0), 16 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    for (int page = 0; page < 16; page++)
        AT(page)[7] = 'a' + page;
    TRY(munmap, AT(2), PAGE);
    TRY(munmap, AT(5), 2 * PAGE);
    TRY(munmap, AT(14), 10 * PAGE);
    rows("cut");
    TRY(munmap, AT(4), 4 * PAGE);
    rows("cut again");
    printf("%c %c %c %c\n", AT(1)[7], AT(3)[7], AT(8)[7], AT(13)[7]);
    MAP(AT(2), PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    MAP(AT(4), 4 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    rows("whole");
    printf("%c %d %c %d\n", AT(1)[7], AT(2)[7], AT(3)[7], AT(5)[7]);
    TRY(mprotect, AT(3), 2 * PAGE, PROT_READ);
    TRY(mprotect, AT(6), PAGE, PROT_NONE);
    TRY(mprotect, AT(8), PAGE, PROT_READ | PROT_EXEC);
    rows("split");
    TRY(mprotect, AT(3), 6 * PAGE, RW);
    rows("joined");
    MAP(AT(14), PAGE, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
    MAP(AT(15), PAGE, RW, ANON | MAP_FIXED | MAP_LOCKED, -1, 0);
    rows("not joined");
}

static void stack_like(void) {
    MAP(AT(32), 4 * PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    TOUCH(AT(31), 1);
    TOUCH(AT(28), 0);
    rows("grown");
    TOUCH(AT(36), 0);
    MAP(AT(27), PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mprotect, AT(34), PAGE, PROT_READ | PROT_GROWSDOWN);
    rows("from its start");
    TRY(mprotect, AT(27), PAGE, PROT_READ | PROT_GROWSDOWN);
    TRY(mprotect, AT(34), PAGE, PROT_READ | PROT_GROWSUP);
    TRY(mprotect, AT(34), PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP);
}

/* A stack that would come nearer than 256 pages to what lies below it does not grow. */
static void guarded(void) {
    char *space = mmap(NULL, 1024 * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
    munmap(space + PAGE, 1022 * PAGE);
    mprotect(space, PAGE, PROT_READ);
    char *top = space + 600 * PAGE;
    SHOW(mmap(top, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == top);
    TOUCH(top - PAGE, 1);
    TOUCH(space + 258 * PAGE, 1);
    TOUCH(space + 257 * PAGE, 1);
    TOUCH(space + 256 * PAGE, 1);
    TOUCH(space + 2 * PAGE, 1);
    SHOW(call(MMAP_NUMBER, space + 200 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) ==
         (long)(space + 200 * PAGE));
    char *hinted = mmap(space + 255 * PAGE, PAGE, RW, ANON, -1, 0);
    SHOW(hinted == space + 255 * PAGE);
}

static void special_row(unsigned long long start, unsigned long long end, const char *allowed,
                        unsigned long long offset, const char *name) {
    char here = 0;
    if (!strcmp(name, "[stack]"))
        printf("[stack] %s %llx holds the stack: %d\n", allowed, offset,
               (uintptr_t)&here >= start && (uintptr_t)&here < end);
    if (!strcmp(name, "[vdso]"))
        printf("[vdso] %s %llx\n", allowed, offset);
    if ((uintptr_t)special_row >= start && (uintptr_t)special_row < end)
        printf("code %s %s\n", allowed, strrchr(name, '/'));
}

static void special(void) { each_row(special_row); }

int main(void) {
    catch_faults();
    reserve();
    in_child("placed", placed);
    in_child("refused", refused);
    in_child("cut", cut);
    in_child("stack-like", stack_like);
    in_child("guarded", guarded);
    in_child("special", special);
    return 0;
}
