#!/bin/sh
# about: redis-server with redis-benchmark and redis-cli
# needs: redis-server redis-benchmark
# tier: slow
redis-server --port 16379 --save '' --dir . >/dev/null & for i in 1 2 3 4 5 6 7 8 9 10 11 12; do redis-cli -p 16379 ping 2>/dev/null | grep PONG && break; sleep 1; done; redis-cli -p 16379 set k v; redis-cli -p 16379 get k; redis-cli -p 16379 eval 'return 6*7' 0; redis-benchmark -p 16379 -q -n 500 -c 5 -t set,get,lpush 2>&1 | tr '\r' '\n' | grep -c 'requests per second'; redis-cli -p 16379 --raw dbsize | wc -l; redis-cli -p 16379 shutdown nosave; wait; echo $?
