/* A struct with a member of each kind, for ::print; no libc. */
typedef long int64_t;
typedef unsigned int in_addr_t;
typedef long time_t;

enum flags { F_READ = 1, F_WRITE = 2, F_EXEC = 4 };
enum color { RED, GREEN = 5, BLUE = 12, NEG = -3 };

typedef struct inner {
    char c;
    int64_t big;
} inner_t;

struct all {
    char a;
    int b;
    short c;
    inner_t in;
    signed int sb : 3;
    unsigned ub : 4;
    enum flags f;
    enum color col;
    in_addr_t ip;
    float ff;
    double dd;
    char *s;
    inner_t arr[2];
    int m[2][2];
};

char msg[] = "some text";
struct all one = {'a', -1, 2, {'z', 1L << 40}, -2, 9, F_READ | F_EXEC, BLUE, 0x0100007f, 1.5f, 2.25, msg,
    {{1, 2}, {3, 4}}, {{1, 2}, {3, 4}}};

void _start(void) {
    for (;;) {
    }
}
