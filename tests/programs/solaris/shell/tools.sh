PATH=/usr/bin:/bin
mkdir -p d/e d/f; echo b > d/x; echo a >> d/x; echo b >> d/x; echo 10 9 >> d/x; echo 9 10 >> d/x
cp d/x d/e; cp -r d d2; sort d2/e/x; sort -ru d/x; sort -n d/x; sort -k 2 -n d/x; sort d/x | uniq -c | tr -s ' '; sort d/x | uniq -d; sort d/x | uniq -u
wc -l < d/x | tr -d ' '; wc d/x | while read l w c f; do echo $l $w $c $f; done; wc -c d/x d/e/x | while read n f; do echo $n $f; done
mv d/x d/y; [ -f d/y ] && [ ! -e d/x ] && echo moved; mv d/y d/e/x d2; [ -f d2/y ] && echo both
ln -s y d2/l; [ -L d2/l ] && cat d2/l | head -1; ln d2/y hard; [ d2/y -ef hard ] && echo linked; ln -sf z d2/l
rm d2/l; rm -r d2; [ -d d2 ]; echo $?; rm nothere 2>/dev/null; echo $?; rm -f nothere; echo $?; rm d 2>/dev/null; echo $?; rmdir d 2>/dev/null; echo $?; rmdir d/f; echo $?
basename /a/b.c .c; basename /a/b/; basename .c .c; dirname /a/b/c; dirname x; dirname /x; dirname /a//; basename /
printf_is_none=1; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $n; done > lines
head -2 lines; head -n 1 lines; head lines | tail -1; tail -2 lines; tail -n +11 lines; tail lines | head -1
echo hello | tr a-y b-z; echo aabbcc | tr -s a-z; echo a1b2 | tr -d 0-9; echo hello world | tr -cs a-z '\n'; echo a:b | tr : '\n'; echo abc | tr abc x; echo 'a\b' > /dev/null
echo a:b:c | cut -d: -f2; echo a:b:c | cut -d: -f1,3; echo abcdef | cut -c2-4; echo abcdef | cut -c-2,5-; echo nofield | cut -d: -f2; echo nofield | cut -s -d: -f2; echo a:b:c | cut -d: -f2-
chmod 600 hard; [ -x hard ]; echo $?; chmod u+x,g+r hard; [ -x hard ]; echo $?; chmod a-w hard; chmod = hard; chmod 644 hard; chmod zz hard 2>/dev/null && echo no
touch new; wc -c < new | tr -d ' '; touch -c absent; [ -e absent ]; echo $?
env A=1 sh -c 'echo $A'; env -i A=2 env; env no.such.command 2>/dev/null; echo $?; true; env false; [ $? -ne 0 ] && echo false
sleep 0; echo x | tee t1 | cat; echo y | tee -a t1; cat t1; tty < /dev/null; [ "$(pwd)" = "$(env pwd)" ] && echo same; date -u +%Y > year; wc -c < year | tr -d ' '
[ "$(id -u)" -ge 0 ] && echo number; mkdir d 2>/dev/null; echo $?; mkdir -p d; echo $?
