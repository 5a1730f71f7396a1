#!/bin/sh
# about: qemu-user inside: programs of other processors, as far as there are compilers, and of this one
# needs: qemu-x86_64-static qemu-i386-static gcc
# tier: slow
printf '#include <stdio.h>\n#include <pthread.h>\nstatic void *t(void *x){puts("thread");return x;}\nint main(void){pthread_t p;pthread_create(&p,0,t,0);pthread_join(p,0);return 3;}\n' >p.c; gcc -static -pthread p.c -o p && qemu-x86_64-static ./p; echo $?; gcc -m32 -static -pthread p.c -o q 2>/dev/null && qemu-i386-static ./q; echo $?
