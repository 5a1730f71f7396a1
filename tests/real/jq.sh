#!/bin/sh
# about: jq, xxd, hexdump, column
# needs: jq xxd hexdump column
# tier: slow
echo '{"a":[1,2,{"b":null}],"c":"x"}' | jq -c '.a[2], (.a|length), (paths|join("/"))?' ; echo '[3,1,2]' | jq 'sort|map(.*2)|add'; echo bad | jq . 2>/dev/null; echo $?; seq 3 | xxd; seq 3 | hexdump -C; printf 'a b\nccc d\n' | column -t
