#!/bin/sh
# about: nginx under ab: 200 requests by 10 clients
# needs: nginx ab
# tier: slow
mkdir -p html logs; seq 1000 >html/page; printf 'daemon off; pid nginx.pid; error_log /dev/null; worker_processes 2; events {} http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5; server { listen 127.0.0.1:18080; root html; } }' >n.conf
[ "$(id -u)" = 0 ] && sed -i '1s/^/user root; /' n.conf; nginx -p "$PWD" -c n.conf & sleep 1; for i in 1 2 3 4 5 6 7 8 9; do curl -s http://127.0.0.1:18080/page | md5sum | grep -v d41d8 && break; sleep 1; done; ab -q -n 200 -c 10 http://127.0.0.1:18080/page 2>&1 | grep -e 'Complete requests' -e 'Failed requests' -e 'HTML transferred'; kill $!; wait; echo $?
