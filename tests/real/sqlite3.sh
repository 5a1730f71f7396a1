#!/bin/sh
# about: a database with an index, a transaction and a journal
# needs: sqlite3
sqlite3 b.db "pragma journal_mode=wal; create table t(a integer primary key, b text); with recursive n(i) as (values(1) union all select i+1 from n where i<2000) insert into t select i, 'row '||i from n; create index x on t(b); select count(*), sum(a) from t; begin; delete from t where a%2; rollback; select b from t where b like 'row 19_' order by a desc limit 3; pragma integrity_check; vacuum;"; sqlite3 b.db .dump | md5sum; ls
