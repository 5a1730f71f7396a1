#!/bin/sh
# about: valgrind finds a store beyond a block; ltrace
# needs: valgrind ltrace g++
# tier: slow
echo 'int main(){int *p=new int[3]; p[3]=0; return 0;}' >a.cc; g++ -g a.cc -o a; valgrind --error-exitcode=7 ./a >log 2>&1; echo $?; sed 's/==[0-9]*==//;s/0x[0-9A-F]*//g' log
printf '#include <stdio.h>\n#include <string.h>\nint main(void){puts("hi");return strlen("abc");}\n' >b.c; gcc -O0 -fno-builtin -no-pie -z lazy b.c -o b; ltrace -o t ./b; grep -o '^[a-z]*(.*)' t
