#!/bin/sh
# about: wget against Python's server inside: a tree, a part, a file that is not there, a port where nobody listens
# needs: wget /usr/bin/python3
# tier: slow
mkdir -p tree/sub; seq 1000 >tree/a; echo '<a href="a">a</a><a href="sub/">s</a>' >tree/index.html; echo b >tree/sub/b
/usr/bin/python3 -m http.server --bind 127.0.0.1 -d tree 18282 >/dev/null 2>&1 & 
until wget -q -O - http://127.0.0.1:18282/sub/b; do sleep 0.2; done
wget -q -r -np -nH -P got http://127.0.0.1:18282/; echo $?; (cd got && find . -type f | sort)
wget -q http://127.0.0.1:18282/nothing; echo $?; wget -q -t 2 http://127.0.0.1:18283/; echo $?; wget -q -t 1 http://nowhere.invalid/; echo $?
wget -q --spider http://localhost:18282/a; echo $?; kill $!
