#!/bin/ksh
# about: pipelines, which are sockets, and arithmetic
# needs: ksh
echo one two | wc -w | tr -d ' '; typeset -i n=7; echo $((n * 6)); set -A a x y z; echo ${a[1]} ${#a[@]}
print -r -- "$(seq 1000 | sort -rn | head -3 | paste -sd+ -)"; [[ abc == a?c ]] && echo match; float f=1.5; echo $((f * 2))
