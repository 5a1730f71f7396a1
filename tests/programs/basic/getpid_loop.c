/* Makes as many raw getpid calls as its first argument says, and exits 0 if all gave the same pid. */
#include <stdlib.h>
#include <sys/syscall.h>

#include "raw.h"

int main(int argc, char **argv) {
    long count = argc > 1 ? atol(argv[1]) : 1;
    long pid = raw(SYS_getpid, 0, 0, 0);
    for (long i = 1; i < count; i++)
        if (raw(SYS_getpid, 0, 0, 0) != pid)
            return 1;
    return pid <= 0;
}
