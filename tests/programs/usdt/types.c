/* A function that is given structs, for scripts that name them: nested, with bit-fields, arrays and an enumeration. */
#include <stdio.h>

enum color { RED = 1, GREEN = 5 };
typedef struct point {
    int x, y;
} point_t;
struct shape {
    struct shape *next;
    const char *name;
    enum color color;
    unsigned char level : 3, other : 5;
    point_t corners[2];
    union {
        long whole;
        char bytes[8];
    } u;
};

__attribute__((noinline)) long draw(struct shape *shape, int times) {
    asm volatile("" ::: "memory");
    return shape->corners[1].y + times;
}

int main(void) {
    struct shape last = {0, "last", RED, 1, 2, {{1, 2}, {3, 4}}, {7}};
    struct shape first = {&last, "first", GREEN, 5, 9, {{-1, -2}, {-3, -4}}, {0x41424344}};
    return draw(&first, 2) == -2 ? 0 : 1;
}
