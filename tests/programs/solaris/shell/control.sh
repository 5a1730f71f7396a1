if true; then echo yes; fi; if false; then echo no; else echo else; fi
if false; then echo 1; elif false; then echo 2; elif true; then echo 3; else echo 4; fi; echo $?
if false; then echo no; fi; echo $?
for i in 1 2 3 4 5; do if [ $i = 2 ]; then continue; fi; if [ $i = 4 ]; then break; fi; echo $i; done
for i in a b; do for j in 1 2 3; do [ $j = 2 ] && continue 2; echo $i$j; done; done
for i in a b; do for j in 1 2; do echo $i$j; break 2; done; done; echo out
n=0; while [ $n -lt 3 ]; do n=$((n+1)); echo w$n; done; until [ $n -le 1 ]; do n=$((n-1)); echo u$n; done
while false; do :; done; echo $?
f() { echo "in f: $# $1"; return 4; }; f a b; echo $?; f || echo or; f && echo and
g() { local_is=global; for x in "$@"; do [ "$x" = stop ] && return 7; echo "g $x"; done; }; g one stop two; echo $? $local_is
rec() { [ $1 -eq 0 ] && return 0; echo rec $1; rec $(($1-1)); }; rec 3
h() (echo sub; exit 6); h; echo $?
true && false || echo chain; false && echo no; echo $?; ! false && echo not; ! true; echo $?
(x=inner; echo $x; exit 3); echo $? ${x-unset}
{ echo group; false; }; echo $?
echo one | { read a; echo "got $a"; }; echo a b c | while read x y; do echo "$x-$y"; done
printf_missing 2>/dev/null; echo $?; /dev/null 2>/dev/null; echo $?; ./no/such 2>/dev/null; echo $?
false | true; echo $?; true | false; echo $?
a=1 b=2; echo $a$b; a=5 eval 'echo $a'; v=tmp f; echo ${v-unset}
X=exported sh -c 'echo "$X"'; Y=plain; sh -c 'echo "[$Y]"'; export Y; sh -c 'echo "[$Y]"'; export Z=z; sh -c 'echo "[$Z]"'; unset Z; sh -c 'echo "[$Z]"'
eval "echo 'quoted eval' \$a"; eval 'for q in 1 2; do echo q$q; done'
set -- a b c d; shift; echo $1 $#; shift 2; echo $1 $#; set -- -x y; echo $1
sh -c 'echo $0 $1 $#' name arg1 arg2; sh -c 'exit 9'; echo $?; sh -c 'kill -9 $$'; echo $?
cat > script.tmp <<'X'
echo "script $1"; return 5
X
. ./script.tmp; echo $?
(set -e; false; echo never); echo $?; (set -e; if false; then :; fi; false || true; ! true; echo here); echo $?
(set -e; f() { false; echo in; }; f || echo handled; f; echo never); echo $?
(set -u; echo ${unset_thing-ok}; echo $unset_thing; echo never) 2>/dev/null; echo $? | cat > /dev/null
(set -f; echo *); set -- *.tmp; echo $1; echo nothing.like.*
trap 'echo trapped' USR1; kill -USR1 $$; echo after; trap - USR1
(trap 'echo leaving $?' EXIT; exit 3); echo $?; trap '' TERM; kill -TERM $$; echo alive
sh -c 'trap "echo bye" EXIT; echo hi'
sleeper() { :; }; sleeper & wait; echo $?; (exit 8) & wait $!; echo $?
exec 3> out.tmp; echo three >&3; exec 3>&-; cat out.tmp; echo more >> out.tmp; cat < out.tmp; cat out.tmp no.such.file 2>/dev/null || echo failed
{ echo out; echo err >&2; } 2>&1 | cat; { echo out; echo err >&2; } 2>/dev/null; echo swap 3>&1 1>&2 2>&3 | cat
read a b < out.tmp; echo $a; while read line; do echo "line $line"; done < out.tmp
echo 'a\b' > raw.tmp; read x < raw.tmp; read -r y < raw.tmp; echo "$x $y" | cat > /dev/null; [ "$x" = ab ] && echo joined
IFS=: read p q r <<X
one:two:three:four
X
echo "$p|$q|$r"
test -f out.tmp && [ -s out.tmp ] && [ ! -d out.tmp ] && [ -e . -a -d . ] && echo files; [ 1 -lt 2 -o a = b ]; echo $?
[ "" ]; echo $?; [ x ]; echo $?; [ -n "" ]; echo $?; [ -z "" ]; echo $?; [ ! x ]; echo $?; [ a != b ]; echo $?; [ \( a = a \) ]; echo $?
command -v cd; command echo direct; type cd >/dev/null; echo $?; pwd > pwd.tmp; cd /; pwd; cd - > /dev/null; [ "$(pwd)" = "$(cat pwd.tmp)" ] && echo back
umask 027; umask; case $(umask) in *27) echo masked;; esac
readonly ro=1; echo $ro; (ro=2) 2>/dev/null; echo $ro
for i in 1 2 3
do
	case $i in
	1) echo first ;;
	2)
		echo second
		;;
	*) echo other
	esac
done > loop.tmp; cat loop.tmp
if : ; then :; fi; :
x=$(exit 4); echo $?; x=$(false) true; echo $?
exit 17
