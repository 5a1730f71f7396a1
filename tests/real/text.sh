#!/bin/sh
# about: grep, sed, awk on some thousand lines
# needs: grep sed gawk
# tier: slow
seq 3000 | awk '{ print $1, $1 * $1 % 97, sprintf("%x", $1) }' >t; grep -c '7$' t; grep -nE '^(1|2)00 ' t; sed -n '10,12s/ /-/gp' t; sed '$!d' t
gawk '{ s[$2 % 5] += $1 } END { for (i = 0; i < 5; i++) print i, s[i] }' t; gawk 'BEGIN { "echo cmd" | getline x; print x, toupper("a"), strftime("%Y", 0, 1), match("abc", /c/) }'
grep -P '\d{4} 5 ' t | head -3; sed -E 's/([0-9]+) ([0-9]+)/\2 \1/; 5q' t; grep -rl 2999 .; gawk -F, 'NR==FNR{a[$1];next}' t t; awk 'length > m { m = length } END { print m }' t
