#!/bin/sh
# about: curl against Python's server inside
# needs: curl /usr/bin/python3
# tier: slow
seq 20000 >page; /usr/bin/python3 -m http.server 18123 --bind 127.0.0.1 >/dev/null 2>&1 & curl -s --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:18123/page | md5sum; curl -sI http://127.0.0.1:18123/page | grep -i content-length; curl -s -r 0-9 http://127.0.0.1:18123/page | wc -c; curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:18123/no; curl -s http://127.0.0.1:1/; echo $?; kill $!
