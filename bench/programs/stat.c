/* stat N: asks N times for the attributes of files, of 10,000 paths in turn that lie in 100 directories. Status 1 if one
   is there. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 1;
    char path[64];
    struct stat found;
    for (long i = 0; i < 100; i++) {
        sprintf(path, "/tmp/ring3-bench-%ld", i);
        mkdir(path, 0700);
    }
    for (long i = 0; i < rounds; i++) {
        sprintf(path, "/tmp/ring3-bench-%ld/%ld", i % 100, i / 100 % 100);
        if (stat(path, &found) == 0)
            return 1;
    }
    return 0;
}
