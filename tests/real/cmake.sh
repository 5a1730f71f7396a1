#!/bin/sh
# about: cmake configures and builds a library and a program
# needs: cmake gcc make
# tier: slow
printf 'cmake_minimum_required(VERSION 3.10)\nproject(p C)\nadd_library(l STATIC l.c)\nadd_executable(p p.c)\ntarget_link_libraries(p l)\nenable_testing()\nadd_test(NAME t COMMAND p)\n' >CMakeLists.txt; printf 'int l(void){return 42;}\n' >l.c; printf '#include <stdio.h>\nint l(void);\nint main(void){printf("%%d\\n",l());return 0;}\n' >p.c
cmake -S . -B b >/dev/null; echo $?; cmake --build b >/dev/null; echo $?; b/p; (cd b && ctest 2>&1 | grep -o '100% tests passed')
