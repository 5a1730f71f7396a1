#!/bin/sh
# about: gdb inside, with breakpoints, a backtrace and a watchpoint
# needs: gdb gcc
# tier: slow
printf 'int n;\nint f(int x){n=x;return x+1;}\nint main(void){for(int i=0;i<3;i++)f(i);return 0;}\n' >p.c; gcc -g -O0 p.c -o p; gdb -nx -q -batch -ex 'set style enabled off' -ex 'break f if x == 2' -ex run -ex bt -ex 'print x' -ex finish -ex 'print n' -ex continue ./p 2>&1 | grep -v -e '^\[Thread' -e '^Using host' -e '^warning' -e debuginfod | sed 's/0x[0-9a-f]*/ADDR/g; s/process [0-9]*/process N/'
