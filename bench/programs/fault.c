/* fault N: touch N pages of fresh anonymous memory for the first time, 1024 at once. Status 1 if one is not zero. */
#include <stdlib.h>
#include <sys/mman.h>

#define AT_ONCE 1024L

int main(int argc, char **argv) {
    long pages = argc > 1 ? atol(argv[1]) : 1;
    while (pages > 0) {
        long now = pages < AT_ONCE ? pages : AT_ONCE;
        char *memory = mmap(NULL, now << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return 2;
        for (long i = 0; i < now; i++) {
            volatile char *byte = memory + (i << 12);
            if (*byte)
                return 1;
            *byte = 1;
        }
        munmap(memory, now << 12);
        pages -= now;
    }
    return 0;
}
