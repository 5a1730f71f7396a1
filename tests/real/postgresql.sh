#!/bin/bash
# about: PostgreSQL: initdb, a server, SQL, pgbench
# needs: initdb pgbench
# tier: slow
# user: nobody
export PGHOST=$PWD PGPORT=15432 PGDATA=$PWD/data PGUSER=u PGDATABASE=postgres; initdb -U u -A trust --no-sync >/dev/null; echo $?; pg_ctl -w -l log -o "-k $PWD -c listen_addresses= -c fsync=off -c shared_buffers=16MB" start >/dev/null; echo $?
psql -qAt -c 'create table t as select i from generate_series(1, 1000) i; select sum(i) from t'; pgbench -q -i -s 1 >/dev/null 2>&1; echo $?; pgbench -n -c 2 -t 20 2>/dev/null | grep 'number of transactions actually'; pg_ctl -w -m fast stop >/dev/null; echo $?
