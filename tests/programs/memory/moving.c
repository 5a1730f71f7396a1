/* mremap(2): growing, shrinking, moving, leaving an empty mapping behind, and what is refused. */
#include "memory.h"

static void fill(long first, long count) {
    for (long page = first; page < first + count; page++)
        memset(AT(page), 'a' + page, PAGE);
}

static void pages(long first, long count) {
    printf("contents:");
    for (long page = first; page < first + count; page++)
        printf(" %d %d", AT(page)[0], AT(page)[PAGE - 1]);
    printf("\n");
}

static void in_place(void) {
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    fill(0, 4);
    TRY(mremap, AT(0), 4 * PAGE, 8 * PAGE, 0);
    pages(0, 8);
    TRY(mremap, AT(0), 8 * PAGE, 2 * PAGE, 0);
    rows("shrunk");
    MAP(AT(4), PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mremap, AT(0), 2 * PAGE, 8 * PAGE, 0);
    TRY(mremap, AT(0), 2 * PAGE, 4 * PAGE, 0);
    rows("joined");
    TRY(mremap, AT(1), 2 * PAGE, 3 * PAGE, 0);
    TRY(mremap, AT(1), 4 * PAGE, 5 * PAGE, 0);
    TRY(mremap, AT(1), PAGE, PAGE, 0);
    pages(0, 6);
    TRY(mremap, AT(1), 4 * PAGE, PAGE, 0);
    rows("shrunk in the middle");
}

static void elsewhere(void) {
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    fill(0, 4);
    MAP(AT(4), PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
    char *moved = (char *)TRY(mremap, AT(0), 4 * PAGE, 16 * PAGE, MREMAP_MAYMOVE);
    printf("%d %d %d\n", moved[0], moved[3 * PAGE], moved[15 * PAGE]);
    rows("moved away");
    told("back", call(SYS_mremap, moved, 16 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(8)));
    pages(8, 3);
    MAP(AT(20), 4 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
    TRY(mremap, AT(8), 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(21));
    pages(21, 3);
    rows("over another");
    TRY(mremap, AT(22), PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(30));
    pages(30, 2);
    rows("from the middle");
    TOUCH(AT(22), 0);
}

static void empty(void) {
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    fill(0, 4);
    TRY(mremap, AT(0), 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, AT(10));
    pages(0, 4);
    pages(10, 4);
    rows("two");
    TRY(mremap, AT(11), 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, AT(40));
    pages(10, 4);
    pages(40, 2);
    TRY(mremap, AT(0), 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    TRY(mremap, AT(0), 4 * PAGE, 4 * PAGE, MREMAP_DONTUNMAP, 0);
    MAP(AT(20), 2 * PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    fill(20, 2);
    TRY(mremap, AT(20), 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, AT(24));
    AT(24)[0] = 'S';
    pages(20, 2);
}

static void doubled(void) {
    MAP(AT(0), 2 * PAGE, RW, SHARED | MAP_FIXED, -1, 0);
    fill(0, 2);
    TRY(mremap, AT(0), 0, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(8));
    AT(0)[0] = 'D';
    pages(8, 2);
    TRY(mremap, AT(0), 2 * PAGE, 4 * PAGE, 0);
    TOUCH(AT(1), 0);
    TOUCH(AT(2), 0);
    rows("a shared object has an end");
    MAP(AT(12), PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mremap, AT(12), 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(14));
}

static void refused(void) {
    MAP(AT(0), 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    TRY(mremap, AT(0) + 1, PAGE, PAGE, 0);
    TRY(mremap, AT(0), PAGE, 0, 0);
    TRY(mremap, AT(0), PAGE, -1L, MREMAP_MAYMOVE);
    TRY(mremap, AT(0), PAGE, PAGE, 8);
    TRY(mremap, AT(0), PAGE, PAGE, MREMAP_FIXED, AT(8));
    TRY(mremap, AT(0), PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, AT(8) + 1);
    TRY(mremap, AT(0), 4 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, AT(1));
    TRY(mremap, AT(0), PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, -PAGE);
    TRY(mremap, AT(10), PAGE, PAGE, 0);
    TRY(mremap, AT(10), PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    TRY(mremap, AT(10), 2 * PAGE, PAGE, 0);
    TRY(mremap, AT(0), 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE);
    TRY(mremap, AT(0), 8 * PAGE, PAGE, 0);
    rows("kept");
    limit(RLIMIT_AS, 16 << 20);
    TRY(mremap, AT(0), PAGE, 32 << 20, MREMAP_MAYMOVE);
    rows("still there");
}

int main(void) {
    catch_faults();
    reserve();
    in_child("in place", in_place);
    in_child("elsewhere", elsewhere);
    in_child("empty", empty);
    in_child("doubled", doubled);
    in_child("refused", refused);
    return 0;
}
