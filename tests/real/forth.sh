#!/bin/sh
# about: Gforth, bc, dc, m4 and ed
# needs: gforth bc dc m4 ed
# tier: slow
gforth -e ': sq dup * ; 7 sq . cr bye'; echo 'scale=20; 4*a(1); 2^200; ibase=16; FF' | bc -l; echo '2 100 ^ p 5k 2 v p' | dc; printf 'define(`sq'"', "'`eval($1*$1)'"')sq(12) ifelse(1,1,yes,no)\n" | m4; printf 'one\ntwo\nthree\n' >e; printf '2d\n1,$p\nw\nq\n' | ed -s e; cat e
