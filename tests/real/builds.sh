#!/bin/sh
# about: meson and ninja; autoconf, automake and make -j
# needs: meson ninja autoconf automake make gcc
# tier: slow
mkdir m a; printf "project('p', 'c')\nexecutable('p', 'p.c')\ntest('t', executable('t', 'p.c'))\n" >m/meson.build; printf '#include <stdio.h>\nint main(void){puts("built");return 0;}\n' >m/p.c; cp m/p.c a; (cd m && meson setup b >/dev/null && ninja -C b | tail -1 | cut -c1-5; ./b/p; meson test -C b 2>/dev/null | grep '^Ok')
cd a; printf 'AC_INIT([p],[1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAC_CHECK_FUNCS([memfd_create splice nosuch])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' >configure.ac; printf 'bin_PROGRAMS = p\np_SOURCES = p.c\n' >Makefile.am; autoreconf -i >/dev/null 2>&1; ./configure >/dev/null; echo $?; grep 'HAVE\|nosuch' config.log | grep define | sort -u; make -s -j4; ./p
