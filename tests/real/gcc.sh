#!/bin/sh
# about: gcc and g++ compile, link and run programs of several files; a library; 32 bits where there is a library
# needs: gcc g++
# tier: slow
printf '#include <stdio.h>\nint twice(int);\nint main(void){printf("%%d\\n",twice(21));return 3;}\n' >m.c; printf 'int twice(int x){return 2*x;}\n' >t.c
gcc -O2 -c t.c m.c && gcc -o p m.o t.o && ./p; echo $?; gcc -shared -fPIC -o libt.so t.c && gcc -o q m.c -L. -lt -Wl,-rpath,. && ./q; echo $?; gcc -static -o s m.c t.c && ./s; echo $?
printf '#include <iostream>\n#include <map>\n#include <stdexcept>\nint main(){std::map<std::string,int> m{{"b",2},{"a",1}};for(auto&[k,v]:m)std::cout<<k<<v<<"\\n";try{throw std::runtime_error("thrown");}catch(std::exception&e){std::cout<<e.what()<<"\\n";}}\n' >c.cc; g++ -std=c++17 -O1 c.cc -o c && ./c; printf 'int main( {' >e.c; gcc e.c 2>/dev/null; echo $?; gcc -m32 m.c t.c -o n 2>/dev/null && ./n; echo $?; size -A p | grep -c text; nm t.o
