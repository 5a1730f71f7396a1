#!/usr/bin/zsh -f
# about: arrays, globbing qualifiers, parameter flags, pipelines
# needs: zsh
a=(c a b); print -l ${(o)a} ${#a} ${(j:-:)a}; mkdir d; touch d/{1,2}.x; print d/*.x(.N) d(/)
typeset -A m; m=(k v); print $m[k]; print ${${:-a.b.c}:e}; [[ abc == a* ]] && print match
print -r -- $(print one two | while read x y; do print $y $x; done); for i in {1..3}; do print -n $i; done; print
setopt pipefail; false | true; print $?; sleep 0.01 & wait; print $?; x=a,b; print ${(U)x} ${(s:,:)x}
