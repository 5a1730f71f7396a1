#!/bin/dash
# about: loops, functions, redirections and signals
# needs: dash
set -e
i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $i
f() { echo "$# $1"; }; f "a b" c
for word in *; do :; done; echo "$(echo nested $(echo deep))"
cat <<END | wc -l
1
2
END
trap 'echo term' TERM; kill -TERM $$; (exit 3) || echo "status $?"
echo a | { read x; echo "$x"; }; ls /no/where 2>/dev/null || echo none
