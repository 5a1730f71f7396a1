/* What a dynamic C program does to start, print and exit: the run-time linker's work included. Solaris's is built of it, too. */
extern int puts(const char *);

int main(void) {
    puts("hello");
    return 0;
}
