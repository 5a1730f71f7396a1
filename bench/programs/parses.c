/* parses: reads a line and takes it apart, as what is fuzzed does; status 0. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    char line[256], key[64];
    ssize_t size = read(0, line, sizeof line - 1);
    line[size < 0 ? 0 : size] = 0;
    char *equals = strchr(line, '=');
    if (equals != NULL && equals - line < (long)sizeof key) {
        memcpy(key, line, equals - line);
        key[equals - line] = 0;
        printf("%s: %s", key, equals + 1);
    }
    return 0;
}
