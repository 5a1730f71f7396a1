#!/bin/sh
# about: mosquitto with its clients, beanstalkd, OpenLDAP, an rsync daemon
# needs: mosquitto mosquitto_sub mosquitto_pub beanstalkd slapd ldapadd ldapsearch rsync nc
# tier: slow
mosquitto -p 23183 >/dev/null 2>&1 & m=$!; until nc -z 127.0.0.1 23183; do sleep 0.1; done
mosquitto_sub -p 23183 -t 'a/#' -C 3 -v & s=$!; sleep 1; for i in 1 2 3; do mosquitto_pub -p 23183 -t a/$i -m "message $i"; done; wait $s; kill $m; wait $m; echo $?
beanstalkd -l 127.0.0.1 -p 23204 & b=$!; until nc -z 127.0.0.1 23204; do sleep 0.1; done; printf 'put 1 0 10 5\r\nhello\r\nreserve\r\nquit\r\n' | nc -N 127.0.0.1 23204; kill $b
mkdir d; printf 'include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nsuffix "dc=x"\nrootdn "cn=a,dc=x"\nrootpw secret\ndirectory %s/d\nmaxsize 10485760\n' "$PWD" >s.conf
slapd -f s.conf -h ldap://127.0.0.1:23231 -d 0 2>/dev/null & s=$!; until nc -z 127.0.0.1 23231; do sleep 0.1; done
printf 'dn: dc=x\nobjectClass: dcObject\nobjectClass: organization\no: X\ndc: x\n' | ldapadd -x -H ldap://127.0.0.1:23231 -D cn=a,dc=x -w secret; ldapsearch -x -H ldap://127.0.0.1:23231 -b dc=x -LLL; kill $s; wait $s; echo $?
mkdir w; echo file >w/f; printf '[w]\npath=%s/w\nuse chroot=no\n' "$PWD" >r.conf; rsync --daemon --no-detach --port=23205 --address=127.0.0.1 --config=r.conf & r=$!; until nc -z 127.0.0.1 23205; do sleep 0.1; done
rsync rsync://127.0.0.1:23205/; rsync -a rsync://127.0.0.1:23205/w/ out/; cat out/f; kill $r
