/* Tracepoints as sys/sdt.h makes them: a note for each, operands where the compiler has them, and a semaphore. */
#include <stdio.h>

__attribute__((section(".probes"), used)) volatile unsigned short shop_item__sold_semaphore;

#define SOLD(price, name)                                                                                             \
    asm volatile("990: nop\n"                                                                                         \
                 ".pushsection .note.stapsdt,\"\",\"note\"\n"                                                         \
                 ".balign 4\n.4byte 992f-991f, 994f-993f, 3\n"                                                        \
                 "991: .asciz \"stapsdt\"\n992: .balign 4\n"                                                          \
                 "993: .8byte 990b, 0, shop_item__sold_semaphore\n"                                                   \
                 ".asciz \"shop\"\n.asciz \"item__sold\"\n.asciz \"-4@%0 8@%1 4@$5\"\n"                               \
                 "994: .balign 4\n.popsection" ::"nor"(price), "nor"(name))

__attribute__((noinline)) static void sell(int price, const char *name) {
    SOLD(price, name);
    SOLD(-price, name);
}

int main(void) {
    sell(7, "apple");
    printf("%d\n", shop_item__sold_semaphore);
    return 0;
}
