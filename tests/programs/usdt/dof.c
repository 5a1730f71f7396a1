/* A tracepoint and a question whether somebody listens, as dtrace -G leaves them in a program, with their DOF. */
#include <stdio.h>

int asked(void);
void sell(long price, const char *name);

asm(".text\n"
    ".globl asked\n.type asked,@function\n"
    "asked: xorq %rax, %rax\nnop\nnop\nret\n.size asked, .-asked\n"
    ".globl sell\n.type sell,@function\n"
    "sell: pushq %rbp\nnop\nnop\nnop\nnop\nnop\npopq %rbp\nret\n.size sell, .-sell\n"
    ".section .SUNW_dof,\"\",@progbits\n"
    "dof: .byte 0x7f\n.ascii \"DOF\"\n.byte 2, 1, 2, 2, 8, 8, 0, 0, 0, 0, 0, 0\n"
    ".4byte 0, 64, 32, 6\n.8byte 64, dof_end - dof, dof_end - dof, 0\n"
    /* type, alignment, flags, size of entries, offset, size: strings, probes, arguments, places, questions, provider */
    ".4byte 8, 1, 1, 0\n.8byte strings - dof, probes - strings\n"
    ".4byte 16, 8, 1, 48\n.8byte probes - dof, maps - probes\n"
    ".4byte 17, 1, 1, 1\n.8byte maps - dof, places - maps\n"
    ".4byte 18, 4, 1, 4\n.8byte places - dof, questions - places\n"
    ".4byte 26, 4, 1, 4\n.8byte questions - dof, provider - questions\n"
    ".4byte 15, 4, 1, 0\n.8byte provider - dof, dof_end - provider\n"
    "strings: .byte 0\nshop: .asciz \"shop\"\nname: .asciz \"item__sold\"\nin_sell: .asciz \"sell\"\n"
    "in_asked: .asciz \"asked\"\ntypes: .asciz \"char *\"\n.asciz \"int\"\n.balign 8\n"
    "probes: .8byte sell\n.4byte in_sell - strings, name - strings, types - strings, types - strings, 0, 0\n"
    ".byte 2, 2\n.2byte 1\n.4byte 0\n.2byte 0, 0\n.4byte 0\n"
    ".8byte asked\n.4byte in_asked - strings, name - strings, types - strings, types - strings, 0, 0\n"
    ".byte 2, 2\n.2byte 0\n.4byte 0\n.2byte 1, 0\n.4byte 0\n"
    "maps: .byte 1, 0, 0, 0\n"
    "places: .4byte 1\nquestions: .4byte 3\n"
    "provider: .4byte 0, 1, 2, 3, shop - strings, 0, 0, 0, 0, 0, 4\n.balign 8\ndof_end:\n.text\n");

int main(void) {
    printf("%d\n", asked());
    sell(7, "apple");
    return 0;
}
