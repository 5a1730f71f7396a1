/* Prints argc, each argument, and the variables of the environment whose names are RING3_ONE, RING3_EMPTY, RING3_NONE. */
#include <stdio.h>
#include <stdlib.h>

static void print_variable(const char *name) {
    const char *value = getenv(name);
    if (value)
        printf("%s=[%s]\n", name, value);
    else
        printf("%s is not set\n", name);
}

int main(int argc, char **argv) {
    printf("argc %d\n", argc);
    for (int i = 1; i < argc; i++)
        printf("argv[%d] [%s]\n", i, argv[i]);
    printf("argv[argc] %s\n", argv[argc] ? "is not NULL" : "NULL");
    print_variable("RING3_ONE");
    print_variable("RING3_EMPTY");
    print_variable("RING3_NONE");
    return 0;
}
