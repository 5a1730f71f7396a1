// Crashes behind four comparisons of bytes that stand in each other; reads a file if it is given one, else standard input.
// A first byte of '~' never ends, and '?' waits for what never comes.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) static void crash(volatile int *at) { *at = 1; }

int main(int count, char **words) {
    volatile char text[16] = {0};
    int fd = count > 1 ? open(words[1], O_RDONLY) : 0;
    if (fd < 0)
        return 3;
    ssize_t size = read(fd, (void *)text, sizeof text);
    if (text[0] == '~')
        for (;;)
            __asm__ volatile("");
    if (text[0] == '?')
        pause();
    if (text[0] == '$')
        abort();
    if (size > 3 && text[0] == 'R')
        if (text[1] == '3')
            if (text[2] == (char)0xfe)
                if (text[3] == '!')
                    crash(NULL);
    printf("%zd\n", size);
    return text[0] == 'e' ? 7 : 0;
}
