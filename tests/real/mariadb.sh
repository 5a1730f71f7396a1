#!/bin/sh
# about: MariaDB: a new data directory, a server, SQL with a transaction
# needs: mariadbd mariadb mariadb-install-db
# tier: slow
mkdir data; here=$PWD; mariadb-install-db --no-defaults --user=root --datadir="$here/data" --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1; echo $?
mariadbd --no-defaults --user=root --datadir="$here/data" --socket="$here/s" --skip-networking --innodb-buffer-pool-size=16M --innodb-use-native-aio=1 >log 2>&1 & pid=$!
until mariadb --no-defaults -S s -u root -e 'select 1' >/dev/null 2>&1; do kill -0 $pid || { tail log; exit 1; }; sleep 0.5; done
mariadb --no-defaults -S s -u root -e 'create database d; use d; create table t (a int primary key, b varchar(20)) engine=innodb; begin; insert into t values (1, "one"), (2, "two"); commit; begin; delete from t; rollback; select * from t order by a desc; select count(*), sum(a) from t; insert into t values (1, "again")' 2>&1
mariadb-admin --no-defaults -S s -u root shutdown; wait $pid; echo $?
