/* Reads a line, checks it, reads a file; a line that begins with ! crashes, one with ~ never ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) int check(const char *s) {
    if (s[0] == 'R')
        if (s[1] == '3')
            return 1;
    return 0;
}

__attribute__((noinline)) int add(int a, int b) {
    __asm__ volatile("");
    return a * 10 + b;
}

int main(void) {
    char line[64] = "", text[64] = "none\n";
    if (!fgets(line, sizeof line, stdin))
        line[0] = 0;
    line[strcspn(line, "\n")] = 0;
    int checked = check(line);
    int added = add(4, 2);
    const char *key = getenv("KEY");
    printf("KEY=%s line=%s check=%d add=%d\n", key ? key : "-", line, checked, added);
    FILE *file = fopen("/etc/config.r3", "r");
    if (file)
        fgets(text, sizeof text, file);
    printf("config %s", text);
    fflush(stdout);
    if (line[0] == '!')
        *(volatile int *)0 = 1;
    while (line[0] == '~')
        __asm__ volatile("");
    return line[0] == 'R' ? 0 : 5;
}
