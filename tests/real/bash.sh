#!/bin/bash
# about: a script with pipes, here-documents, subshells, arrays, traps, functions, job control
# needs: bash
set -u
shopt -s extglob nullglob

section() { printf '== %s\n' "$*"; }

section arithmetic
for ((i = 0; i < 5; i++)); do printf '%d:%d ' "$i" $((i ** 3 % 7)); done; echo
echo $((16#ff)) $((2#1011)) $((-7 / 2)) $((-7 % 3)) $((1 << 40))
let 'n = 3, n *= 7'; echo "$n"

section arrays
list=(one "two words" three)
list+=(four)
echo "${#list[@]} ${list[1]} ${list[-1]} ${list[@]:1:2}"
unset 'list[0]'
echo "${!list[@]}"
declare -A map=([a]=1 [b]=2)
map[c]=3
for key in $(printf '%s\n' "${!map[@]}" | sort); do echo "$key=${map[$key]}"; done
mapfile -t lines < <(printf 'x\ny\nz\n')
echo "${lines[*]/y/Y}"

section expansion
path=/usr/local/lib/name.tar.gz
echo "${path##*/} ${path%.*} ${path%%.*} ${path/local/share} ${path^^} ${#path}"
unset nothing
echo "${nothing:-default} ${nothing-other} ${path:+set}"
echo {a..e} {1..10..3} pre{x,y}post
[[ abc123 =~ ^([a-z]+)([0-9]+)$ ]] && echo "${BASH_REMATCH[1]}/${BASH_REMATCH[2]}"
case foo.txt in *.@(txt|md)) echo text ;; *) echo other ;; esac

section here documents
cat <<END | tr a-z A-Z
a here document with $((6 * 7))
END
cat <<-'END'
	no $expansion here
	END
read -r first second <<< 'a string here'
echo "$second $first"

section functions
fact() { local n=$1; ((n < 2)) && { echo 1; return; }; echo $((n * $(fact $((n - 1))))); }
fact 10
outer() { local x=outer; inner; echo "$x"; }
inner() { x=changed; }
outer
fails() { return 3; }
fails; echo "status $?"

section subshells and pipes
x=1; (x=2; echo "inside $x"); echo "outside $x"
{ echo b; echo a; echo c; } | sort | paste -sd, -
printf '%s\n' 3 1 2 | while read -r line; do echo "line $line"; done
false | true; echo "${PIPESTATUS[*]}"
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
diff <(seq 3) <(seq 4); echo "diff $?"
exec 7> file; echo to seven >&7; exec 7>&-; cat file
echo error 2>&1 >/dev/null | cat; { echo to error >&2; } 2>&1 | sed 's/^/got: /'

section traps
trap 'echo usr1' USR1
kill -USR1 $$
trap 'echo "debug exit $?"' EXIT
(trap 'echo in subshell' EXIT; exit 4); echo "status $?"
trap 'echo "error on a line"' ERR
false
trap - ERR
(trap '' TERM; kill -TERM $BASHPID; echo survived)
( kill -KILL $BASHPID ); echo "killed $?"

section jobs
(exit 6) & first=$!
wait "$first"; echo "first $?"
(exit 7) & wait $!; echo "second $?"
set -m
sleep 100 & kill -STOP %1
until jobs | grep -q Stopped; do :; done; jobs | sed 's/\[1\]+ *//'
kill -KILL %1; while kill -0 $! 2>/dev/null; do :; done; wait $! 2>/dev/null; echo "third $?"
set +m
for n in 1 2 3; do (exit $n) & done; wait; echo all
coproc CAT { cat; }; echo through >&"${CAT[1]}"; read -r back <&"${CAT[0]}"; echo "$back"
eval "exec ${CAT[1]}>&-"; wait "$CAT_PID" 2>/dev/null; echo "coprocess $?"

section files
mkdir -p dir/{a,b}/c; touch dir/a/{1,2}.txt dir/b/.hidden
echo dir/*/*.txt; shopt -s dotglob; echo dir/b/*
[[ -d dir && -f dir/a/1.txt && ! -e nothing && dir/a/1.txt -ef dir/a/1.txt ]] && echo tests
while IFS=: read -r name _ id _; do [[ $id = 0 ]] && echo "$name"; done < /etc/passwd
printf '%05.2f|%-6s|%+d|%x|%q\n' 3.14159 left 5 255 'two words'
umask 027; : > made; stat -c %a made
getopts_test() { local OPTIND o; while getopts ab:c o; do echo "$o ${OPTARG-}"; done; }
getopts_test -a -b value -c
echo "${BASH_VERSINFO[0]}" "$(type -t cd)" "$(type -t fact)"
exit 5
