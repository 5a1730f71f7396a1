#!/bin/sh
# about: CLISP, ECL, CHICKEN, Gambit, Nim and D: a loop and a closure in each
# needs: clisp ecl csi csc gsi nim ldc2
# tier: slow
clisp -q -x '(format t "~a~%" (expt 2 100))'; ecl -norc -eval '(progn (print (expt 3 50)) (terpri) (quit))'
echo '(display (map (lambda (x) (* x x)) (list 1 2 3)))(newline)' >a.scm; csi -s a.scm; csc a.scm -o a && ./a; gsi -e '(display (expt 2 64))(newline)'
printf 'echo "hi"\nfor i in 1..3: echo i\n' >n.nim; nim c --hints:off -r n.nim 2>&1
printf 'import std.stdio, std.parallelism; void main(){ writeln("d"); foreach(i; parallel([1])) writeln(i); }' >d.d; ldc2 d.d -of=dd && ./dd
