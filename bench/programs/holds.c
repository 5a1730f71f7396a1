/* holds: writes to 20 MiB of memory, then reads a line; status 0. */
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    const size_t size = 20 << 20;
    volatile char *memory = malloc(size);
    char line[16];
    for (size_t at = 0; at < size; at += 4096)
        memory[at] = 1;
    return read(0, line, sizeof line) < 0;
}
