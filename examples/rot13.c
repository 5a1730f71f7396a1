/*
 * Makes a system call that no Linux has: rot13(buffer, size), number 390 for 64-bit and for 32-bit programs alike.
 * examples/add_syscall.py adds it to a machine and runs this program there; the status is the number of letters.
 *
 *     gcc -static -o rot13 examples/rot13.c
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef NR_rot13
#define NR_rot13 390
#endif

int main(void) {
    char text[] = "Uryyb sebz n arj flfgrz pnyy!\n";
    long letters = syscall(NR_rot13, text, sizeof text - 1);
    if (letters < 0) {
        perror("rot13");
        return 1;
    }
    write(STDOUT_FILENO, text, sizeof text - 1);
    if (syscall(NR_rot13, 0, 1) == -1)
        perror("rot13 of a bad pointer");
    return (int)letters;
}
